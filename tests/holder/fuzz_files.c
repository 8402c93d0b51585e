/* Any bytes as a request on files. */
#include <stdlib.h>
#include <string.h>

#include "file_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(enum file_frame type, const uint8_t *data, size_t size)
{
    static struct file_request request;
    const struct frame frame = {(enum frame_type)type, data, size};
    if (file_request_parse(&frame, &request)) {
        if (request.paths)
            abort();
        return;
    }
    if (!request.count && (*request.path != '/' || strstr(request.path, "/../") || strstr(request.path, "//")))
        abort();
    file_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int type = FILE_LIST; type <= FILE_WATCH + 1; type++)
        read_as((enum file_frame)type, data, size);
    return 0;
}
