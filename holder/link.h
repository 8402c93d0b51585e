/* One viewer: frames in from its `in`, frames out to its `out`. Both belong to an exec of the engine. */
#ifndef HOLDER_LINK_H
#define HOLDER_LINK_H

#include "bytes.h"
#include "frames.h"
#include "input.h"
#include "loop.h"
#include "sizes.h"
#include "window.h"

struct terminal;

struct link {
    struct garbage garbage;
    struct link *next, *next_awake;
    struct watch in, out, control; /* control: closed when the link ends, so that `holder attach` exits */
    struct timer hold, deadline;
    bool awake, dropped, closing;

    char terminal_id[TERMINAL_ID_BYTES + 1];
    struct terminal *terminal; /* NULL before LINK and after the farewell */
    struct client *client;
    uint32_t number;
    char name[NAME_BYTES + 1];
    bool may_drive, created;
    bool knows_queries, answers; /* answers: what programs ask from `answers_from` on is for this viewer */
    uint64_t answers_from;
    struct size size; /* what this viewer would like; cols 0 before it said so */

    struct bytes received, pending;
    uint64_t sent, acked; /* absolute output offsets */
    struct window window;
    uint64_t gap_from, shift_before, shift;
    uint32_t lines; /* that the viewer keeps: no more need be replayed; 0 for all */
    uint64_t replay_until;
    bool replays_whole; /* what is replayed goes at once: it has an end, and nothing that is typed waits behind it */
    uint32_t last_seq, acked_seq; /* of its client's input: taken when it linked, told as written */
    struct size size_sent;
    bool welcome_due, presence_due, gap_due, reset_due, replay_end_due, repaint_due, exit_due, ack_due;
    bool silent; /* as a driver: said nothing for too long, no longer gates */

    bool urgent;
    int64_t burst_us; /* start of the current COALESCE_US, and what was sent since */
    size_t burst_bytes, burst_frames;
};

/* Takes the three descriptors. False: no room or memory; they stay the caller's. */
bool link_open(int in, int out, int control, const char *terminal_id);
/* Something may be sent: the link is looked at when this turn's events are handled. */
void link_wake(struct link *link);
void links_pump(void);
/* Sends what is pending, then ends. */
void link_close(struct link *link);
/* The same with an ERROR as the last frame. */
void link_refuse(struct link *link, enum error_code code, const char *text);
/* Ends at once. The memory stays until the turn is over. */
void link_drop(struct link *link);
/* Looks at the link again after a while: held output, an INPUT_ACK that found no output to travel with. */
void link_hold(struct link *link, int64_t delay_us);
void link_input_written(struct link *link);
void link_repaint_if_due(struct link *link);

/* In receive.c: handles the frames that are whole and keeps the rest. */
void link_receive(struct link *link, const uint8_t *data, size_t size);
/* For stream.c: writes the parts, keeping what the pipe does not take. False: the link is gone. */
struct iovec;
bool link_send(struct link *link, struct iovec *parts, int count);

#endif
