/*
 * What the shells of a read session may not do: reach through a unix socket into a session that writes.
 *
 * All sessions of a sandbox share one network, and with it the abstract sockets, and a socket file can be connected to
 * also where the files are mounted read-only. A server that listens there was made for its own user, and does
 * what it is told: tmux, an editor, an agent, a database.
 */
#ifndef HOLDER_CONFINE_H
#define HOLDER_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For this process and all that it starts, for good: no unix sockets but connected pairs, and no way into the
 * holder's own processes, which have them. False: errno.
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
