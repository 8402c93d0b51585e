/* One connection of a line that follows a command: frames in, frames out, over one socket. */
#ifndef HOLDER_FOLLOWER_H
#define HOLDER_FOLLOWER_H

#include "command.h"

struct follower {
    struct garbage garbage;
    struct follower *next, *next_awake;
    struct watch socket;
    struct timer deadline;
    struct command *command; /* NULL before START or ATTACH, and after the farewell */
    bool waits; /* with input that the command does not take now: nothing behind it is looked at */
    bool awake, dropped, closing, paces, is_quiet;
    bool welcome_due, created, exit_due, ack_due;
    struct bytes received, pending;
    uint64_t sent; /* absolute offset of the output */
};

/* Takes the socket, and what was read from it already. False: no room; it stays the caller's. */
bool follower_open(int fd, const void *data, size_t size);
/* Something may be sent, or more input taken: it is looked at when this turn's events are handled. */
void follower_wake(struct follower *follower);
/* Sends what is pending, then ends. */
void follower_close(struct follower *follower);
void followers_pump(void);

#endif
