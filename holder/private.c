#include "private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "container.h"
#include "records.h"
#include "server.h"

/* ".put-" and 16 hexadecimal digits: nobody can have it open or planted before us. */
#define TEMPORARY_NAME_BYTES 24

/* ---- the list ---- */

/* A list that fills all the room and still goes on is too long. */
static enum records_state read_list(struct records *records, uint8_t *data, const char **why)
{
    enum records_state state = RECORDS_SHORT;
    size_t size = 0;
    while (state == RECORDS_SHORT) {
        *why = "the list is too long";
        if (size == PRIVATE_LIST_BYTES)
            return RECORDS_BAD;
        ssize_t got = read(0, data + size, PRIVATE_LIST_BYTES - size);
        if (got < 0 && errno == EINTR)
            continue;
        *why = got < 0 ? strerror(errno) : "the list stops before its end";
        if (got <= 0)
            return RECORDS_BAD;
        size += (size_t)got;
        state = records_parse(records, data, size, why);
    }
    return state;
}

/* ---- one file ---- */

/* The folder that the last name of `path` is in, and that name. -1: errno. */
static int open_parent(int folder, const char *path, bool make, const char **name)
{
    int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char part[PRIVATE_PATH_BYTES + 1];
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        int next = -1;
        if (!make || mkdirat(at, part, 0700) == 0 || errno == EEXIST)
            next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        close(at);
        errno = error;
        at = next;
    }
    *name = path;
    return at;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t wrote = write(fd, data, size);
        if (wrote < 0 && errno != EINTR)
            return false;
        data += wrote > 0 ? wrote : 0;
        size -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool name_temporary(char name[TEMPORARY_NAME_BYTES])
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return false;
    snprintf(name, TEMPORARY_NAME_BYTES, ".put-%016llx", (unsigned long long)number);
    return true;
}

static bool fill(int parent, const char *name, const struct record *record)
{
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, record->data, record->size);
    int error = errno;
    good &= close(fd) == 0;
    errno = error;
    return good;
}

/* Who reads meanwhile sees the old file or the new one, whole. A symlink in its place is replaced, not followed. */
static bool write_file(int parent, const char *name, const struct record *record)
{
    char temporary[TEMPORARY_NAME_BYTES];
    if (!name_temporary(temporary))
        return false;
    if (fill(parent, temporary, record) && renameat(parent, temporary, parent, name) == 0)
        return true;
    int error = errno;
    unlinkat(parent, temporary, 0);
    errno = error;
    return false;
}

static bool apply(int folder, const struct record *record)
{
    const char *name;
    bool writes = record->op == RECORD_WRITE;
    int parent = open_parent(folder, record->path, writes, &name);
    bool good = parent >= 0 && (writes ? write_file(parent, name, record) : unlinkat(parent, name, 0) == 0);
    good |= !writes && errno == ENOENT; /* what is to be gone is gone */
    int error = errno;
    if (parent >= 0)
        close(parent);
    errno = error;
    return good;
}

/* ---- all of it ---- */

/* The words go to a log and to a person: what controls a terminal is not for them. */
static int complain(const struct record *record)
{
    int error = errno;
    char path[PRIVATE_PATH_BYTES + 1];
    snprintf(path, sizeof path, "%s", record->path);
    for (char *at = path; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    fprintf(stderr, "holder: cannot %s %s: %s\n", record->op == RECORD_WRITE ? "write" : "remove", path, strerror(error));
    return STATUS_IO;
}

static int apply_all(int folder, const struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (!apply(folder, &records->list[i]))
            return complain(&records->list[i]);
    return STATUS_OK;
}

static int put(const char *folder, const struct records *records)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "holder: cannot open %s: %s\n", folder, strerror(errno));
        return STATUS_IO;
    }
    int status = apply_all(fd, records);
    close(fd);
    return status;
}

int private_put(const char *folder)
{
    static struct records records;
    static uint8_t data[PRIVATE_LIST_BYTES];
    const char *why;
    umask(077);
    if (!folder && !container_has_private_folder())
        return EXIT_REFUSED;
    if (read_list(&records, data, &why) != RECORDS_WHOLE) {
        fprintf(stderr, "holder: nothing was put: %s\n", why);
        return STATUS_USAGE;
    }
    return put(folder ? folder : PRIVATE_FOLDER, &records);
}
