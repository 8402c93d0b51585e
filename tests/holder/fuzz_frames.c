/* Any bytes as frames, and any frame as LINK. */
#include <stdlib.h>

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_link(const struct frame *frame)
{
    struct link_request request;
    if (link_request_parse(frame, &request))
        link_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct frame whole = {FRAME_LINK, data, size};
    read_as_link(&whole);
    for (size_t at = 0; at < size;) {
        struct frame frame;
        long taken = frame_cut(data + at, size - at, LINK_FRAME_BYTES, &frame);
        if (taken <= 0)
            break;
        if ((size_t)taken > size - at || frame.size + FRAME_HEADER_BYTES != (size_t)taken)
            abort();
        read_as_link(&frame);
        at += (size_t)taken;
    }
    return 0;
}
