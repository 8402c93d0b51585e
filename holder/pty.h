/* A pseudo-terminal: the end that we keep, and the one for the program. */
#ifndef HOLDER_PTY_H
#define HOLDER_PTY_H

#include <stdbool.h>

#include "sizes.h"

struct pty {
    int fd;    /* the controlling end, nonblocking */
    int slave; /* kept open while the program lives, so that the PTY never reports a hang-up before its end */
};

bool pty_open(struct pty *pty, struct size size); /* false: errno, nothing is left open */
bool pty_resize(int fd, struct size size);

#endif
