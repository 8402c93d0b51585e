/* The last output of a terminal, by absolute offset: bytes tail..head-1 are kept. */
#ifndef HOLDER_RING_H
#define HOLDER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
    uint8_t *data;
    size_t capacity; /* 0 or a power of two */
    uint64_t tail, head;
};

/* Grows for `size` more bytes where it may; returns how many old ones must go before they fit. */
size_t ring_make_room(struct ring *ring, size_t size);
/* Appends; the caller made the room. */
void ring_append(struct ring *ring, const uint8_t *data, size_t size);
/* The byte at `offset` (tail <= offset < head) and how many follow it in one piece. */
const uint8_t *ring_at(const struct ring *ring, uint64_t offset, size_t *size);
/* Moves the tail up to `offset` (<= head). */
void ring_forget(struct ring *ring, uint64_t offset);
/* Output that found no memory: both ends move past it. */
void ring_skip(struct ring *ring, size_t size);
void ring_free(struct ring *ring);

#endif
