/* Which stream of a command wrote which bytes of its output: stretches by offset, in one order for both. */
#ifndef HOLDER_STREAMS_H
#define HOLDER_STREAMS_H

#include <stddef.h>
#include <stdint.h>

struct stretch {
    uint64_t from;
    uint8_t stream;
};

struct streams {
    struct stretch *list; /* a ring of `capacity`, 0 or a power of two */
    size_t first, count, capacity;
};

/* What begins at `offset` is of this stream. Returns from where on it is still known whose the bytes are. */
uint64_t streams_begin(struct streams *streams, uint64_t offset, uint8_t stream);
/* The stream of the byte at `offset`, and where its stretch ends: UINT64_MAX for the last one. */
uint8_t streams_at(const struct streams *streams, uint64_t offset, uint64_t *end);
/* Nothing before `offset` is asked for any more. */
void streams_forget(struct streams *streams, uint64_t offset);
void streams_free(struct streams *streams);

#endif
