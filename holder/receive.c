/* What a viewer says: LINK once, then what it types, reads and wants. */
#include <stdio.h>

#include "link.h"
#include "terminal.h"

static void place_resume(struct link *link, const struct link_request *request)
{
    const struct ring *ring = &link->terminal->history.ring;
    bool same = request->flags & LINK_RESUME && request->epoch == link->terminal->epoch && request->offset <= ring->head;
    link->reset_due = !same || request->offset < ring->tail;
    link->gap_due = same && link->reset_due;
    link->gap_from = request->offset;
    link->lines = request->flags & LINK_RESUME || request->offset > UINT32_MAX ? 0 : (uint32_t)request->offset;
    link->sent = link->acked = link->reset_due ? ring->tail : request->offset;
    link->replay_until = ring->head;
    link->replays_whole = true;
    link->replay_end_due = link->exit_due = link->welcome_due = true;
}

static struct link *link_of_client(struct terminal *terminal, const struct client *client)
{
    struct link *link = terminal->links;
    while (link && link->client != client)
        link = link->next;
    return link;
}

static void join(struct link *link, struct terminal *terminal, const struct link_request *request)
{
    struct client *client = input_client(&terminal->input, request->client);
    struct link *same = client->linked ? link_of_client(terminal, client) : NULL;
    if (same)
        link_refuse(same, ERROR_REPLACED, "this terminal was opened elsewhere by the same client");
    if (terminal->link_count >= LINKS_PER_TERMINAL) {
        link_refuse(link, ERROR_TOO_MANY_LINKS, "too many viewers look at this terminal");
        return;
    }
    timer_stop(&link->deadline);
    client->linked = true;
    link->client = client;
    link->last_seq = client->accepted;
    link->acked_seq = client->written;
    link->ack_due = client->written > 0; /* of what was accepted the rest still waits: WELCOME does not tell */
    link->terminal = terminal;
    link->may_drive = request->flags & LINK_MAY_DRIVE;
    link->knows_queries = request->flags & LINK_QUERIES;
    snprintf(link->name, sizeof link->name, "%s", request->name);
    if (request->cols && request->rows)
        link->size = size_clamped(request->cols, request->rows);
    place_resume(link, request);
    terminal_join(terminal, link);
    if (link->may_drive && request->flags & LINK_WANT_DRIVE && !terminal->driver)
        terminal_drive(terminal, link);
}

static struct terminal *find_or_create(struct link *link, const struct link_request *request)
{
    struct refusal why;
    struct terminal *terminal = terminal_find(link->terminal_id);
    if (terminal)
        return terminal;
    if (!(request->flags & LINK_CREATE)) {
        link_refuse(link, ERROR_UNKNOWN_TERMINAL, "there is no such terminal");
    } else if (terminals_running() >= TERMINALS_MAX) {
        link_refuse(link, ERROR_TOO_MANY_TERMINALS, "too many terminals are open in this session");
    } else if (!(terminal = terminal_create(link->terminal_id, request, &why))) {
        link_refuse(link, why.code, why.text);
    } else {
        link->created = true;
    }
    return terminal;
}

static void on_link(struct link *link, const struct frame *frame)
{
    struct link_request request;
    if (frame->type != FRAME_LINK || !link_request_parse(frame, &request)) {
        link_refuse(link, ERROR_MALFORMED, "the first frame is not a LINK");
        return;
    }
    struct terminal *terminal = find_or_create(link, &request);
    if (terminal)
        join(link, terminal, &request);
    link_request_free(&request);
}

static bool on_input(struct link *link, struct reader *body)
{
    uint32_t seq = read_u32(body);
    size_t size = body->left;
    if (body->bad || !seq || !size || size > INPUT_FRAME_BYTES)
        return false;
    struct terminal *terminal = link->terminal;
    if (terminal->driver != link || terminal->ended)
        return true; /* dropped and never acknowledged: the client sends it again once it drives */
    switch (input_take(&terminal->input, link->client, seq, body->at, size)) {
    case INPUT_TAKEN:
        queries_answered(&terminal->history.queries, body->at, size);
        terminal_type(terminal, size);
        break;
    case INPUT_AGAIN: link->ack_due = true; link_wake(link); break;
    case INPUT_EARLY: break;
    case INPUT_FULL: link_refuse(link, ERROR_INPUT_WINDOW, "more input than the window allows"); break;
    }
    return true;
}

