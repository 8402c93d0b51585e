/* One channel of a line: a socket to whoever does the work, spliced with the line, each direction with a credit of its own. */
#ifndef HOLDER_CHANNEL_H
#define HOLDER_CHANNEL_H

#include "bytes.h"
#include "line_frames.h"
#include "loop.h"

struct channel {
    struct garbage garbage;
    struct channel *next;
    uint32_t number;
    enum line_kind kind;
    struct watch socket;
    int parked;           /* the socket while nothing is waited for on it; else -1 */
    struct bytes waiting; /* for the socket; no more than the credit that was given */
    uint32_t port;        /* of a DIAL, until it is connected */
    bool connecting, second_address;
    bool ended, said_end; /* the server, this side */
    bool broken;          /* the socket takes no more: what comes is thrown away */
    size_t may_send, may_come, taken; /* credit of both directions; taken: handed on, and not yet given back as credit */
    bool dropped;
};

struct channel *channel_find(uint32_t number);
unsigned channels_of(enum line_kind kind);
unsigned channels_open(void);
/* Takes the socket. NULL: no memory, and the socket is closed. */
struct channel *channel_start(uint32_t number, enum line_kind kind, int fd);
/* A DIAL: connects to the port of 127.0.0.1, else of ::1. */
void channel_dial(uint32_t number, uint16_t port);
/* DATA from the server. False: more than its credit allows. */
bool channel_take(struct channel *channel, const uint8_t *data, size_t size);
void channel_credit(struct channel *channel, uint32_t more);
/* The server sends no more. */
void channel_end(struct channel *channel);
void channel_drop(struct channel *channel);
/* The line takes more again. */
void channels_resume(void);

#endif
