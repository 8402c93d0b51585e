/* Trees and files that are copied, moved and removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_operations.h"
#include "file_talk.h"
#include "file_walk.h"

#define NO_REPLACE 1 /* RENAME_NOREPLACE */

/* ---- one file ---- */

static bool copy_content(int from, int to)
{
    static uint8_t data[64 * 1024];
    ssize_t got;
    while ((got = read(from, data, sizeof data)) > 0) {
        for (ssize_t done = 0, wrote; done < got; done += wrote)
            if ((wrote = write(to, data + done, (size_t)(got - done))) < 0)
                return false;
        if (talk_is_over()) {
            errno = ECANCELED;
            return false;
        }
    }
    return got == 0;
}

static bool dress_as(int fd, const struct stat *found)
{
    const struct timespec times[] = {found->st_atim, found->st_mtim};
    return fchown(fd, found->st_uid, found->st_gid) == 0 && fchmod(fd, found->st_mode & 07777) == 0 && futimens(fd, times) == 0;
}

static bool fill(int source, int folder, const char *name, bool replace)
{
    char temporary[FILE_NAME_BYTES + 1];
    struct stat found;
    int copy = temporary_file(folder, name, temporary);
    if (copy < 0)
        return false;
    bool good = fstat(source, &found) == 0 && copy_content(source, copy) && dress_as(copy, &found) &&
                put_in_place(folder, temporary, name, replace);
    int error = errno;
    close(copy);
    if (!good)
        unlinkat(folder, temporary, 0);
    errno = error;
    return good;
}

bool copy_file(int from, const char *name, int to, const char *new_name, bool replace, const char *shown)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool good = source >= 0 && fill(source, to, new_name, replace);
    if (!good)
        talk_error(shown);
    if (source >= 0)
        close(source);
    return good;
}

/* ---- a tree ---- */

/* Where each folder that the walk is in is copied to. */
static struct {
    int folders[FILE_DEPTH_MAX + 2];
    unsigned depth;
    const char *name; /* of the copy of the start */
    bool replace;
    struct stat start;
} copies;

static const char *name_of_copy(const struct walk *walk, const struct visited *at)
{
    return walk->depth ? at->name : copies.name;
}

static enum visit copy_folder(struct walk *walk, const struct visited *at)
{
    int parent = copies.folders[copies.depth];
    const char *name = name_of_copy(walk, at);
    struct stat made;
    if (mkdirat(parent, name, 0700) < 0 || fstatat(parent, name, &made, AT_SYMLINK_NOFOLLOW) < 0) {
        talk_error(walk->depth ? at->path : name);
        return VISIT_STOP;
    }
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        talk_error(name);
        return VISIT_STOP;
    }
    copies.folders[++copies.depth] = folder;
    return VISIT_ON;
}

static enum visit leave_copied_folder(struct walk *walk, const struct visited *at)
{
    int folder = copies.folders[copies.depth--];
    bool good = dress_as(folder, at->found);
    (void)walk;
    if (!good)
        talk_error(at->path);
    close(folder);
    return good ? VISIT_ON : VISIT_STOP;
}

