/* The kept output of a terminal with the sizes it was written for and the modes at both of its ends. */
#ifndef HOLDER_HISTORY_H
#define HOLDER_HISTORY_H

#include "lines.h"
#include "modes.h"
#include "ring.h"
#include "sizes.h"

struct history {
    struct ring ring;
    struct sizes sizes;
    struct lines lines;
    struct modes at_tail, at_head;
    struct queries queries; /* of the head */
};

void history_start(struct history *history, struct size size);
/* At most TURN_BYTES. What no longer fits is evicted up to a safe place and told to the tail's modes. */
void history_append(struct history *history, const uint8_t *data, size_t size);
/* From the head on the output is written for this size. */
void history_resize(struct history *history, struct size size);
struct size history_size(const struct history *history);
/* Where the output begins that makes the last `lines` lines, or a bit before; the tail where that is not certain. */
uint64_t history_start_of(const struct history *history, uint32_t lines);
/* The modes at `offset` (tail <= offset), moved on to a safe place near it: that place comes back. */
uint64_t history_state_near(const struct history *history, uint64_t offset, struct modes *modes);
void history_free(struct history *history);

#endif
