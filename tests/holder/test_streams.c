/* Whose each byte of a command's output is, while stretches come and go. */
#include "streams.h"

#include "limits.h"
#include "unit.h"

static void stretches_are_found_by_any_offset(void)
{
    struct streams streams = {0};
    uint64_t end;
    CHECK(streams_begin(&streams, 0, 1) == 0);
    CHECK(streams_begin(&streams, 10, 2) == 0);
    CHECK(streams_begin(&streams, 15, 1) == 0);
    CHECK(streams_at(&streams, 0, &end) == 1 && end == 10);
    CHECK(streams_at(&streams, 9, &end) == 1 && end == 10);
    CHECK(streams_at(&streams, 10, &end) == 2 && end == 15);
    CHECK(streams_at(&streams, 14, &end) == 2 && end == 15);
    CHECK(streams_at(&streams, 99, &end) == 1 && end == UINT64_MAX);
    streams_free(&streams);
}

static void what_is_forgotten_leaves_the_rest_as_it_was(void)
{
    struct streams streams = {0};
    uint64_t end;
    for (uint64_t i = 0; i < 100; i++)
        streams_begin(&streams, i * 10, (uint8_t)(1 + i % 2));
    streams_forget(&streams, 505);
    CHECK(streams.count == 50);
    for (uint64_t offset = 505; offset < 1000; offset++)
        CHECK(streams_at(&streams, offset, &end) == 1 + offset / 10 % 2);
    streams_free(&streams);
}

static void there_are_no_more_than_are_kept(void)
{
    struct streams streams = {0};
    uint64_t known = 0, end;
    for (uint64_t i = 0; i < 3 * STRETCHES_KEPT; i++)
        known = streams_begin(&streams, i, (uint8_t)(1 + i % 2));
    CHECK(streams.count == STRETCHES_KEPT && known == 2 * STRETCHES_KEPT);
    for (uint64_t offset = known; offset < 3 * STRETCHES_KEPT; offset++)
        CHECK(streams_at(&streams, offset, &end) == 1 + offset % 2);
    streams_free(&streams);
}

int main(void)
{
    stretches_are_found_by_any_offset();
    what_is_forgotten_leaves_the_rest_as_it_was();
    there_are_no_more_than_are_kept();
    return 0;
}
