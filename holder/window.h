/*
 * How much may be on the way to a viewer: as much as it reads in WINDOW_US, so that the answer to Ctrl-C comes soon behind a
 * flood, on a slow page too; never more than WINDOW_BYTES, never less than WINDOW_LEAST_BYTES, with which it begins: who has
 * not shown that it reads gets no more. Times are given, not asked for.
 */
#ifndef HOLDER_WINDOW_H
#define HOLDER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
    size_t bytes;
    uint64_t from; /* what was acknowledged when the measure under way began */
    int64_t from_us;
    bool measures;
};

void window_start(struct window *window);
/* Everything before `acked` is read now. `was_full`: the viewer, not the program, is what takes the time. */
void window_acked(struct window *window, uint64_t acked, bool was_full, int64_t now_us);
/* Offsets jump: what was measured so far says nothing. */
void window_jumped(struct window *window);

#endif
