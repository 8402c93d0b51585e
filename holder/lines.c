/*
 * A newline goes one line down, or makes one; what a page with scrollback keeps are the lines above the last one. So the
 * last n lines are not older than the output with n newlines in it, unless the cursor went up in between, or lines were
 * pulled down: then that output counts for less, by the most that either can be. Where a newline does not do what it does
 * at a prompt (on the alternate screen, in a scroll region) it counts for nothing. What is said here is at least so; a page
 * that is shown more than it keeps only needs longer.
 */
#include "lines.h"

struct lines_before lines_before(const struct modes *modes)
{
    return (struct lines_before){modes->jumps, modes->saves, modes->unseen, modes_scroll(modes)};
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
    size_t at = lines->count++ % LINE_MARKS;
    lines->marks[at].offset = offset;
    lines->marks[at].made = lines->made;
    lines->marks[at].saves = false;
}

void lines_add(struct lines *lines, uint64_t offset, const uint8_t *data, size_t size, struct lines_before before,
               const struct modes *modes)
{
    mark(lines, offset);
    lines->marks[(lines->count - 1) % LINE_MARKS].saves |= before.saves != modes->saves;
    if (before.jumps != modes->jumps)
        lines->made -= 2 * modes->size.rows;
    else if (before.counts && modes_scroll(modes))
        lines->made += newlines(data, size) - (int64_t)(modes->unseen - before.unseen);
}

/* A saved place keeps its row while xterm.js throws lines away, and moves up with its line before: so they have to come first. */
uint64_t lines_start(const struct lines *lines, int64_t wanted)
{
    uint64_t kept = lines->count < LINE_MARKS ? lines->count : LINE_MARKS;
    int64_t until = lines->made;
    for (uint64_t back = 1; back <= kept; back++) {
        size_t at = (lines->count - back) % LINE_MARKS;
        if (lines->marks[at].saves && lines->marks[at].made < until)
            until = lines->marks[at].made;
        if (until - lines->marks[at].made >= wanted)
            return lines->marks[at].offset;
    }
    return 0;
}
