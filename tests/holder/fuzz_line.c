/* Any bytes as frames of a line, and as what a COMMAND channel says first. */
#include <stdlib.h>

#include "command_frames.h"
#include "line_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_request(enum command_frame type, const uint8_t *data, size_t size)
{
    struct command_request request;
    const struct frame frame = {(enum frame_type)type, data, size};
    if (!command_request_parse(&frame, &request))
        return;
    if ((type == COMMAND_START) != (request.program.argv != NULL))
        abort();
    command_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as_request(COMMAND_START, data, size);
    read_as_request(COMMAND_ATTACH, data, size);
    for (size_t at = 0; at < size;) {
        struct line_cut cut;
        long taken = line_frame_cut(data + at, size - at, &cut);
        if (taken <= 0)
            break;
        if ((size_t)taken > size - at || cut.size + LINE_HEADER_BYTES != (size_t)taken)
            abort();
        at += (size_t)taken;
    }
    return 0;
}