static bool copy_link(const struct visited *at, int folder, const char *name)
{
    char target[FILE_PATH_BYTES];
    const struct timespec times[] = {at->found->st_atim, at->found->st_mtim};
    ssize_t size = readlinkat(at->folder, at->name, target, sizeof target - 1);
    if (size < 0)
        return false;
    target[size] = 0;
    if (symlinkat(target, folder, name) < 0)
        return false;
    return fchownat(folder, name, at->found->st_uid, at->found->st_gid, AT_SYMLINK_NOFOLLOW) == 0 &&
           utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum visit copy_leaf(struct walk *walk, const struct visited *at)
{
    int folder = copies.folders[copies.depth];
    const char *name = name_of_copy(walk, at), *shown = walk->depth ? at->path : at->name;
    if (S_ISREG(at->found->st_mode))
        return copy_file(at->folder, at->name, folder, name, copies.replace && !walk->depth, shown) ? VISIT_ON : VISIT_STOP;
    if (!S_ISLNK(at->found->st_mode)) {
        talk_failed(FILE_NOT_A_FILE, "%.200s: a device, named pipe or socket cannot be copied", shown);
        return VISIT_STOP;
    }
    if (copy_link(at, folder, name))
        return VISIT_ON;
    talk_error(shown);
    return VISIT_STOP;
}

static bool is_into_itself(const char *path, const char *other)
{
    size_t size = strlen(path);
    return strncmp(path, other, size) == 0 && (other[size] == '/' || !other[size]);
}

static bool copy_tree(int from, const char *name, int to, const char *new_name, bool replace)
{
    struct walk walk = {.enter = copy_folder, .leaf = copy_leaf, .leave = leave_copied_folder, .other_mounts = true};
    copies.folders[copies.depth = 0] = to;
    copies.name = new_name;
    copies.replace = replace;
    return walk_tree(&walk, from, name);
}

/* Opens the folders above both, and looks whether this may be done at all. False: told. */
static bool open_both(const struct file_request *request, int *from, const char **name, int *to, const char **new_name,
                      struct stat *found)
{
    struct stat there;
    *from = open_parent(request->path, name);
    if (*from < 0 || fstatat(*from, *name, found, AT_SYMLINK_NOFOLLOW) < 0) {
        talk_error(request->path);
        return false;
    }
    *to = open_parent(request->other, new_name);
    if (*to < 0) {
        talk_error(request->other);
        return false;
    }
    if (S_ISDIR(found->st_mode) && is_into_itself(request->path, request->other)) {
        talk_failed(FILE_MALFORMED, "%.200s: a folder cannot be put into itself", request->other);
        return false;
    }
    bool taken = fstatat(*to, *new_name, &there, AT_SYMLINK_NOFOLLOW) == 0;
    if (!taken || (request->flags & FILE_REPLACE && !S_ISDIR(there.st_mode) && !S_ISDIR(found->st_mode)))
        return true;
    talk_failed(FILE_EXISTS, "%.200s: it is there already", request->other);
    return false;
}

static void tell_new(int folder, const char *name, const char *path)
{
    if (talk_entry(folder, name, name))
        talk_done();
    else
        talk_error(path);
}

void file_copy(const struct file_request *request)
{
    int from, to;
    const char *name, *new_name;
    struct stat found;
    if (!open_both(request, &from, &name, &to, &new_name, &found))
        return;
    if (S_ISDIR(found.st_mode) && !(request->flags & FILE_RECURSIVE)) {
        talk_failed(FILE_NOT_A_FILE, "%.200s: it is a folder", request->path);
        return;
    }
    if (copy_tree(from, name, to, new_name, request->flags & FILE_REPLACE))
        tell_new(to, new_name, request->other);
}

void file_move(const struct file_request *request)
{
    int from, to;
    const char *name, *new_name;
    struct stat found;
    uint64_t count = 0;
    if (!open_both(request, &from, &name, &to, &new_name, &found))
        return;
    unsigned flags = request->flags & FILE_REPLACE ? 0 : NO_REPLACE;
    bool moved = syscall(SYS_renameat2, from, name, to, new_name, flags) == 0;
    if (!moved && errno == EINVAL && flags)
        moved = renameat(from, name, to, new_name) == 0; /* a file system that does not know the flag; looked at above */
    if (!moved && errno != EXDEV)
        talk_error(request->path);
    else if (moved || (copy_tree(from, name, to, new_name, request->flags & FILE_REPLACE) && remove_tree(from, name, &count)))
        tell_new(to, new_name, request->other);
}

/* ---- remove ---- */

static uint64_t removed;

static enum visit go_in(struct walk *walk, const struct visited *at)
{
    (void)walk, (void)at;
    return VISIT_ON;
}

static enum visit unlink_it(const struct visited *at, int flags)
{
    if (unlinkat(at->folder, at->name, flags) < 0 && errno != ENOENT) {
        talk_error(*at->path ? at->path : at->name);
        return VISIT_STOP;
    }
    removed++;
    return VISIT_ON;
}

static enum visit remove_leaf(struct walk *walk, const struct visited *at)
{
    (void)walk;
    return unlink_it(at, 0);
}

static enum visit remove_folder(struct walk *walk, const struct visited *at)
{
    (void)walk;
    return unlink_it(at, AT_REMOVEDIR);
}

bool remove_tree(int folder, const char *name, uint64_t *count)
{
    struct walk walk = {.enter = go_in, .leaf = remove_leaf, .leave = remove_folder};
    removed = 0;
    bool good = walk_tree(&walk, folder, name);
    *count = removed;
    return good;
}

void file_remove(const struct file_request *request)
{
    const char *name;
    struct stat found;
    uint64_t count;
    int folder = open_parent(request->path, &name);
    if (folder < 0 || fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
        talk_error(request->path);
    } else if (strcmp(name, ".") == 0) {
        talk_failed(FILE_BUSY, "/: it cannot be removed");
    } else if (S_ISDIR(found.st_mode) && request->flags & FILE_RECURSIVE) {
        if (remove_tree(folder, name, &count))
            talk_done_u64(count);
    } else if (unlinkat(folder, name, S_ISDIR(found.st_mode) ? AT_REMOVEDIR : 0) < 0) {
        talk_error(request->path);
    } else {
        talk_done_u64(1);
    }
}
