/* A program to run: what, where and in which environment; and how it starts. */
#ifndef HOLDER_PROGRAM_H
#define HOLDER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bytes.h"
#include "errors.h"

struct program {
    char *cwd;
    char **argv; /* without words: a login shell */
    char **env;  /* the whole environment */
};

/* u16 size and cwd, u16 count of words of argv, u16 count of env, each word u32 size and bytes. False: malformed, nothing to free. */
bool program_read(struct reader *reader, struct program *program);
void program_free(struct program *program);

/* Its descriptors 0, 1 and 2; with `is_terminal` the first becomes its controlling terminal. */
struct stdio {
    int fds[3];
    bool is_terminal;
};

/*
 * Starts it as the leader of a session of its own. Returns its pid; -1: it does not run, and why. When its file cannot be
 * executed, a child that has ended is yet to be reaped.
 */
pid_t program_start(const struct program *program, const struct stdio *stdio, struct refusal *why);

/* From now on every program reaches no unix socket, see confine_reader(). */
void programs_only_read(void);
bool programs_may_write(void);
/* Programs get the limit of open files that the holder itself was started with. */
void programs_keep_file_limit(void);

#endif
