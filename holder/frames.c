#include "frames.h"

#include <string.h>

long frame_cut(const uint8_t *data, size_t size, size_t limit, struct frame *frame)
{
    struct reader reader = {data, size, false};
    uint32_t length = read_u32(&reader);
    if (reader.bad)
        return 0;
    if (length == 0 || length > limit)
        return -1;
    if (length > reader.left)
        return 0;
    frame->type = read_u8(&reader);
    frame->size = length - 1;
    frame->body = reader.at;
    return 4 + (long)length;
}

static bool read_link(struct reader *reader, struct link_request *request)
{
    if (read_u8(reader) != PROTOCOL_VERSION)
        return false;
    request->flags = read_u8(reader);
    request->epoch = read_u64(reader);
    request->offset = read_u64(reader);
    request->cols = read_u16(reader);
    request->rows = read_u16(reader);
    const uint8_t *client = read_bytes(reader, CLIENT_ID_BYTES);
    size_t size = read_u8(reader);
    const uint8_t *name = size <= NAME_BYTES ? read_bytes(reader, size) : NULL;
    if (!client || !name || memchr(name, 0, size))
        return false;
    memcpy(request->client, client, CLIENT_ID_BYTES);
    put_bytes((uint8_t *)request->name, name, size);
    return !(request->flags & LINK_CREATE) || program_read(reader, &request->program);
}

bool link_request_parse(const struct frame *frame, struct link_request *request)
{
    struct reader reader = {frame->body, frame->size, false};
    *request = (struct link_request){0};
    if (read_link(&reader, request) && !reader.bad && reader.left == 0)
        return true;
    link_request_free(request);
    return false;
}

void link_request_free(struct link_request *request)
{
    program_free(&request->program);
    *request = (struct link_request){0};
}

uint8_t *frame_header(uint8_t *at, enum frame_type type, size_t body_size)
{
    return put_u8(put_u32(at, (uint32_t)body_size + 1), (uint8_t)type);
}

uint8_t *frame_welcome(uint8_t *at, const struct welcome *welcome)
{
    at = frame_header(at, FRAME_WELCOME, 29);
    at = put_u64(put_u64(at, welcome->epoch), welcome->head);
    at = put_u16(put_u16(at, welcome->cols), welcome->rows);
    at = put_u32(put_u32(at, welcome->link), welcome->last_seq);
    return put_u8(at, welcome->flags);
}

uint8_t *frame_output_header(uint8_t *at, uint64_t offset, size_t size)
{
    return put_u64(frame_header(at, FRAME_OUTPUT, 8 + size), offset);
}

uint8_t *frame_reset(uint8_t *at, uint64_t offset, const uint8_t *preamble, size_t size)
{
    return put_bytes(put_u64(frame_header(at, FRAME_RESET, 8 + size), offset), preamble, size);
}

uint8_t *frame_gap(uint8_t *at, uint64_t from, uint64_t to)
{
    return put_u64(put_u64(frame_header(at, FRAME_GAP, 16), from), to);
}

uint8_t *frame_size(uint8_t *at, uint16_t cols, uint16_t rows)
{
    return put_u16(put_u16(frame_header(at, FRAME_SIZE, 4), cols), rows);
}

uint8_t *frame_input_ack(uint8_t *at, uint32_t seq)
{
    return put_u32(frame_header(at, FRAME_INPUT_ACK, 4), seq);
}

uint8_t *frame_exit(uint8_t *at, int32_t status, uint64_t offset)
{
    return put_u64(put_u32(frame_header(at, FRAME_EXIT, 12), (uint32_t)status), offset);
}

uint8_t *frame_query(uint8_t *at, const char *text)
{
    size_t size = strlen(text);
    return put_bytes(frame_header(at, FRAME_QUERY, size), text, size);
}

uint8_t *frame_error(uint8_t *at, enum error_code code, const char *text)
{
    size_t size = strlen(text);
    return put_bytes(put_u16(frame_header(at, FRAME_ERROR, 2 + size), (uint16_t)code), text, size);
}
