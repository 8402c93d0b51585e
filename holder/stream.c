#include "stream.h"

#include <string.h>
#include <sys/uio.h>

#include "link.h"
#include "terminal.h"

/* Needed before a viewer that fell out of the ring starts again. */
#define GAP_CREDIT_BYTES (64 * 1024)

static size_t send_frame(struct link *link, const uint8_t *frame, const uint8_t *end)
{
    struct iovec part = {(void *)(uintptr_t)frame, (size_t)(end - frame)};
    return link_send(link, &part, 1) ? part.iov_len : 0;
}

static size_t send_welcome(struct link *link)
{
    const struct terminal *terminal = link->terminal;
    struct size size = history_size(&terminal->history);
    struct welcome welcome = {
        .epoch = terminal->epoch, .head = terminal->history.ring.head, .cols = size.cols, .rows = size.rows,
        .link = link->number, .last_seq = link->last_seq,
        .flags = (link->created ? WELCOME_CREATED : 0) | (terminal->ended ? WELCOME_ENDED : 0) |
                 (link->knows_queries ? WELCOME_QUERIES : 0),
    };
    uint8_t frame[FRAME_HEADER_BYTES + 29];
    link->welcome_due = false;
    return send_frame(link, frame, frame_welcome(frame, &welcome));
}

static uint8_t *put_viewer(uint8_t *at, const struct link *viewer)
{
    size_t size = strlen(viewer->name);
    at = put_u8(put_u32(at, viewer->number), viewer->may_drive);
    return put_bytes(put_u8(at, (uint8_t)size), viewer->name, size);
}

static size_t send_presence(struct link *link)
{
    const struct terminal *terminal = link->terminal;
    uint8_t frame[FRAME_HEADER_BYTES + 5 + LINKS_PER_TERMINAL * (6 + NAME_BYTES)];
    uint8_t *at = put_u32(frame + FRAME_HEADER_BYTES, terminal->driver ? terminal->driver->number : 0);
    at = put_u8(at, (uint8_t)terminal->link_count);
    for (const struct link *viewer = terminal->links; viewer; viewer = viewer->next)
        at = put_viewer(at, viewer);
    frame_header(frame, FRAME_PRESENCE, (size_t)(at - frame) - FRAME_HEADER_BYTES);
    link->presence_due = false;
    return send_frame(link, frame, at);
}

static uint8_t *put_input_ack(struct link *link, uint8_t *at)
{
    link->ack_due = false;
    link->acked_seq = link->client->written;
    return frame_input_ack(at, link->acked_seq);
}

static size_t send_input_ack(struct link *link)
{
    uint8_t frame[9];
    return send_frame(link, frame, put_input_ack(link, frame));
}

static uint64_t credit(const struct link *link)
{
    uint64_t in_flight = link->sent - link->acked;
    uint64_t window = link->replays_whole ? OUTPUT_KEPT_BYTES : link->window.bytes;
    return in_flight < window ? window - in_flight : 0;
}

static bool fell_behind(const struct link *link)
{
    return !link->reset_due && link->sent < link->terminal->history.ring.tail;
}

/* The viewer goes on at `start`; what it has not yet acknowledged stays counted. */
static void restart_at(struct link *link, uint64_t start)
{
    uint64_t in_flight = link->sent - link->acked;
    link->shift_before = link->reset_due ? 0 : start;
    link->shift = start - link->sent;
    link->sent = start;
    link->acked = link->reset_due ? start : start - in_flight;
    link->replay_until = link->terminal->history.ring.head;
    link->replay_end_due = true;
    link->replays_whole &= link->reset_due; /* who fell behind while it lives has to show that it reads */
    link->reset_due = link->gap_due = false;
    link->answers = false; /* nobody answers during a replay */
    if (link->terminal->driver == link)
        queries_pass(&link->terminal->history.queries);
    window_jumped(&link->window);
}

static uint8_t *put_size(struct link *link, uint8_t *at, struct size size)
{
    link->size_sent = size;
    return frame_size(at, size.cols, size.rows);
}

/*
 * [GAP,] [SIZE,] RESET, SIZE. The first SIZE only when the preamble sets scroll regions or tab stops, which a later
 * resize would change; the second always, for a reset may have followed other sizes.
 */
static size_t send_reset(struct link *link)
{
    static struct modes modes;
    static uint8_t frames[21 + 9 + 13 + PREAMBLE_BYTES + 9], preamble[PREAMBLE_BYTES];
    const struct history *history = &link->terminal->history;
    uint64_t head = history->ring.head, near = head < CATCH_UP_BYTES ? 0 : head - CATCH_UP_BYTES;
    if (link->reset_due)
        near = link->lines ? history_start_of(history, link->lines) : 0;
    uint64_t start = history_state_near(history, near, &modes);
    struct size size = sizes_at(&history->sizes, start);
    uint8_t *at = frames;
    if (link->gap_due || fell_behind(link))
        at = frame_gap(at, link->gap_due ? link->gap_from : link->sent, start);
    if (modes_need_size(&modes))
        at = frame_size(at, size.cols, size.rows);
    at = frame_reset(at, start, preamble, modes_preamble(&modes, preamble));
    at = put_size(link, at, size);
    link->repaint_due = modes.alternate && history->at_head.alternate;
    restart_at(link, start);
    return send_frame(link, frames, at);
}

