/*
 * A newline goes one line down, or makes one; what a page with scrollback keeps are the lines above the last one. So the
 * last n lines are not older than the output with n newlines in it, unless the cursor went up in between and wrote over
 * what was there: then that output counts for less, by the most that a cursor can go up. Where a newline does not do
 * what it does at a prompt (on the alternate screen, in a scroll region) it counts for nothing. What is said here is at
 * least so; a page that is shown more than it keeps only needs longer.
 */
#include "lines.h"

static bool counts(const struct modes *modes)
{
    return !modes->alternate && !modes->screens[0].region_bottom;
}

struct lines_before lines_before(const struct modes *modes)
{
    return (struct lines_before){modes->jumps, modes->unseen, counts(modes)};
}

static int64_t newlines(const uint8_t *data, size_t size)
{
    int64_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += data[i] == '\n';
    return count;
}

static void mark(struct lines *lines, uint64_t offset)
{
    if (lines->count && offset - lines->marks[(lines->count - 1) % LINE_MARKS].offset < LINE_MARK_BYTES)
        return;
    lines->marks[lines->count % LINE_MARKS].offset = offset;
    lines->marks[lines->count++ % LINE_MARKS].made = lines->made;
}

void lines_add(struct lines *lines, uint64_t offset, const uint8_t *data, size_t size, struct lines_before before,
               const struct modes *modes)
{
    mark(lines, offset);
    if (before.jumps != modes->jumps)
        lines->made -= modes->size.rows;
    else if (before.counts && counts(modes))
        lines->made += newlines(data, size) - (int64_t)(modes->unseen - before.unseen);
}

uint64_t lines_start(const struct lines *lines, uint32_t wanted, uint16_t rows)
{
    uint64_t kept = lines->count < LINE_MARKS ? lines->count : LINE_MARKS;
    for (uint64_t back = 1; back <= kept; back++) {
        size_t at = (lines->count - back) % LINE_MARKS;
        if (lines->made - lines->marks[at].made >= (int64_t)wanted + rows)
            return lines->marks[at].offset;
    }
    return 0;
}
