/* Typed bytes on their way into the PTY: each client's frames exactly once and in order. */
#ifndef HOLDER_INPUT_H
#define HOLDER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

struct client {
    uint8_t id[CLIENT_ID_BYTES];
    uint32_t accepted, written; /* the last frame taken, the last one wholly in the PTY; 0 is none */
    uint64_t used;              /* 0: a free place */
    bool linked;                /* never forgotten while it is */
};

struct piece {
    struct client *client; /* NULL once that client is forgotten */
    uint32_t seq;
    size_t size, done;
    uint8_t *data;
};

struct input {
    struct client clients[CLIENTS_REMEMBERED];
    uint64_t clock;
    struct piece pieces[INPUT_PIECES];
    size_t first, count;
};

enum input_result {
    INPUT_TAKEN,
    INPUT_AGAIN, /* taken before: acknowledge what is written */
    INPUT_EARLY, /* one before it is missing: dropped, it comes again */
    INPUT_FULL,  /* more than the window allows */
};

/* The client's place, made when it is new; the one unused for longest makes room. */
struct client *input_client(struct input *input, const uint8_t id[CLIENT_ID_BYTES]);
enum input_result input_take(struct input *input, struct client *client, uint32_t seq, const uint8_t *data, size_t size);
/* Writes what the PTY takes now (at most TURN_BYTES). False: the PTY is broken and what waited is gone. */
bool input_write(struct input *input, int pty);
bool input_waits(const struct input *input);
void input_free(struct input *input);

#endif
