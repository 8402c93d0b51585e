/* Where the output begins that makes the last so many lines of a screen with scrollback, told without a screen. */
#ifndef HOLDER_LINES_H
#define HOLDER_LINES_H

#include "modes.h"

struct lines {
    int64_t made; /* lines below the one where the output began, at the least; a cursor that went up is counted off */
    uint64_t count; /* marks ever made, the last LINE_MARKS of them are kept */
    struct {
        uint64_t offset;
        int64_t made;
        bool saves; /* behind it, before the next one, the place of the cursor was saved or restored */
    } marks[LINE_MARKS];
};

/* What has to be known of the modes before output is fed to them. */
struct lines_before {
    uint32_t jumps, saves, unseen;
    bool counts;
};

struct lines_before lines_before(const struct modes *modes);
/* `data`, which begins at `offset`, led from `before` to `modes`. */
void lines_add(struct lines *lines, uint64_t offset, const uint8_t *data, size_t size, struct lines_before before,
               const struct modes *modes);
/* The last offset with `wanted` lines behind it; 0 where that is not certain. */
uint64_t lines_start(const struct lines *lines, int64_t wanted);

#endif
