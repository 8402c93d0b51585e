/*
 * What travels on a line: many channels over one stream. Twin: sessions/line/wire.py.
 * A frame is u32 length of what follows, u32 channel, u8 type, body; all numbers big-endian.
 */
#ifndef HOLDER_LINE_FRAMES_H
#define HOLDER_LINE_FRAMES_H

#include "bytes.h"
#include "limits.h"

enum line_frame {
    LINE_OPEN = 1,   /* to the holder: u8 kind, and what that kind needs. DATA may follow at once */
    LINE_OPENED = 2, /* from the holder: a DIAL is connected */
    LINE_DATA = 3,   /* bytes (1..65536), paid for with credit */
    LINE_CREDIT = 4, /* u32: so many bytes more may come */
    LINE_END = 5,    /* empty: no more DATA from this side. Once both have said it, the channel is gone */
    LINE_CLOSE = 6,  /* u16 code, text: the channel is gone, in both directions */
    LINE_HELLO = 7,  /* from the holder, on channel 0, first: u8 version, u8 flags */
    LINE_PING = 8,   /* on channel 0: u32 */
    LINE_PONG = 9,   /* the same back */
};

enum line_kind {
    LINE_COMMAND = 1, /* frames of command_frames.h with process 1 */
    LINE_FILES = 2,   /* one operation, see file_frames.h */
    LINE_PORTS = 3,   /* see ports.h */
    LINE_DIAL = 4,    /* u16 port: a connection to it on this machine's own address */
};

enum line_code { LINE_FAILED = 1, LINE_REFUSED = 2, LINE_TOO_MANY = 3, LINE_RESET = 4 };
enum line_flags { LINE_ONLY_READS = 1 };

#define LINE_VERSION 1
#define LINE_HEADER_BYTES 9

struct line_cut {
    uint32_t channel;
    enum line_frame type;
    const uint8_t *body;
    size_t size;
};

/* Cuts the first frame from `data`. Returns the bytes it took, 0 when it is not complete yet, -1 when it cannot be one. */
long line_frame_cut(const uint8_t *data, size_t size, struct line_cut *cut);
/* Writes LINE_HEADER_BYTES and returns the place after them. */
uint8_t *line_header(uint8_t *at, uint32_t channel, enum line_frame type, size_t body_size);

#endif
