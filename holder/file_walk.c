#include "file_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file_talk.h"

int open_parent(const char *path, const char **name)
{
    char parent[FILE_PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t size = (size_t)(slash - path);
    *name = slash[1] ? slash + 1 : ".";
    snprintf(parent, sizeof parent, "%.*s", size ? (int)size : 1, path);
    return open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool visit(struct walk *walk, int folder, const char *name);

static bool visit_all_in(struct walk *walk, DIR *folder)
{
    errno = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t before = walk->length, size = strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (before + size + 2 > sizeof walk->path) {
            talk_failed(FILE_OTHER, "%.200s: its path is too long", walk->path);
            return false;
        }
        snprintf(walk->path + before, sizeof walk->path - before, "%s%s", before ? "/" : "", entry->d_name);
        walk->length = strlen(walk->path);
        bool good = !talk_is_over() && visit(walk, dirfd(folder), entry->d_name);
        walk->length = before;
        walk->path[before] = 0;
        if (!good)
            return false;
        errno = 0;
    }
    if (errno)
        talk_error(walk->path);
    return !errno;
}

/* What was a folder a moment ago may be a link now: it is opened as a folder, and not followed. */
static bool visit_inside(struct walk *walk, int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder || walk->depth >= FILE_DEPTH_MAX) {
        if (walk->depth >= FILE_DEPTH_MAX)
            talk_failed(FILE_OTHER, "%.200s: folders are nested deeper than %d", walk->path, FILE_DEPTH_MAX);
        else
            talk_error(walk->path);
        if (folder)
            closedir(folder);
        else if (fd >= 0)
            close(fd);
        return false;
    }
    walk->depth++;
    bool good = visit_all_in(walk, folder);
    walk->depth--;
    closedir(folder);
    return good;
}

static bool visit(struct walk *walk, int folder, const char *name)
{
    struct stat found;
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT && walk->depth)
            return true; /* someone else was faster */
        talk_error(walk->depth ? walk->path : name);
        return false;
    }
    const struct visited at = {folder, name, walk->path, &found};
    if (!walk->depth)
        walk->device = found.st_dev;
    if (!S_ISDIR(found.st_mode))
        return walk->leaf(walk, &at) != VISIT_STOP;
    if (found.st_dev != walk->device && !walk->other_mounts) {
        talk_failed(FILE_BUSY, "%.200s: something else is mounted there", walk->path);
        return false;
    }
    enum visit wanted = walk->enter(walk, &at);
    if (wanted != VISIT_ON)
        return wanted == VISIT_SKIP;
    if (!visit_inside(walk, folder, name))
        return false;
    return !walk->leave || walk->leave(walk, &at) != VISIT_STOP;
}

bool walk_tree(struct walk *walk, int folder, const char *name)
{
    walk->path[0] = 0;
    walk->length = walk->depth = 0;
    return visit(walk, folder, name);
}
