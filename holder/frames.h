/*
 * What travels between a viewer and the holder. Twins: sessions/terminal/protocol.py, static/src/lib/wire/protocol.js.
 * A frame here is u32 length of what follows, u8 type, body; all numbers big-endian.
 */
#ifndef HOLDER_FRAMES_H
#define HOLDER_FRAMES_H

#include "bytes.h"
#include "errors.h"
#include "limits.h"
#include "program.h"

enum frame_type {
    /* browser -> holder */
    FRAME_INPUT = 0x01,  /* u32 seq, bytes (1..16384) */
    FRAME_RESIZE = 0x02, /* u16 cols, u16 rows */
    FRAME_ACK = 0x03,    /* u64 offset that the viewer has parsed */
    /* server -> holder */
    FRAME_LINK = 0x10,  /* struct link_request */
    FRAME_DRIVE = 0x11, /* empty */
    FRAME_END = 0x12,   /* empty */
    FRAME_HAND = 0x13,  /* u32 link that gets the keyboard */
    /* holder -> browser */
    FRAME_OUTPUT = 0x21,     /* u64 offset of the first byte, bytes (1..65536) */
    FRAME_RESET = 0x22,      /* u64 offset, preamble */
    FRAME_REPLAY_END = 0x23, /* empty */
    FRAME_GAP = 0x24,        /* u64 from, u64 to */
    FRAME_SIZE = 0x25,       /* u16 cols, u16 rows */
    FRAME_INPUT_ACK = 0x26,  /* u32 seq */
    FRAME_EXIT = 0x27,       /* i32 status, u64 offset */
    /* Empty: from here on this viewer answers what programs ask. Else a question from before that has no answer yet. */
    FRAME_QUERY = 0x28,
    /* holder -> server */
    FRAME_WELCOME = 0x30,  /* struct welcome */
    FRAME_PRESENCE = 0x31, /* u32 driver, u8 count, count x (u32 link, u8 flags, u8 size, name) */
    FRAME_ERROR = 0x32,    /* u16 code, text */
};

enum link_flags { LINK_MAY_DRIVE = 1, LINK_WANT_DRIVE = 2, LINK_CREATE = 4, LINK_RESUME = 8, LINK_QUERIES = 16 /* knows QUERY */ };
enum welcome_flags { WELCOME_CREATED = 1, WELCOME_ENDED = 2, WELCOME_QUERIES = 4 /* QUERY comes */ };

#define PROTOCOL_VERSION 1
#define FRAME_HEADER_BYTES 5

struct frame {
    enum frame_type type;
    const uint8_t *body;
    size_t size;
};

/*
 * Cuts the first frame from `data`. Returns the bytes it took, 0 when it is not complete yet,
 * -1 when it says a length of 0 or above `limit` (type and body together).
 */
long frame_cut(const uint8_t *data, size_t size, size_t limit, struct frame *frame);

/* The first frame of every link. Strings are the request's own; free them with link_request_free. */
struct link_request {
    uint8_t flags;
    uint64_t epoch;
    uint64_t offset; /* where to go on, with LINK_RESUME; else how many lines the viewer keeps, 0 for all that there are */
    uint16_t cols, rows; /* as asked, not clamped */
    uint8_t client[CLIENT_ID_BYTES];
    char name[NAME_BYTES + 1];
    struct program program; /* with LINK_CREATE only */
};

bool link_request_parse(const struct frame *frame, struct link_request *request); /* false: malformed, nothing to free */
void link_request_free(struct link_request *request);

struct welcome {
    uint64_t epoch, head;
    uint16_t cols, rows;
    uint32_t link, last_seq;
    uint8_t flags;
};

/* Each writes a whole frame at `at` (the caller has the room named) and returns the place after it. */
uint8_t *frame_header(uint8_t *at, enum frame_type type, size_t body_size); /* FRAME_HEADER_BYTES */
uint8_t *frame_welcome(uint8_t *at, const struct welcome *welcome);         /* 34 */
uint8_t *frame_output_header(uint8_t *at, uint64_t offset, size_t size);    /* 13 */
uint8_t *frame_reset(uint8_t *at, uint64_t offset, const uint8_t *preamble, size_t size); /* 13 + size */
uint8_t *frame_gap(uint8_t *at, uint64_t from, uint64_t to);                /* 21 */
uint8_t *frame_size(uint8_t *at, uint16_t cols, uint16_t rows);             /* 9 */
uint8_t *frame_input_ack(uint8_t *at, uint32_t seq);                        /* 9 */
uint8_t *frame_exit(uint8_t *at, int32_t status, uint64_t offset);          /* 17 */
uint8_t *frame_query(uint8_t *at, const char *text);                        /* 5 + text */
uint8_t *frame_error(uint8_t *at, enum error_code code, const char *text);  /* 7 + text */

#endif
