#include "line_frames.h"

long line_frame_cut(const uint8_t *data, size_t size, struct line_cut *cut)
{
    struct reader reader = {data, size, false};
    uint32_t length = read_u32(&reader);
    if (reader.bad)
        return 0;
    if (length < 5 || length > 5 + LINE_DATA_BYTES)
        return -1;
    if (length > reader.left)
        return 0;
    cut->channel = read_u32(&reader);
    cut->type = read_u8(&reader);
    cut->body = reader.at;
    cut->size = length - 5;
    return 4 + (long)length;
}

uint8_t *line_header(uint8_t *at, uint32_t channel, enum line_frame type, size_t body_size)
{
    return put_u8(put_u32(put_u32(at, (uint32_t)body_size + 5), channel), (uint8_t)type);
}
