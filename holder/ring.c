#include "ring.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"

static void copy_in(struct ring *ring, uint64_t offset, const uint8_t *data, size_t size)
{
    size_t place = offset & (ring->capacity - 1);
    size_t first = ring->capacity - place < size ? ring->capacity - place : size;
    memcpy(ring->data + place, data, first);
    memcpy(ring->data, data + first, size - first);
}

static bool grow(struct ring *ring, size_t capacity)
{
    struct ring larger = {malloc(capacity), capacity, ring->tail, ring->head};
    if (!larger.data)
        return false;
    for (uint64_t offset = ring->tail; offset < ring->head;) {
        size_t size;
        const uint8_t *data = ring_at(ring, offset, &size);
        copy_in(&larger, offset, data, size);
        offset += size;
    }
    free(ring->data);
    *ring = larger;
    return true;
}

size_t ring_make_room(struct ring *ring, size_t size)
{
    size_t needed = (size_t)(ring->head - ring->tail) + size;
    size_t capacity = ring->capacity ? ring->capacity : RING_FIRST_BYTES;
    while (capacity < needed && capacity < OUTPUT_KEPT_BYTES)
        capacity *= 2;
    if (capacity > ring->capacity)
        grow(ring, capacity); /* without memory the ring stays as it is and forgets sooner */
    return needed > ring->capacity ? needed - ring->capacity : 0;
}

void ring_append(struct ring *ring, const uint8_t *data, size_t size)
{
    copy_in(ring, ring->head, data, size);
    ring->head += size;
}

const uint8_t *ring_at(const struct ring *ring, uint64_t offset, size_t *size)
{
    size_t place = offset & (ring->capacity - 1);
    size_t left = (size_t)(ring->head - offset);
    *size = ring->capacity - place < left ? ring->capacity - place : left;
    return ring->data + place;
}

void ring_forget(struct ring *ring, uint64_t offset)
{
    ring->tail = offset;
}

void ring_skip(struct ring *ring, size_t size)
{
    ring->head += size;
    ring->tail = ring->head;
}

void ring_free(struct ring *ring)
{
    free(ring->data);
    *ring = (struct ring){0};
}
