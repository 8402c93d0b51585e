#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *put_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    return put_u8(put_u8(at, value >> 8), value & 0xff);
}

uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    return put_u16(put_u16(at, value >> 16), value & 0xffff);
}

uint8_t *put_u64(uint8_t *at, uint64_t value)
{
    return put_u32(put_u32(at, value >> 32), value & 0xffffffff);
}

uint8_t *put_bytes(uint8_t *at, const void *data, size_t size)
{
    if (size)
        memcpy(at, data, size);
    return at + size;
}

const uint8_t *read_bytes(struct reader *reader, size_t size)
{
    if (reader->bad || size > reader->left) {
        reader->bad = true;
        return NULL;
    }
    const uint8_t *here = reader->at;
    reader->at += size;
    reader->left -= size;
    return here;
}

static uint64_t read_number(struct reader *reader, size_t size)
{
    const uint8_t *here = read_bytes(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; here && i < size; i++)
        value = value << 8 | here[i];
    return value;
}

uint8_t read_u8(struct reader *reader)
{
    return (uint8_t)read_number(reader, 1);
}

uint16_t read_u16(struct reader *reader)
{
    return (uint16_t)read_number(reader, 2);
}

uint32_t read_u32(struct reader *reader)
{
    return (uint32_t)read_number(reader, 4);
}

uint64_t read_u64(struct reader *reader)
{
    return read_number(reader, 8);
}

static bool bytes_reserve(struct bytes *bytes, size_t size)
{
    if (bytes->start + bytes->size + size <= bytes->capacity)
        return true;
    if (bytes->start) {
        memmove(bytes->data, bytes->data + bytes->start, bytes->size);
        bytes->start = 0;
    }
    if (bytes->size + size <= bytes->capacity)
        return true;
    /* Exactly what is needed for the first piece, half as much again for those that follow. */
    size_t capacity = bytes->size + size + bytes->size / 2;
    uint8_t *data = realloc(bytes->data, capacity);
    if (!data)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

bool bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (!size)
        return true;
    if (!bytes_reserve(bytes, size))
        return false;
    memcpy(bytes->data + bytes->start + bytes->size, data, size);
    bytes->size += size;
    return true;
}

bool bytes_text(struct bytes *bytes, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof text)
        return false;
    return bytes_add(bytes, text, (size_t)size);
}

void bytes_drop(struct bytes *bytes, size_t size)
{
    bytes->start += size;
    bytes->size -= size;
    if (!bytes->size)
        bytes_free(bytes);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}