static bool size_is_due(const struct link *link)
{
    struct size size = sizes_at(&link->terminal->history.sizes, link->sent);
    return size.cols != link->size_sent.cols || size.rows != link->size_sent.rows;
}

static size_t send_size(struct link *link)
{
    uint8_t frame[9];
    return send_frame(link, frame, put_size(link, frame, sizes_at(&link->terminal->history.sizes, link->sent)));
}

static size_t send_replay_end(struct link *link)
{
    uint8_t frame[FRAME_HEADER_BYTES];
    link->replay_end_due = link->replays_whole = false;
    link_repaint_if_due(link);
    return send_frame(link, frame, frame_header(frame, FRAME_REPLAY_END, 0));
}

/*
 * The driver answers what it has yet to be sent; what came before and has no answer it is asked again, at a place where
 * the question cuts no sequence in two.
 */
static const char *due_query(struct link *link)
{
    struct history *history = &link->terminal->history;
    if (link->terminal->driver != link || !link->knows_queries)
        return NULL;
    if (link->answers)
        return link->sent == history->ring.head && modes_at_rest(&history->at_head)
                   ? queries_ask(&history->queries, link->answers_from) : NULL;
    link->answers = true;
    link->answers_from = link->sent;
    return "";
}

static size_t send_query(struct link *link, const char *text)
{
    uint8_t frame[FRAME_HEADER_BYTES + QUERY_BYTES];
    return send_frame(link, frame, frame_query(frame, text));
}

static size_t send_exit(struct link *link)
{
    uint8_t frame[17];
    link->exit_due = false;
    return send_frame(link, frame, frame_exit(frame, link->terminal->status, link->sent));
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many bytes may leave now: not past a size change or the end of the replay, and not in crumbs. */
static size_t sendable(const struct link *link)
{
    const struct history *history = &link->terminal->history;
    uint64_t end = least(history->ring.head, sizes_next(&history->sizes, link->sent));
    if (link->replay_end_due)
        end = least(end, link->replay_until);
    uint64_t due = least(end - link->sent, OUTPUT_FRAME_BYTES), allowed = credit(link);
    if (allowed < due && allowed < CREDIT_CRUMB_BYTES)
        return 0;
    return (size_t)least(due, allowed);
}

/* The first output leaves at once, and so does the answer to a key; while much flows, small pieces wait for more. */
static bool wait_for_more(struct link *link, size_t size)
{
    bool same_burst = loop_now_us() - link->burst_us < COALESCE_US;
    bool busy = link->burst_frames >= BUSY_FRAMES || link->burst_bytes >= BUSY_BYTES;
    if (size >= COALESCE_BYTES || link->urgent || link->replay_end_due || !same_burst || !busy)
        return false;
    link_hold(link, link->burst_us + COALESCE_US - loop_now_us());
    return true;
}

static void count_burst(struct link *link, size_t size)
{
    if (loop_now_us() - link->burst_us >= COALESCE_US) {
        link->burst_us = loop_now_us();
        link->burst_bytes = link->burst_frames = 0;
    }
    link->burst_bytes += size;
    link->burst_frames++;
}

/* Header and up to two pieces of the ring in one write; an acknowledgement that waited goes along. */
static size_t send_output(struct link *link, size_t size)
{
    const struct ring *ring = &link->terminal->history.ring;
    uint8_t headers[9 + 13], *at = headers;
    size_t first, second;
    const uint8_t *data = ring_at(ring, link->sent, &first);
    first = first < size ? first : size;
    if (link->client->written != link->acked_seq)
        at = put_input_ack(link, at);
    at = frame_output_header(at, link->sent, size);
    struct iovec parts[3] = {{headers, (size_t)(at - headers)}, {(void *)(uintptr_t)data, first}, {0}};
    if (first < size)
        parts[2] = (struct iovec){(void *)(uintptr_t)ring_at(ring, link->sent + first, &second), size - first};
    count_burst(link, size);
    link->urgent = false;
    timer_stop(&link->hold);
    link->sent += size;
    return link_send(link, parts, 3) ? size : 0;
}

static size_t next_output(struct link *link)
{
    size_t size = sendable(link);
    if (size && !wait_for_more(link, size))
        return send_output(link, size);
    return link->ack_due ? send_input_ack(link) : 0;
}

static size_t next_of_stream(struct link *link)
{
    const struct terminal *terminal = link->terminal;
    const char *query;
    if (link->reset_due)
        return send_reset(link);
    if (fell_behind(link))
        return credit(link) >= GAP_CREDIT_BYTES ? send_reset(link) : link->ack_due ? send_input_ack(link) : 0;
    if (size_is_due(link))
        return send_size(link);
    if (link->replay_end_due && link->sent >= link->replay_until)
        return send_replay_end(link);
    if (!link->replay_end_due && !terminal->ended && (query = due_query(link)))
        return send_query(link, query);
    if (terminal->ended && link->exit_due && link->sent == terminal->history.ring.head)
        return send_exit(link);
    return next_output(link);
}

size_t stream_next(struct link *link)
{
    if (link->welcome_due)
        return send_welcome(link);
    if (link->presence_due)
        return send_presence(link);
    return next_of_stream(link);
}
