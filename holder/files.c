#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"
#include "file_operations.h"
#include "file_talk.h"
#include "file_walk.h"

/* Answers with the entry itself, when it is there. */
static void tell_entry(const char *path)
{
    const char *name;
    int folder = open_parent(path, &name);
    if (folder < 0 || !talk_entry(folder, name, strcmp(name, ".") == 0 ? "/" : name))
        talk_error(path);
    else
        talk_done();
    if (folder >= 0)
        close(folder);
}

static void file_stat(const struct file_request *request)
{
    struct stat found;
    if (!(request->flags & FILE_FOLLOW)) {
        tell_entry(request->path);
    } else if (stat(request->path, &found) < 0) {
        talk_error(request->path);
    } else {
        talk_stat(&found, strrchr(request->path, '/') + 1, "", FILE_IS_NOTHING);
        talk_done();
    }
}

/* ---- list ---- */

struct names {
    char **list;
    size_t count, capacity;
};

static bool add_name(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? 2 * names->capacity : 256;
        char **list = realloc(names->list, capacity * sizeof *list);
        if (!list)
            return false;
        names->list = list;
        names->capacity = capacity;
    }
    return (names->list[names->count] = strdup(name)) && ++names->count;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names behind `after`; which of them come first is known only then. */
static bool read_names(DIR *folder, const char *after, struct names *names)
{
    errno = 0;
    for (struct dirent *entry = readdir(folder); entry && !talk_is_over(); entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (strcmp(entry->d_name, after) > 0 && !add_name(names, entry->d_name))
            return false;
        errno = 0;
    }
    return !errno;
}

static void file_list(const struct file_request *request)
{
    DIR *folder = opendir(request->path);
    struct names names = {0};
    if (!folder || !read_names(folder, request->text, &names)) {
        talk_error(request->path);
        return;
    }
    qsort(names.list, names.count, sizeof *names.list, by_bytes);
    size_t most = request->limit && request->limit < names.count ? request->limit : names.count;
    for (size_t i = 0; i < most && !talk_is_over(); i++)
        talk_entry(dirfd(folder), names.list[i], names.list[i]); /* one that has gone since is left out */
    talk_done_u8(most < names.count);
}

/* ---- read ---- */

/* Links are followed, but none of /proc that leads into another process. */
static int open_to_read(const char *path)
{
    const struct { uint64_t flags, mode, resolve; } how = {O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, 2 /* RESOLVE_NO_MAGICLINKS */};
    int fd = (int)syscall(437 /* openat2 */, AT_FDCWD, path, &how, sizeof how);
    return fd >= 0 || (errno != ENOSYS && errno != EPERM) ? fd : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void send_content(int fd, const struct file_request *request)
{
    static uint8_t data[LINE_DATA_BYTES - 64];
    uint64_t left = request->length ? request->length : UINT64_MAX;
    ssize_t got = 0;
    while (left && (got = read(fd, data, left < sizeof data ? (size_t)left : sizeof data)) > 0) {
        left -= (uint64_t)got;
        if (!talk_data(data, (size_t)got) || (talk_is_over()))
            return;
    }
    if (got < 0)
        talk_error(request->path);
    else
        talk_done();
}

static void file_read(const struct file_request *request)
{
    struct stat found;
    int fd = open_to_read(request->path);
    if (fd < 0 || fstat(fd, &found) < 0) {
        talk_error(request->path);
    } else if (!S_ISREG(found.st_mode)) {
        talk_failed(FILE_NOT_A_FILE, "%.200s: it is no file", request->path);
    } else if (request->offset && lseek(fd, (off_t)request->offset, SEEK_SET) < 0) {
        talk_error(request->path);
    } else {
        talk_stat(&found, strrchr(request->path, '/') + 1, "", FILE_IS_NOTHING);
        send_content(fd, request);
    }
}

/* ---- folders ---- */

static void file_folder(const struct file_request *request)
{
    struct stat found;
    if (request->flags & FILE_PARENTS && !make_parents(request->path))
        return;
    if (mkdir(request->path, request->mode ? request->mode : 0755) == 0 ||
        (errno == EEXIST && request->flags & FILE_REPLACE && stat(request->path, &found) == 0 && S_ISDIR(found.st_mode)))
        tell_entry(request->path);
    else
        talk_error(request->path);
}

/* ---- one operation ---- */

static bool is_beneath(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]);
}

/* Where a session that may only read can write, the kernel decides; everywhere else it is refused before. */
static bool is_own_place(const char *path)
{
    return is_beneath(path, PRIVATE_FOLDER) || is_beneath(path, "/tmp") || is_beneath(path, "/run");
}

static bool changes_something(enum file_frame type)
{
    return (type >= FILE_WRITE && type <= FILE_REMOVE);
}

static bool may_be_done(const struct file_request *request, bool only_reads)
{
    bool own = is_own_place(request->path) && (!*request->other || is_own_place(request->other));
    if (!only_reads || !changes_something(request->type) || own)
        return true;
    if (request->type == FILE_COPY && is_own_place(request->other))
        return true; /* what is copied is only read */
    talk_failed(FILE_NOT_ALLOWED, "%.200s: this session may only read", *request->other ? request->other : request->path);
    return false;
}

static void carry_out(const struct file_request *request)
{
    switch (request->type) {
    case FILE_LIST: file_list(request); break;
    case FILE_STAT: file_stat(request); break;
    case FILE_READ: file_read(request); break;
    case FILE_WRITE: file_write(request); break;
    case FILE_PART: file_part(request); break;
    case FILE_FOLDER: file_folder(request); break;
    case FILE_MOVE: file_move(request); break;
    case FILE_COPY: file_copy(request); break;
    case FILE_REMOVE: file_remove(request); break;
    case FILE_TAR: file_tar(request); break;
    case FILE_FIND: file_find(request); break;
    case FILE_SEARCH: file_search(request); break;
    default: file_watch(request);
    }
}

void files_serve(int in, int out, bool only_reads)
{
    static struct file_request request;
    struct frame frame;
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    talk_over(in, out);
    if (!talk_next(&frame))
        return;
    const char *wrong = file_request_parse(&frame, &request);
    if (wrong)
        talk_failed(FILE_MALFORMED, "%s", wrong);
    else if (may_be_done(&request, only_reads))
        carry_out(&request);
    file_request_free(&request);
}
