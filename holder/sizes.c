#include "sizes.h"

#include <string.h>

static uint16_t clamped(uint16_t value, uint16_t least, uint16_t most)
{
    return value < least ? least : value > most ? most : value;
}

struct size size_clamped(uint16_t cols, uint16_t rows)
{
    return (struct size){clamped(cols, COLS_MIN, COLS_MAX), clamped(rows, ROWS_MIN, ROWS_MAX)};
}

void sizes_start(struct sizes *sizes, struct size size)
{
    sizes->count = 1;
    sizes->entries[0].offset = 0;
    sizes->entries[0].size = size;
}

static void drop_first(struct sizes *sizes, size_t count)
{
    sizes->count -= count;
    memmove(sizes->entries, sizes->entries + count, sizes->count * sizeof sizes->entries[0]);
}

void sizes_change(struct sizes *sizes, uint64_t offset, struct size size)
{
    if (sizes->entries[sizes->count - 1].offset == offset)
        sizes->count--;
    if (sizes->count == SIZES_KEPT)
        drop_first(sizes, 1);
    sizes->entries[sizes->count].offset = offset;
    sizes->entries[sizes->count++].size = size;
}

/* The entry that covers `offset`; the first one also stands for what came before it. */
static size_t covering(const struct sizes *sizes, uint64_t offset)
{
    size_t at = sizes->count - 1;
    while (at > 0 && sizes->entries[at].offset > offset)
        at--;
    return at;
}

void sizes_forget(struct sizes *sizes, uint64_t tail)
{
    drop_first(sizes, covering(sizes, tail));
}

struct size sizes_at(const struct sizes *sizes, uint64_t offset)
{
    return sizes->entries[covering(sizes, offset)].size;
}

uint16_t sizes_most_rows(const struct sizes *sizes)
{
    uint16_t most = 0;
    for (size_t i = 0; i < sizes->count; i++)
        most = sizes->entries[i].size.rows > most ? sizes->entries[i].size.rows : most;
    return most;
}

uint64_t sizes_next(const struct sizes *sizes, uint64_t offset)
{
    for (size_t i = 0; i < sizes->count; i++)
        if (sizes->entries[i].offset > offset)
            return sizes->entries[i].offset;
    return UINT64_MAX;
}
