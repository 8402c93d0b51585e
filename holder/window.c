#include "window.h"

#include "limits.h"

static size_t clamped(uint64_t bytes)
{
    if (bytes < WINDOW_LEAST_BYTES)
        return WINDOW_LEAST_BYTES;
    return bytes < WINDOW_BYTES ? (size_t)bytes : WINDOW_BYTES;
}

void window_start(struct window *window)
{
    *window = (struct window){.bytes = WINDOW_LEAST_BYTES};
}

void window_jumped(struct window *window)
{
    window->measures = false;
}

static void begin(struct window *window, uint64_t acked, int64_t now_us)
{
    window->measures = true;
    window->from = acked;
    window->from_us = now_us;
}

void window_acked(struct window *window, uint64_t acked, bool was_full, int64_t now_us)
{
    int64_t took_us = now_us - window->from_us;
    if (!was_full) { /* it waits for the program: no reason to keep it short, nor to believe in that at once */
        window->bytes = clamped(2 * (uint64_t)window->bytes);
        window->measures = false;
    } else if (!window->measures) {
        begin(window, acked, now_us);
    } else if (took_us >= WINDOW_LOOK_US) {
        window->bytes = clamped((acked - window->from) * WINDOW_US / (uint64_t)took_us);
        begin(window, acked, now_us);
    }
}
