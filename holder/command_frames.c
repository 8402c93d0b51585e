#include "command_frames.h"

#include <string.h>

#include "terminal.h"

static bool read_which(struct reader *reader, struct command_request *request)
{
    request->flags = read_u8(reader);
    request->offset = read_u64(reader);
    size_t size = read_u8(reader);
    const uint8_t *id = size <= TERMINAL_ID_BYTES ? read_bytes(reader, size) : NULL;
    if (!id || memchr(id, 0, size))
        return false;
    put_bytes((uint8_t *)request->id, id, size);
    return terminal_id_is_valid(request->id);
}

static bool read_start(struct reader *reader, struct command_request *request)
{
    request->limit_ms = read_u32(reader);
    uint16_t cols = read_u16(reader), rows = read_u16(reader);
    request->size = cols && rows ? size_clamped(cols, rows) : (struct size){COLS_DEFAULT, ROWS_DEFAULT};
    return program_read(reader, &request->program) && request->program.argv[0];
}

bool command_request_parse(const struct frame *frame, struct command_request *request)
{
    struct reader reader = {frame->body, frame->size, false};
    *request = (struct command_request){0};
    if (read_which(&reader, request) && ((int)frame->type != COMMAND_START || read_start(&reader, request)) && !reader.bad &&
        reader.left == 0)
        return true;
    command_request_free(request);
    return false;
}

void command_request_free(struct command_request *request)
{
    program_free(&request->program);
}
