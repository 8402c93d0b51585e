/* The ring against the plainest model: everything ever written. */
#include <string.h>

#include "limits.h"
#include "ring.h"
#include "sizes.h"
#include "unit.h"

#define WRITTEN (5 * OUTPUT_KEPT_BYTES)

static uint8_t everything[WRITTEN];

static void check_contents(const struct ring *ring)
{
    for (uint64_t offset = ring->tail; offset < ring->head;) {
        size_t size;
        const uint8_t *data = ring_at(ring, offset, &size);
        CHECK(size > 0 && size <= ring->head - offset);
        CHECK(memcmp(data, everything + offset, size) == 0);
        offset += size;
    }
}

static void a_small_ring_is_small(void)
{
    struct ring ring = {0};
    CHECK(ring_make_room(&ring, 100) == 0);
    ring_append(&ring, everything, 100);
    CHECK(ring.capacity == RING_FIRST_BYTES);
    check_contents(&ring);
    ring_free(&ring);
}

static void random_pieces_are_kept_and_evicted(void)
{
    struct ring ring = {0};
    while (ring.head + TURN_BYTES < WRITTEN) {
        size_t size = 1 + chance(chance(4) ? 300 : TURN_BYTES);
        size_t must_go = ring_make_room(&ring, size);
        CHECK(must_go <= ring.head - ring.tail);
        CHECK(must_go == 0 || ring.capacity == OUTPUT_KEPT_BYTES);
        ring_forget(&ring, ring.tail + must_go);
        ring_append(&ring, everything + ring.head, size);
        CHECK(ring.head - ring.tail <= OUTPUT_KEPT_BYTES);
        if (chance(50) == 0)
            check_contents(&ring);
    }
    check_contents(&ring);
    ring_free(&ring);
}

static void sizes_follow_the_offset(void)
{
    struct sizes sizes;
    sizes_start(&sizes, (struct size){80, 24});
    sizes_change(&sizes, 100, (struct size){90, 25});
    sizes_change(&sizes, 100, (struct size){91, 26}); /* at one offset the last one counts */
    sizes_change(&sizes, 200, (struct size){92, 27});
    CHECK(sizes_at(&sizes, 99).cols == 80 && sizes_at(&sizes, 100).cols == 91 && sizes_at(&sizes, 1000).cols == 92);
    CHECK(sizes_next(&sizes, 0) == 100 && sizes_next(&sizes, 100) == 200 && sizes_next(&sizes, 200) == UINT64_MAX);
    sizes_forget(&sizes, 150);
    CHECK(sizes_at(&sizes, 150).cols == 91 && sizes.count == 2);
}

static void too_many_sizes_forget_the_oldest(void)
{
    struct sizes sizes;
    sizes_start(&sizes, (struct size){80, 24});
    for (uint16_t i = 1; i <= 1000; i++)
        sizes_change(&sizes, i * 10u, (struct size){(uint16_t)(100 + i), 24});
    CHECK(sizes.count == SIZES_KEPT);
    CHECK(sizes_at(&sizes, 10000).cols == 1100 && sizes_at(&sizes, 9999).cols == 1099);
}

int main(void)
{
    for (size_t i = 0; i < sizeof everything; i++)
        everything[i] = (uint8_t)chance(256);
    a_small_ring_is_small();
    random_pieces_are_kept_and_evicted();
    sizes_follow_the_offset();
    too_many_sizes_forget_the_oldest();
    return 0;
}
