/*
 * What a read session may not do: reach through a file into a session that writes.
 *
 * Its files are mounted read-only, yet a socket file there can be connected to, and a named pipe written into. Who
 * listens there was made for its own user, and does what it is told: tmux, an editor, an agent, a shell script.
 */
#ifndef HOLDER_CONFINE_H
#define HOLDER_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For this process and all that it starts, for good: nothing is opened for writing but what is the session's own. One
 * domain for all its shells, so that they can look at each other's processes as ever. False: errno.
 *
 * `version` is what landlock_version() answered; with 0, a kernel that cannot, nothing happens.
 */
bool confine_files(int version);

/* Which version of Landlock the kernel has; 0: none, or the engine's profile refuses to ask. */
int landlock_version(void);

/* What of Landlock's access rights (files) is taken away in that version: all that change something. */
uint64_t landlock_rights(int version);

/*
 * For this process and all that it starts, for good: no unix sockets but connected pairs, no leases, and no way into
 * the holder's own processes, which have such sockets. False: errno.
 */
bool confine_reader(void);

/* A classic BPF program of the kernel, see seccomp(2). */
struct instruction {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
};

/* The filter; its length in instructions in `count`. */
const struct instruction *confine_filter(size_t *count);

#endif
