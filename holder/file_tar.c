/* Files and trees as a tar archive: POSIX.1-2001 (pax), read by every tar of today. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file_operations.h"
#include "file_talk.h"
#include "file_walk.h"

#define BLOCK 512
/* What the octal fields of a header hold: 11 digits, and 7. */
#define SIZE_IN_HEADER 077777777777u
#define ID_IN_HEADER 07777777u

static const char *base; /* the name of the start in its folder: all names in the archive begin with it */
static uint64_t skipped;

static void put_octal(char *field, size_t digits, uint64_t value)
{
    for (size_t i = digits; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
}

/* type as in POSIX: '0' a file, '2' a link, '5' a folder, 'x' records for the next header. */
static bool send_header(char type, const char *name, const char *target, const struct stat *found, uint64_t size)
{
    char block[BLOCK] = {0};
    unsigned sum = 0;
    memcpy(block, name, strnlen(name, 100));
    put_octal(block + 100, 7, found->st_mode & 07777);
    put_octal(block + 108, 7, found->st_uid <= ID_IN_HEADER ? found->st_uid : 0);
    put_octal(block + 116, 7, found->st_gid <= ID_IN_HEADER ? found->st_gid : 0);
    put_octal(block + 124, 11, size <= SIZE_IN_HEADER ? size : 0);
    put_octal(block + 136, 11, found->st_mtim.tv_sec > 0 ? (uint64_t)found->st_mtim.tv_sec : 0);
    block[156] = type;
    memcpy(block + 157, target, strnlen(target, 100));
    memcpy(block + 257, "ustar\00000", 8);
    memset(block + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)block[i];
    put_octal(block + 148, 6, sum);
    block[154] = 0;
    return talk_data(block, BLOCK);
}

static bool pad(uint64_t size)
{
    static const char zeros[BLOCK];
    size_t rest = size % BLOCK;
    return !rest || talk_data(zeros, BLOCK - rest);
}

/* "LENGTH KEY=VALUE\n", where the length counts itself. */
static void add_record(struct bytes *records, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + 3, length = rest + 1;
    while (length != rest + (size_t)snprintf(NULL, 0, "%zu", length))
        length = rest + (size_t)snprintf(NULL, 0, "%zu", length);
    bytes_text(records, "%zu %s=", length, key);
    bytes_add(records, value, strlen(value));
    bytes_add(records, "\n", 1);
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* What the header has no room for, or no way to say: long names, names that are no ASCII, large numbers. */
static bool send_records(const char *name, const char *target, const struct stat *found, uint64_t size)
{
    struct bytes records = {0};
    char number[24];
    bool binary = !is_plain(name) || !is_plain(target);
    if (binary)
        add_record(&records, "hdrcharset", "BINARY");
    if (binary || strlen(name) > 100)
        add_record(&records, "path", name);
    if (*target && (binary || strlen(target) > 100))
        add_record(&records, "linkpath", target);
    if (size > SIZE_IN_HEADER) {
        snprintf(number, sizeof number, "%" PRIu64, size);
        add_record(&records, "size", number);
    }
    if (found->st_uid > ID_IN_HEADER) {
        snprintf(number, sizeof number, "%u", found->st_uid);
        add_record(&records, "uid", number);
    }
    if (found->st_gid > ID_IN_HEADER) {
        snprintf(number, sizeof number, "%u", found->st_gid);
        add_record(&records, "gid", number);
    }
    bool good = !records.size || (send_header('x', "pax", "", found, records.size) &&
                                  talk_data(records.data + records.start, records.size) && pad(records.size));
    bytes_free(&records);
    return good;
}

static bool send_member(char type, const char *name, const char *target, const struct stat *found, uint64_t size)
{
    return send_records(name, target, found, size) && send_header(type, name, target, found, size);
}

/* As many bytes as were announced: a file that shrinks is filled with zeros, one that grows is cut. */
static bool send_content(int fd, uint64_t size)
{
    static uint8_t data[32 * 1024];
    for (uint64_t left = size; left;) {
        size_t most = left < sizeof data ? (size_t)left : sizeof data;
        ssize_t got = read(fd, data, most);
        if (got <= 0) {
            memset(data, 0, most);
            got = (ssize_t)most;
        }
        if (!talk_data(data, (size_t)got))
            return false;
        left -= (uint64_t)got;
    }
    return pad(size);
}

static bool send_file(const struct visited *at, const char *name)
{
    struct stat found;
    int fd = openat(at->folder, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) < 0 || !S_ISREG(found.st_mode)) {
        skipped++;
        if (fd >= 0)
            close(fd);
        return true;
    }
    uint64_t size = (uint64_t)found.st_size;
    bool good = send_member('0', name, "", &found, size) && send_content(fd, size);
    close(fd);
    return good;
}

static void name_member(char name[2 * FILE_PATH_BYTES], const struct visited *at, const char *end)
{
    snprintf(name, 2 * FILE_PATH_BYTES, "%s%s%s%s", base, *at->path ? "/" : "", at->path, end);
}

static enum visit add_folder(struct walk *walk, const struct visited *at)
{
    static char name[2 * FILE_PATH_BYTES];
    (void)walk;
    name_member(name, at, "/");
    return send_member('5', name, "", at->found, 0) ? VISIT_ON : VISIT_STOP;
}

static enum visit add_leaf(struct walk *walk, const struct visited *at)
{
    static char name[2 * FILE_PATH_BYTES], target[FILE_PATH_BYTES];
    (void)walk;
    name_member(name, at, "");
    if (S_ISREG(at->found->st_mode))
        return send_file(at, name) ? VISIT_ON : VISIT_STOP;
    ssize_t size = S_ISLNK(at->found->st_mode) ? readlinkat(at->folder, at->name, target, sizeof target - 1) : -1;
    if (size < 0) {
        skipped++;
        return VISIT_ON;
    }
    target[size] = 0;
    return send_member('2', name, target, at->found, 0) ? VISIT_ON : VISIT_STOP;
}

void file_tar(const struct file_request *request)
{
    static const char zeros[2 * BLOCK];
    struct walk walk = {.enter = add_folder, .leaf = add_leaf, .other_mounts = true};
    for (uint16_t i = 0; i < request->count; i++) {
        const char *name;
        int folder = open_parent(request->paths[i], &name);
        if (folder < 0) {
            talk_error(request->paths[i]);
            return;
        }
        base = name;
        bool good = walk_tree(&walk, folder, name);
        close(folder);
        if (!good)
            return;
    }
    if (talk_data(zeros, sizeof zeros))
        talk_done_u64(skipped);
}
