/* Starts a program on a new PTY. */
#ifndef HOLDER_SHELL_H
#define HOLDER_SHELL_H

#include <stdbool.h>
#include <sys/types.h>

#include "frames.h"
#include "sizes.h"

struct shell {
    pid_t pid;
    int pty;   /* the controlling end, nonblocking */
    int slave; /* kept open while the shell lives, so that the PTY never reports a hang-up before its end */
};

/*
 * Runs request->argv (a login shell when it has no words) in request->cwd with request->env as its whole environment.
 * false: nothing is left behind and `why` holds a sentence.
 */
bool shell_start(const struct link_request *request, struct size size, struct shell *shell, char *why, size_t why_size);
bool pty_resize(int pty, struct size size);
/* From now on every program reaches no unix socket, see confine_reader(). */
void shell_only_for_reading(void);
/* Children get the limit of open files that the holder itself was started with. */
void shell_raise_file_limit(void);

#endif
