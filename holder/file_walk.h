/* A folder and all beneath it. No link is followed, also none that takes a folder's place meanwhile. */
#ifndef HOLDER_FILE_WALK_H
#define HOLDER_FILE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "file_frames.h"

/* What a visitor is shown: the entry `name` of `folder`, and its path below the start ("" for the start itself). */
struct visited {
    int folder;
    const char *name, *path;
    const struct stat *found;
};

enum visit { VISIT_ON, VISIT_SKIP, VISIT_STOP };

struct walk {
    enum visit (*enter)(struct walk *walk, const struct visited *at); /* a folder, before what is in it; SKIP leaves that out */
    enum visit (*leaf)(struct walk *walk, const struct visited *at);  /* everything else */
    enum visit (*leave)(struct walk *walk, const struct visited *at); /* a folder, after what is in it; may be NULL */
    bool other_mounts; /* whether folders on other mounts are entered */
    char path[FILE_PATH_BYTES];
    size_t length;
    unsigned depth;
    dev_t device;
};

/* Walks what `name` in `folder` is. False: stopped by a visitor, by the other side, or by an error, which has been told. */
bool walk_tree(struct walk *walk, int folder, const char *name);
/* Opens the folder above a path, following links on the way, and names the last component ("." for "/"). -1: errno. */
int open_parent(const char *path, const char **name);

#endif
