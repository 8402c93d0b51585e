/* Ring and modes together: a replay from the tail, or from near the head, leads to the state of the whole output. */
#include "history.h"
#include "limits.h"
#include "sequences.h"
#include "unit.h"

#define WRITTEN (4 * OUTPUT_KEPT_BYTES)

static uint8_t everything[WRITTEN + 128];

static void fill_with(size_t (*piece)(uint8_t *))
{
    for (size_t size = 0; size < WRITTEN;)
        size += piece(everything + size);
}

static size_t plain_line(uint8_t *out)
{
    return (size_t)snprintf((char *)out, 128, "a line of %u words é\r\n", chance(1000));
}

static size_t no_line(uint8_t *out)
{
    memcpy(out, "中文", 6);
    return 6;
}

static size_t one_long_string(uint8_t *out)
{
    static bool opened;
    memcpy(out, opened ? "~~~~" : "\033Pq~", 4);
    opened = true;
    return 4;
}

static void write_all(struct history *history)
{
    history_start(history, (struct size){80, 24});
    for (size_t at = 0, size; at < WRITTEN; at += size) {
        size = 1 + chance(TURN_BYTES);
        size = size < WRITTEN - at ? size : WRITTEN - at;
        history_append(history, everything + at, size);
        if (chance(10) == 0)
            history_resize(history, (struct size){(uint16_t)(70 + chance(20)), (uint16_t)(20 + chance(20))});
    }
}

static void check_leads_to_head(const struct history *history, struct modes *modes, uint64_t from)
{
    static struct modes replayed;
    static uint8_t one[PREAMBLE_BYTES], two[PREAMBLE_BYTES];
    modes_start(&replayed);
    modes_resize(&replayed, sizes_at(&history->sizes, from));
    modes_feed(&replayed, one, modes_preamble(modes, one));
    replayed.column = modes->column; /* unknown stays unknown */
    while (from < history->ring.head) {
        uint64_t end = sizes_next(&history->sizes, from);
        end = end < history->ring.head ? end : history->ring.head;
        modes_feed(&replayed, everything + from, (size_t)(end - from));
        modes_resize(&replayed, sizes_at(&history->sizes, end));
        from = end;
    }
    size_t size = modes_preamble(&replayed, one);
    CHECK(size == modes_preamble(&history->at_head, two) && memcmp(one, two, size) == 0);
}

static void check_replays(const struct history *history)
{
    static struct modes modes;
    uint64_t tail = history_state_near(history, 0, &modes);
    CHECK(tail == history->ring.tail);
    check_leads_to_head(history, &modes, tail);
    uint64_t near = history->ring.head - CATCH_UP_BYTES, start = history_state_near(history, near, &modes);
    CHECK(start >= near && start <= near + 64 * 1024);
    check_leads_to_head(history, &modes, start);
    for (uint32_t lines = 1; lines < 100000; lines *= 3) {
        uint64_t from = history_start_of(history, lines);
        CHECK(from >= tail && from < history->ring.head);
        check_leads_to_head(history, &modes, history_state_near(history, from, &modes));
    }
}

static void run(size_t (*piece)(uint8_t *), size_t least_kept)
{
    static struct history history;
    fill_with(piece);
    write_all(&history);
    CHECK(history.ring.head - history.ring.tail >= least_kept);
    check_replays(&history);
    history_free(&history);
}

int main(void)
{
    static struct modes modes;
    run(plain_line, OUTPUT_KEPT_BYTES - 96 * 1024);
    run(random_sequence, OUTPUT_KEPT_BYTES - 96 * 1024);
    run(no_line, OUTPUT_KEPT_BYTES - 96 * 1024);
    run(one_long_string, OUTPUT_KEPT_BYTES - 224 * 1024);

    /* A replay starts after a line where there is one, between characters otherwise. */
    static struct history history;
    fill_with(plain_line);
    write_all(&history);
    CHECK(everything[history.ring.tail - 1] == '\n');
    history_free(&history);
    fill_with(no_line);
    write_all(&history);
    CHECK(history.ring.tail % 3 == 0);
    CHECK(history_state_near(&history, 0, &modes) % 3 == 0);
    history_free(&history);
    return 0;
}
