/*
 * What travels between the line's COMMAND channels and process 1. Twin: sessions/line/commands.py.
 * Frames as in frames.h: u32 length of what follows, u8 type, body; all numbers big-endian.
 */
#ifndef HOLDER_COMMAND_FRAMES_H
#define HOLDER_COMMAND_FRAMES_H

#include "frames.h"
#include "sizes.h"

enum command_frame {
    /* to process 1; the first one says which command, or LIST */
    COMMAND_START = 0x40,       /* struct command_request; when the command is there already: the same as ATTACH */
    COMMAND_ATTACH = 0x41,      /* u8 flags, u64 offset, u8 size and id */
    COMMAND_LIST = 0x42,        /* empty */
    COMMAND_INPUT = 0x43,       /* u64 offset of the first byte, bytes (1..65536) */
    COMMAND_CLOSE_INPUT = 0x44, /* u64 offset: where the input ends */
    COMMAND_SIGNAL = 0x45,      /* u8 number */
    COMMAND_END = 0x46,         /* empty: SIGTERM, then SIGKILL */
    COMMAND_RESIZE = 0x47,      /* u16 cols, u16 rows */
    /* from process 1 */
    COMMAND_WELCOME = 0x50,   /* u64 tail, u64 head, u64 input taken, u32 pid, u8 flags */
    COMMAND_OUTPUT = 0x51,    /* u8 stream, u64 offset of the first byte, bytes (1..65536) */
    COMMAND_GAP = 0x52,       /* u64 from, u64 to */
    COMMAND_INPUT_ACK = 0x53, /* u64 input taken, u8 flags */
    COMMAND_EXIT = 0x54,      /* u8 status, u8 signal, u8 flags, u64 offset, u64 microseconds that it ran */
    COMMAND_LISTING = 0x55,   /* JSON */
    COMMAND_ERROR = 0x56,     /* u16 code, text */
};

/*
 * STDIN: a pipe whose end is said; else /dev/null. PACED: it waits for whoever follows it with PACED.
 * QUIET: this follower hears of the end, and nothing of the output.
 */
enum command_flags { COMMAND_STDIN = 1, COMMAND_PTY = 2, COMMAND_PACED = 4, COMMAND_QUIET = 8 };
enum command_welcome_flags { COMMAND_CREATED = 1, COMMAND_ENDED = 2, COMMAND_INPUT_OPEN = 4 };
enum command_exit_flags { COMMAND_TIMED_OUT = 1 };
enum command_stream { COMMAND_STDOUT = 1, COMMAND_STDERR = 2 };

struct command_request {
    uint8_t flags;
    uint64_t offset; /* of the output, where to go on */
    char id[TERMINAL_ID_BYTES + 1];
    /* With START only. */
    uint32_t limit_ms; /* 0: none */
    struct size size;  /* with PTY */
    struct program program;
};

/* Reads a START (u8 flags, u64 offset, u8 size and id, u32 limit_ms, u16 cols, u16 rows, program) or an ATTACH. */
bool command_request_parse(const struct frame *frame, struct command_request *request); /* false: malformed, nothing to free */
void command_request_free(struct command_request *request);

#endif