static bool on_resize(struct link *link, struct reader *body)
{
    uint16_t cols = read_u16(body), rows = read_u16(body);
    if (body->bad || body->left)
        return false;
    link->size = size_clamped(cols, rows);
    if (link->terminal->driver == link)
        terminal_set_size(link->terminal, link->size);
    return true;
}

/* An offset from before the last gap is moved over it, so that what is in flight stays counted. */
static bool on_ack(struct link *link, struct reader *body)
{
    uint64_t offset = read_u64(body);
    if (body->bad || body->left)
        return false;
    if (offset < link->shift_before)
        offset += link->shift;
    if (offset > link->sent)
        offset = link->sent;
    if (offset <= link->acked)
        return true;
    /* Within a crumb of the whole window nothing more is sent. */
    bool was_full = link->sent - link->acked + CREDIT_CRUMB_BYTES > link->window.bytes;
    link->acked = offset;
    window_acked(&link->window, offset, was_full, loop_now_us());
    link_wake(link);
    if (link->answers)
        queries_read(&link->terminal->history.queries, link->answers_from, offset);
    if (link->terminal->driver == link)
        terminal_driver_read(link->terminal);
    return true;
}

static struct link *link_of_number(struct terminal *terminal, uint32_t number)
{
    struct link *link = terminal->links;
    while (link && link->number != number)
        link = link->next;
    return link;
}

/*
 * Counts while the sender drives and the other is there. Where someone took over or left meanwhile, nothing changes:
 * the PRESENCE that is on its way says why.
 */
static bool on_hand(struct link *link, struct reader *body)
{
    uint32_t number = read_u32(body);
    if (body->bad || body->left)
        return false;
    struct link *other = link_of_number(link->terminal, number);
    if (link->terminal->driver == link && other && other->may_drive)
        terminal_drive(link->terminal, other);
    return true;
}

static void on_command(struct link *link, enum frame_type type)
{
    if (!link->may_drive)
        link_refuse(link, ERROR_NOT_ALLOWED, "this viewer may only look");
    else if (type == FRAME_DRIVE)
        terminal_drive(link->terminal, link);
    else
        terminal_end(link->terminal);
}

static void on_frame(struct link *link, const struct frame *frame)
{
    struct reader body = {frame->body, frame->size, false};
    bool good = true;
    switch (frame->type) {
    case FRAME_INPUT: good = on_input(link, &body); break;
    case FRAME_RESIZE: good = on_resize(link, &body); break;
    case FRAME_ACK: good = on_ack(link, &body); break;
    case FRAME_HAND: good = on_hand(link, &body); break;
    case FRAME_DRIVE: case FRAME_END:
        if ((good = frame->size == 0))
            on_command(link, frame->type);
        break;
    default: good = false;
    }
    if (!good)
        link_refuse(link, ERROR_MALFORMED, "a frame could not be read");
}

/* Handles every whole frame in `data`; returns how many bytes they took. */
static size_t take_frames(struct link *link, const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (!link->closing && !link->dropped) {
        struct frame frame;
        long cut = frame_cut(data + taken, size - taken, link->terminal ? FRAME_BYTES : LINK_FRAME_BYTES, &frame);
        if (cut == 0)
            return taken;
        if (cut < 0)
            link_refuse(link, ERROR_MALFORMED, "a frame is too long or empty");
        else
            (link->terminal ? on_frame : on_link)(link, &frame);
        taken += cut > 0 ? (size_t)cut : 0;
    }
    return size;
}

void link_receive(struct link *link, const uint8_t *data, size_t size)
{
    struct bytes *kept = &link->received;
    if (kept->size == 0) { /* the usual case: whole frames, read in place */
        size_t taken = take_frames(link, data, size);
        if (!bytes_add(kept, data + taken, size - taken))
            link_drop(link);
        return;
    }
    if (!bytes_add(kept, data, size)) {
        link_drop(link);
        return;
    }
    size_t taken = take_frames(link, kept->data + kept->start, kept->size);
    if (!link->dropped)
        bytes_drop(kept, taken);
}
