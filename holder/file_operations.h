/* The operations of files.c that have a file of their own. Each answers to its end. */
#ifndef HOLDER_FILE_OPERATIONS_H
#define HOLDER_FILE_OPERATIONS_H

#include "file_frames.h"

void file_write(const struct file_request *request);
void file_part(const struct file_request *request);
void file_copy(const struct file_request *request);
void file_move(const struct file_request *request);
void file_remove(const struct file_request *request);
void file_tar(const struct file_request *request);
void file_find(const struct file_request *request);
void file_search(const struct file_request *request);
void file_watch(const struct file_request *request);

/* Makes the folders above a path. False: told. */
bool make_parents(const char *path);
/* A new file beside `name`, for its next version, with its own name in `temporary`. -1: errno. */
int temporary_file(int folder, const char *name, char temporary[FILE_NAME_BYTES + 1]);
/* Puts what was written in its place. False: errno. */
bool put_in_place(int folder, const char *temporary, const char *name, bool replace);
/* Copies a regular file, its mode, owner and time. False: told. */
bool copy_file(int from, const char *name, int to, const char *new_name, bool replace, const char *shown);
/* Removes a tree, counting. False: told. */
bool remove_tree(int folder, const char *name, uint64_t *count);

#endif
