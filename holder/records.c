#include "records.h"

#include <string.h>

#include "bytes.h"

static bool is_plain_name(const char *name, size_t size)
{
    bool dots = (size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.');
    return size > 0 && !dots;
}

/* A leading, trailing or doubled slash shows as an empty name. */
static bool is_path(const char *path, size_t size)
{
    if (memchr(path, 0, size))
        return false;
    const char *end = path + size, *slash;
    for (; (slash = memchr(path, '/', (size_t)(end - path))); path = slash + 1)
        if (!is_plain_name(path, (size_t)(slash - path)))
            return false;
    return is_plain_name(path, (size_t)(end - path));
}

static enum records_state read_path(struct reader *reader, struct record *record, const char **why)
{
    size_t size = read_u16(reader);
    if (reader->bad)
        return RECORDS_SHORT;
    *why = "a path is empty or too long";
    if (!size || size > PRIVATE_PATH_BYTES)
        return RECORDS_BAD;
    const uint8_t *path = read_bytes(reader, size);
    if (!path)
        return RECORDS_SHORT;
    memcpy(record->path, path, size);
    record->path[size] = 0;
    *why = "a path leaves the folder or has an empty part";
    return is_path((const char *)path, size) ? RECORDS_WHOLE : RECORDS_BAD;
}

static enum records_state read_content(struct reader *reader, struct record *record, const char **why)
{
    record->size = read_u32(reader);
    if (reader->bad)
        return RECORDS_SHORT;
    *why = "a file is too large";
    if (record->size > PRIVATE_FILE_BYTES)
        return RECORDS_BAD;
    record->data = read_bytes(reader, record->size);
    return reader->bad ? RECORDS_SHORT : RECORDS_WHOLE;
}

static enum records_state read_record(struct reader *reader, struct record *record, const char **why)
{
    enum records_state state = read_path(reader, record, why);
    return state == RECORDS_WHOLE && record->op == RECORD_WRITE ? read_content(reader, record, why) : state;
}

enum records_state records_parse(struct records *records, const uint8_t *data, size_t size, const char **why)
{
    struct reader reader = {data, size, false};
    enum records_state state = RECORDS_WHOLE;
    for (records->count = 0; state == RECORDS_WHOLE; records->count++) {
        uint8_t op = read_u8(&reader);
        if (reader.bad)
            return RECORDS_SHORT;
        if (op == RECORD_END)
            return RECORDS_WHOLE;
        *why = op > RECORD_REMOVE ? "a record neither writes nor removes" : "too many records";
        if (op > RECORD_REMOVE || records->count == PRIVATE_RECORDS_MAX)
            return RECORDS_BAD;
        records->list[records->count] = (struct record){.op = op};
        state = read_record(&reader, &records->list[records->count], why);
    }
    return state;
}
