/* One operation on files, in a process of its own. */
#ifndef HOLDER_FILES_H
#define HOLDER_FILES_H

#include <stdbool.h>

/* Reads its request from `in`, answers to `out`, which may be the same, and returns. `only_reads`: see the README. */
void files_serve(int in, int out, bool only_reads);

#endif
