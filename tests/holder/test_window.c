/* The window of a link: large for who reads quickly, short for a slow page, and never for a program that is slow itself. */
#include "limits.h"
#include "unit.h"
#include "window.h"

#define STEP_BYTES (32 * 1024)

static struct window window;
static uint64_t acked;
static int64_t now_us;

static void fresh(void)
{
    window_start(&window);
    acked = 0;
    now_us = 1000;
}

/* A page that reads without pause: one acknowledgement of 32 KiB after another. */
static void reads(uint64_t bytes_per_s, int64_t for_us, bool was_full)
{
    for (int64_t until_us = now_us + for_us; now_us < until_us;) {
        now_us += (int64_t)(STEP_BYTES * 1000000ull / bytes_per_s);
        acked += STEP_BYTES;
        window_acked(&window, acked, was_full, now_us);
        CHECK(window.bytes >= WINDOW_LEAST_BYTES && window.bytes <= WINDOW_BYTES);
    }
}

static void it_begins_short(void)
{
    fresh();
    CHECK(window.bytes == WINDOW_LEAST_BYTES);
}

static void who_reads_quickly_soon_has_all_of_it(void)
{
    fresh();
    reads(40 * 1000 * 1000, 2 * WINDOW_LOOK_US, true);
    CHECK(window.bytes == WINDOW_BYTES);
}

static void a_slow_page_has_on_the_way_what_it_reads_in_window_us(void)
{
    fresh();
    reads(3 * 1000 * 1000, 300000, true);
    CHECK(window.bytes > 110 * 1000 && window.bytes < 130 * 1000); /* 3 MB/s for 40 ms */
}

static void it_is_never_so_short_that_acknowledgements_stop(void)
{
    fresh();
    reads(100 * 1000, 2000000, true);
    CHECK(window.bytes == WINDOW_LEAST_BYTES);
}

static void a_page_that_gets_quicker_gets_it_back(void)
{
    fresh();
    reads(1000 * 1000, 500000, true);
    CHECK(window.bytes == WINDOW_LEAST_BYTES);
    reads(40 * 1000 * 1000, 200000, true);
    CHECK(window.bytes == WINDOW_BYTES);
}

static void a_program_that_writes_little_shortens_nothing(void)
{
    fresh();
    reads(1000 * 1000, 500000, true);
    reads(10 * 1000, 10000000, false);
    CHECK(window.bytes == WINDOW_BYTES);
    reads(10 * 1000, 10000000, false);
    CHECK(window.bytes == WINDOW_BYTES);
}

static void a_jump_of_the_offset_is_no_reading(void)
{
    fresh();
    reads(1000 * 1000, 500000, true);
    acked += 500 * 1000 * 1000;
    window_jumped(&window);
    reads(1000 * 1000, 60000, true);
    CHECK(window.bytes == WINDOW_LEAST_BYTES);
}

int main(void)
{
    it_begins_short();
    who_reads_quickly_soon_has_all_of_it();
    a_slow_page_has_on_the_way_what_it_reads_in_window_us();
    it_is_never_so_short_that_acknowledgements_stop();
    a_page_that_gets_quicker_gets_it_back();
    a_program_that_writes_little_shortens_nothing();
    a_jump_of_the_offset_is_no_reading();
    return 0;
}
