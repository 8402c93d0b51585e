/*
 * What `holder private` reads: a list of files that are to be in the private folder, or gone from it, big-endian.
 * u8 op (0 ends the list, 1 writes, 2 removes), u16 length and path, and for a write u32 size and the bytes.
 * Twin: sessions/brings/private.py.
 */
#ifndef HOLDER_RECORDS_H
#define HOLDER_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "limits.h"

enum record_op { RECORD_END = 0, RECORD_WRITE = 1, RECORD_REMOVE = 2 };

struct record {
    enum record_op op;
    char path[PRIVATE_PATH_BYTES + 1]; /* relative, every component a plain name */
    const uint8_t *data;               /* in place, in the list's bytes */
    size_t size;
};

struct records {
    struct record list[PRIVATE_RECORDS_MAX];
    size_t count;
};

enum records_state { RECORDS_WHOLE, RECORDS_SHORT, RECORDS_BAD };

/*
 * Reads a list up to its end; what follows the end is not looked at. SHORT: so far it is good, more must come.
 * BAD: `why` is a sentence without its full stop.
 */
enum records_state records_parse(struct records *records, const uint8_t *data, size_t size, const char **why);

#endif
