/* Which size the terminal had at which output offset. */
#ifndef HOLDER_SIZES_H
#define HOLDER_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "limits.h"

struct size {
    uint16_t cols, rows;
};

struct sizes {
    size_t count; /* >= 1 after sizes_start */
    struct {
        uint64_t offset;
        struct size size;
    } entries[SIZES_KEPT];
};

struct size size_clamped(uint16_t cols, uint16_t rows);

void sizes_start(struct sizes *sizes, struct size size);
/* From `offset` on (never before the last one) the terminal has this size. The oldest change goes when all places are taken. */
void sizes_change(struct sizes *sizes, uint64_t offset, struct size size);
/* What lies wholly before `tail` is forgotten; the size at `tail` stays known. */
void sizes_forget(struct sizes *sizes, uint64_t tail);
struct size sizes_at(const struct sizes *sizes, uint64_t offset);
uint16_t sizes_most_rows(const struct sizes *sizes);
/* The offset of the next change after `offset`, UINT64_MAX when there is none. */
uint64_t sizes_next(const struct sizes *sizes, uint64_t offset);

#endif
