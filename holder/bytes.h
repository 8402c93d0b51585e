/* Big-endian numbers in and out, and a buffer that grows. */
#ifndef HOLDER_BYTES_H
#define HOLDER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each writes at `at` and returns the place after it. The caller knows that there is room. */
uint8_t *put_u8(uint8_t *at, uint8_t value);
uint8_t *put_u16(uint8_t *at, uint16_t value);
uint8_t *put_u32(uint8_t *at, uint32_t value);
uint8_t *put_u64(uint8_t *at, uint64_t value);
uint8_t *put_bytes(uint8_t *at, const void *data, size_t size);

/* Reads never pass the end: `bad` is set instead, and zeros come back from then on. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
/* `size` bytes in place, or NULL (and bad). */
const uint8_t *read_bytes(struct reader *reader, size_t size);

/* Bytes wait between `start` and `start + size`; the owner bounds how many. */
struct bytes {
    uint8_t *data;
    size_t start, size, capacity;
};

bool bytes_add(struct bytes *bytes, const void *data, size_t size); /* false: no memory, nothing added */
bool bytes_text(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_drop(struct bytes *bytes, size_t size); /* from the front; the memory goes with the last byte */
void bytes_free(struct bytes *bytes);

#endif
