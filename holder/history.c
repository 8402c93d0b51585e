#include "history.h"

#include "limits.h"

/* Once the ring is full, evict in steps, so that the search for a safe place is rare. */
#define EVICT_STEP_BYTES (16 * 1024)
/* A replay best starts at a line; without one this near, between two characters will do. */
#define LINE_SEARCH_BYTES 4096
/* Only an image inside one sequence is longer; then the preamble opens the sequence itself. */
#define REST_SEARCH_BYTES (64 * 1024)

void history_start(struct history *history, struct size size)
{
    sizes_start(&history->sizes, size);
    modes_start(&history->at_tail);
    modes_start(&history->at_head);
    history->at_head.queries = &history->queries;
    modes_resize(&history->at_tail, size);
    modes_resize(&history->at_head, size);
}

/* Tells `modes`, which stand at `from`, everything up to `to`, size changes included. */
static void feed(const struct history *history, struct modes *modes, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t size;
        const uint8_t *data = ring_at(&history->ring, from, &size);
        uint64_t change = sizes_next(&history->sizes, from), end = change < to ? change : to;
        size = end - from < size ? (size_t)(end - from) : size;
        modes_feed(modes, data, size);
        from += size;
        modes_resize(modes, sizes_at(&history->sizes, from));
    }
}

static bool after_line(const struct history *history, uint64_t offset)
{
    size_t size;
    return offset > history->ring.tail && *ring_at(&history->ring, offset - 1, &size) == '\n';
}

/* Moves `modes` on from `from` to where a replay may start: after a line, else at rest, else where the search ends. */
static uint64_t seek_rest(const struct history *history, struct modes *modes, uint64_t from)
{
    for (uint64_t at = from; at < history->ring.head; at++) {
        bool settle = at - from >= LINE_SEARCH_BYTES || after_line(history, at);
        if ((settle && modes_at_rest(modes)) || at - from >= REST_SEARCH_BYTES)
            return at;
        feed(history, modes, at, at + 1);
    }
    return history->ring.head;
}

static void evict(struct history *history, size_t needed)
{
    uint64_t tail = history->ring.tail, kept = history->ring.head - tail;
    uint64_t step = needed + EVICT_STEP_BYTES < kept ? needed + EVICT_STEP_BYTES : kept;
    feed(history, &history->at_tail, tail, tail + step);
    uint64_t rest = seek_rest(history, &history->at_tail, tail + step);
    ring_forget(&history->ring, rest);
    sizes_forget(&history->sizes, rest);
}

/* Tells the head's modes and the lines, in pieces small enough for the marks. */
static void read_on(struct history *history, const uint8_t *data, size_t size)
{
    for (size_t at = 0, piece; at < size; at += piece) {
        struct lines_before before = lines_before(&history->at_head);
        piece = size - at < LINE_MARK_BYTES ? size - at : LINE_MARK_BYTES;
        modes_feed(&history->at_head, data + at, piece);
        lines_add(&history->lines, history->ring.head + at, data + at, piece, before, &history->at_head);
    }
}

void history_append(struct history *history, const uint8_t *data, size_t size)
{
    size_t needed = ring_make_room(&history->ring, size);
    read_on(history, data, size);
    if (size > history->ring.capacity) { /* no memory for a ring at all: the output passes unseen */
        modes_feed(&history->at_tail, data, size);
        ring_skip(&history->ring, size);
        return;
    }
    if (needed)
        evict(history, needed);
    ring_append(&history->ring, data, size);
}

void history_resize(struct history *history, struct size size)
{
    sizes_change(&history->sizes, history->ring.head, size);
    modes_resize(&history->at_head, size);
    if (history->ring.tail == history->ring.head)
        modes_resize(&history->at_tail, size);
}

struct size history_size(const struct history *history)
{
    return sizes_at(&history->sizes, history->ring.head);
}

/*
 * One screen until the cursor is where it is in the whole output, one that backspaces over wrapped lines may go up by, one that
 * a larger screen may pull in.
 */
uint64_t history_start_of(const struct history *history, uint32_t lines)
{
    uint64_t start = lines_start(&history->lines, (int64_t)lines + 3 * sizes_most_rows(&history->sizes));
    return start > history->ring.tail ? start : history->ring.tail;
}

uint64_t history_state_near(const struct history *history, uint64_t offset, struct modes *modes)
{
    *modes = history->at_tail;
    if (offset <= history->ring.tail)
        return history->ring.tail;
    feed(history, modes, history->ring.tail, offset);
    return seek_rest(history, modes, offset);
}

void history_free(struct history *history)
{
    ring_free(&history->ring);
}
