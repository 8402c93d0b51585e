/*
 * What programs asked the terminal and no viewer has answered yet: device attributes, status, cursor position, modes,
 * colours. The holder knows no answers. It keeps the questions of programs that asked while nobody drove, or whose driver
 * went before its answer came, and the next driver is asked them again. A question is answered when its answer was typed.
 */
#ifndef HOLDER_QUERIES_H
#define HOLDER_QUERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

struct parser;

struct query {
    uint64_t end; /* offset behind its last byte */
    uint8_t answer; /* the final byte of its answer's CSI, or ']' for an OSC */
    bool asked;     /* the driver of now was asked it again */
    char text[QUERY_BYTES];
};

struct queries {
    uint64_t now; /* offset behind the sequence that is being read */
    size_t count;
    struct query kept[QUERIES_KEPT]; /* oldest first */
};

/* A complete sequence was read, which may be a question. */
void queries_csi(struct queries *queries, const struct parser *parser, uint8_t final);
void queries_osc(struct queries *queries, unsigned number, const char *text);
/* A shell waits for its next line: who asked before is gone, and an answer would be taken as typed. */
void queries_forget(struct queries *queries);
/* `data` was typed: answers in it settle the oldest questions of their kind. */
void queries_answered(struct queries *queries, const uint8_t *data, size_t size);
/* A viewer that answers has read everything between the two: what it has no answer for gets none. */
void queries_read(struct queries *queries, uint64_t from, uint64_t to);
/* Someone else answers from here on: nobody was asked again yet. */
void queries_pass(struct queries *queries);
/* The oldest that ends before or at `before` and was not asked again, counted as asked now; NULL when there is none. */
const char *queries_ask(struct queries *queries, uint64_t before);

#endif
