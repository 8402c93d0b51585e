/* Files that are written: whole, or part by part until they are whole. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_operations.h"
#include "file_talk.h"
#include "file_walk.h"

#define NO_REPLACE 1 /* RENAME_NOREPLACE */

bool make_parents(const char *path)
{
    char folder[FILE_PATH_BYTES];
    struct stat found;
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(folder, 0755) < 0 && !(errno == EEXIST && stat(folder, &found) == 0 && S_ISDIR(found.st_mode))) {
            if (errno == EEXIST)
                errno = ENOTDIR;
            talk_error(folder);
            return false;
        }
        *slash = '/';
    }
    return true;
}

static void name_beside(char temporary[FILE_NAME_BYTES + 1], const char *name, const char *mark)
{
    snprintf(temporary, FILE_NAME_BYTES + 1, ".%.200s.sandlot-%s", name, mark);
}

int temporary_file(int folder, const char *name, char temporary[FILE_NAME_BYTES + 1])
{
    uint64_t random;
    char mark[17];
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return -1;
    snprintf(mark, sizeof mark, "%016" PRIx64, random);
    name_beside(temporary, name, mark);
    return openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool put_in_place(int folder, const char *temporary, const char *name, bool replace)
{
    if (replace)
        return renameat(folder, temporary, folder, name) == 0;
    if (syscall(SYS_renameat2, folder, temporary, folder, name, NO_REPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* A file system that does not know it: a link takes no place that is taken. */
    return linkat(folder, temporary, folder, name, 0) == 0 && unlinkat(folder, temporary, 0) == 0;
}

/* What stands where the file will be, if anything does. False: told. */
static bool may_take_place(int folder, const char *name, const struct file_request *request, struct stat *there)
{
    const struct file_version *version = &request->version;
    memset(there, 0, sizeof *there);
    if (fstatat(folder, name, there, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT && request->flags & FILE_CREATE && !(request->flags & FILE_MATCHING))
            return true;
        talk_error(request->path);
        return false;
    }
    uint64_t mtime_ns = (uint64_t)there->st_mtim.tv_sec * 1000000000u + (uint64_t)there->st_mtim.tv_nsec;
    if (S_ISLNK(there->st_mode))
        talk_failed(FILE_LINK_REFUSED, "%.200s: it is a link; write to what it leads to", request->path);
    else if (!S_ISREG(there->st_mode))
        talk_failed(FILE_NOT_A_FILE, "%.200s: it is no file", request->path);
    else if (!(request->flags & FILE_REPLACE))
        talk_failed(FILE_EXISTS, "%.200s: it is there already", request->path);
    else if (request->flags & FILE_MATCHING &&
             (mtime_ns != version->mtime_ns || (uint64_t)there->st_size != version->size || there->st_ino != version->inode))
        talk_failed(FILE_HAS_CHANGED, "%.200s: someone has changed it meanwhile", request->path);
    else
        return true;
    return false;
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

enum taken { TAKEN_WHOLE, TAKEN_CUT, TAKEN_ERROR };

/* Writes the DATA that comes, up to its END. */
static enum taken take_content(int fd, const char *path)
{
    struct frame frame;
    while (talk_next(&frame)) {
        if ((int)frame.type == FILE_END)
            return TAKEN_WHOLE;
        if ((int)frame.type != FILE_DATA) {
            talk_failed(FILE_MALFORMED, "neither data nor its end");
            return TAKEN_ERROR;
        }
        if (!write_all(fd, frame.body, frame.size)) {
            talk_error(path);
            return TAKEN_ERROR;
        }
    }
    return TAKEN_CUT;
}

/* As the one that it replaces, or as it was asked for. */
static bool dress(int fd, const struct stat *there, uint16_t mode)
{
    bool replaces = there->st_nlink > 0;
    if (replaces && (there->st_uid != geteuid() || there->st_gid != getegid()) && fchown(fd, there->st_uid, there->st_gid) < 0)
        return false;
    return fchmod(fd, replaces ? there->st_mode & 07777 : mode ? mode & 07777 : 0644) == 0;
}

static void settle(int folder, int fd, const char *temporary, const char *name, const struct file_request *request,
                   const struct stat *there)
{
    bool good = dress(fd, there, request->mode) && fsync(fd) == 0 &&
                put_in_place(folder, temporary, name, request->flags & FILE_REPLACE && there->st_nlink > 0);
    if (good && talk_entry(folder, name, name)) {
        talk_done();
        return;
    }
    talk_error(request->path);
    unlinkat(folder, temporary, 0);
}

void file_write(const struct file_request *request)
{
    char temporary[FILE_NAME_BYTES + 1];
    const char *name;
    struct stat there;
    if (request->flags & FILE_PARENTS && !make_parents(request->path))
        return;
    int folder = open_parent(request->path, &name), fd;
    if (folder < 0) {
        talk_error(request->path);
        return;
    }
    if (!may_take_place(folder, name, request, &there))
        return;
    if ((fd = temporary_file(folder, name, temporary)) < 0) {
        talk_error(request->path);
        return;
    }
    if (take_content(fd, request->path) == TAKEN_WHOLE)
        settle(folder, fd, temporary, name, request, &there);
    else
        unlinkat(folder, temporary, 0);
}

/* What came before a cut stays in the upload's own file; the next part goes on where that ends. */
static void take_part(int folder, int fd, const char *temporary, const char *name, const struct file_request *request,
                      const struct stat *there)
{
    struct stat now;
    if (fstat(fd, &now) < 0 || !S_ISREG(now.st_mode)) {
        talk_error(request->path);
    } else if ((uint64_t)now.st_size != request->offset) {
        talk_failed(FILE_OFFSET, "%" PRIu64, (uint64_t)now.st_size);
    } else if (lseek(fd, 0, SEEK_END) < 0) {
        talk_error(request->path);
    } else if (take_content(fd, request->path) == TAKEN_WHOLE) {
        if (request->flags & FILE_LAST)
            settle(folder, fd, temporary, name, request, there);
        else if (fstat(fd, &now) == 0)
            talk_done_u64((uint64_t)now.st_size);
    }
}

void file_part(const struct file_request *request)
{
    char temporary[FILE_NAME_BYTES + 1], mark[17];
    const char *name;
    struct stat there;
    if (request->flags & FILE_PARENTS && !make_parents(request->path))
        return;
    int folder = open_parent(request->path, &name), fd;
    if (folder < 0) {
        talk_error(request->path);
        return;
    }
    if (!may_take_place(folder, name, request, &there))
        return;
    snprintf(mark, sizeof mark, "%016" PRIx64, request->upload);
    name_beside(temporary, name, mark);
    fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        talk_error(request->path);
    else
        take_part(folder, fd, temporary, name, request, &there);
}
