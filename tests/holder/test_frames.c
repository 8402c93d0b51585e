/* Frames are cut and read without ever passing their end. */
#include <string.h>

#include "frames.h"
#include "unit.h"

static void a_cut_frame_waits(void)
{
    const uint8_t data[] = {0, 0, 0, 3, 1, 'a', 'b', 0, 0};
    struct frame frame;
    for (size_t size = 0; size < 7; size++)
        CHECK(frame_cut(data, size, 100, &frame) == 0);
    CHECK(frame_cut(data, sizeof data, 100, &frame) == 7);
    CHECK(frame.type == FRAME_INPUT && frame.size == 2 && memcmp(frame.body, "ab", 2) == 0);
}

static void impossible_lengths_are_refused(void)
{
    const uint8_t empty[] = {0, 0, 0, 0}, huge[] = {255, 255, 255, 255}, above[] = {0, 0, 0, 101};
    struct frame frame;
    CHECK(frame_cut(empty, 4, 100, &frame) == -1);
    CHECK(frame_cut(huge, 4, 100, &frame) == -1);
    CHECK(frame_cut(above, 4, 100, &frame) == -1);
}

static uint8_t *put_word(uint8_t *at, const char *word)
{
    return put_bytes(put_u32(at, (uint32_t)strlen(word)), word, strlen(word));
}

static size_t link_body(uint8_t *body)
{
    uint8_t *at = put_u8(put_u8(body, PROTOCOL_VERSION), LINK_MAY_DRIVE | LINK_CREATE);
    at = put_u64(put_u64(at, 7), 8);
    at = put_u16(put_u16(at, 80), 24);
    at = put_bytes(at, "0123456789abcdef", CLIENT_ID_BYTES);
    at = put_bytes(put_u8(at, 3), "ada", 3);
    at = put_bytes(put_u16(at, 1), "/", 1);
    at = put_word(put_word(put_u16(at, 2), "ls"), "");
    at = put_word(put_u16(at, 1), "A=b=c");
    return (size_t)(at - body);
}

static void a_link_is_read(void)
{
    uint8_t body[256];
    struct link_request request;
    struct frame frame = {FRAME_LINK, body, link_body(body)};
    CHECK(link_request_parse(&frame, &request));
    CHECK(request.flags == (LINK_MAY_DRIVE | LINK_CREATE) && request.epoch == 7 && request.offset == 8);
    CHECK(request.cols == 80 && request.rows == 24 && strcmp(request.name, "ada") == 0 && strcmp(request.program.cwd, "/") == 0);
    CHECK(strcmp(request.program.argv[0], "ls") == 0 && *request.program.argv[1] == 0 && !request.program.argv[2]);
    CHECK(strcmp(request.program.env[0], "A=b=c") == 0 && !request.program.env[1]);
    link_request_free(&request);
}

/* Every prefix in memory of exactly its size, so that the sanitizer sees a read beyond it. */
static void a_link_cut_anywhere_is_refused(void)
{
    uint8_t body[256];
    size_t whole = link_body(body);
    for (size_t size = 0; size < whole; size++) {
        uint8_t *exact = malloc(size ? size : 1);
        memcpy(exact, body, size);
        struct link_request request;
        struct frame frame = {FRAME_LINK, exact, size};
        CHECK(!link_request_parse(&frame, &request));
        free(exact);
    }
}

static void frames_say_their_length(void)
{
    uint8_t room[128];
    struct frame frame;
    const struct welcome welcome = {.epoch = 1, .head = 2, .cols = 3, .rows = 4, .link = 5, .last_seq = 6, .flags = 3};
    uint8_t *ends[] = {
        frame_welcome(room, &welcome), frame_gap(room, 1, 2), frame_size(room, 80, 24), frame_input_ack(room, 9),
        frame_exit(room, -1, 5), frame_error(room, ERROR_CANNOT_START, "why"), frame_reset(room, 1, (const uint8_t *)"abc", 3),
    };
    uint8_t *(*again)(uint8_t *, enum error_code, const char *) = frame_error;
    CHECK(ends[0] - room == 34 && ends[1] - room == 21 && ends[2] - room == 9 && ends[3] - room == 9);
    CHECK(ends[4] - room == 17 && ends[5] - room == 10 && ends[6] - room == 16);
    long size = again(room, ERROR_CANNOT_START, "why") - room;
    CHECK(frame_cut(room, sizeof room, 100, &frame) == size && frame.type == FRAME_ERROR && frame.body[1] == 5);
}

static void a_reader_never_passes_its_end(void)
{
    const uint8_t data[] = {1, 2, 3};
    struct reader reader = {data, sizeof data, false};
    CHECK(read_u16(&reader) == 0x102 && !reader.bad);
    CHECK(read_u32(&reader) == 0 && reader.bad);
    CHECK(read_u8(&reader) == 0); /* once bad, always bad */
}

static void a_buffer_keeps_order_and_lets_go(void)
{
    struct bytes bytes = {0};
    for (int i = 0; i < 1000; i++) {
        CHECK(bytes_text(&bytes, "%04d", i));
        if (i % 3 == 0) {
            CHECK(bytes.size >= 4);
            bytes_drop(&bytes, 4);
        }
    }
    CHECK(bytes.size == 4 * (1000 - 334) && memcmp(bytes.data + bytes.start, "0334", 4) == 0);
    bytes_drop(&bytes, bytes.size);
    CHECK(!bytes.data);
}

int main(void)
{
    a_cut_frame_waits();
    impossible_lengths_are_refused();
    a_link_is_read();
    a_link_cut_anywhere_is_refused();
    frames_say_their_length();
    a_reader_never_passes_its_end();
    a_buffer_keeps_order_and_lets_go();
    return 0;
}
