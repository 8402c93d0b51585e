#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stream.h"
#include "terminal.h"

static unsigned link_count;
static uint32_t last_number;
static struct link *awake;

static void leave_terminal(struct link *link)
{
    struct terminal *terminal = link->terminal;
    if (!terminal)
        return;
    link->terminal = NULL;
    link->client->linked = false;
    timer_stop(&link->hold);
    terminal_leave(terminal, link);
}

static void link_drop(struct link *link)
{
    if (link->dropped)
        return;
    link->dropped = true;
    leave_terminal(link);
    timer_stop(&link->deadline);
    watch_close(&link->in);
    watch_close(&link->out);
    watch_close(&link->control); /* last: the exec ends with it */
    bytes_free(&link->received);
    bytes_free(&link->pending);
    link_count--;
    loop_discard(&link->garbage);
}

static void deadline_passed(struct timer *timer)
{
    link_drop(OWNER(timer, struct link, deadline));
}

void link_wake(struct link *link)
{
    if (link->awake || link->dropped)
        return;
    link->awake = true;
    link->next_awake = awake;
    awake = link;
}

void link_close(struct link *link)
{
    leave_terminal(link);
    link->closing = true;
    timer_set(&link->deadline, FAREWELL_US, deadline_passed);
    link_wake(link);
}

static void refuse(struct link *link, enum error_code code, const char *text)
{
    uint8_t frame[7 + 512];
    size_t size = (size_t)(frame_error(frame, code, text) - frame);
    link_close(link);
    bytes_add(&link->pending, frame, size);
}

/* ---- out ---- */

bool link_send(struct link *link, struct iovec *parts, int count)
{
    ssize_t wrote = writev(link->out.fd, parts, count);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
        link_drop(link);
        return false;
    }
    size_t skip = wrote > 0 ? (size_t)wrote : 0;
    for (int i = 0; i < count; i++) {
        size_t taken = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        skip -= taken;
        if (taken < parts[i].iov_len &&
            !bytes_add(&link->pending, (uint8_t *)parts[i].iov_base + taken, parts[i].iov_len - taken)) {
            link_drop(link);
            return false;
        }
    }
    return true;
}

static void flush_pending(struct link *link)
{
    ssize_t wrote = write(link->out.fd, link->pending.data + link->pending.start, link->pending.size);
    if (wrote > 0)
        bytes_drop(&link->pending, (size_t)wrote);
    else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
        link_drop(link);
}

/* Sends until nothing is due, the pipe is full, or this turn's share is used up. */
static void pump(struct link *link)
{
    size_t budget = TURN_BYTES, sent = 1;
    if (link->pending.size)
        flush_pending(link);
    while (!link->dropped && !link->pending.size && link->terminal && budget && sent) {
        sent = stream_next(link);
        budget -= sent < budget ? sent : budget;
    }
    if (link->dropped)
        return;
    if (link->closing && !link->pending.size)
        link_drop(link);
    else
        watch_events(&link->out, link->pending.size || (link->terminal && sent) ? EPOLLOUT : 0);
}

void links_pump(void)
{
    while (awake) {
        struct link *link = awake;
        awake = link->next_awake;
        link->awake = false;
        if (!link->dropped)
            pump(link);
    }
}

static void out_ready(struct watch *watch, uint32_t events)
{
    struct link *link = OWNER(watch, struct link, out);
    if (events & (EPOLLERR | EPOLLHUP))
        link_drop(link);
    else
        link_wake(link);
}

/* ---- in ---- */

static void place_resume(struct link *link, const struct link_request *request)
{
    const struct ring *ring = &link->terminal->history.ring;
    bool same = request->flags & LINK_RESUME && request->epoch == link->terminal->epoch && request->offset <= ring->head;
    link->reset_due = !same || request->offset < ring->tail;
    link->gap_due = same && link->reset_due;
    link->gap_from = request->offset;
    link->sent = link->acked = link->reset_due ? ring->tail : request->offset;
    link->replay_until = ring->head;
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
        refuse(same, ERROR_REPLACED, "this terminal was opened elsewhere by the same client");
    if (terminal->link_count >= LINKS_PER_TERMINAL) {
        refuse(link, ERROR_TOO_MANY_LINKS, "too many viewers look at this terminal");
        return;
    }
    timer_stop(&link->deadline);
    client->linked = true;
    link->client = client;
    link->last_seq = client->accepted;
    link->acked_seq = client->written;
    link->terminal = terminal;
    link->may_drive = request->flags & LINK_MAY_DRIVE;
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
    char why[256];
    struct terminal *terminal = terminal_find(link->terminal_id);
    if (terminal)
        return terminal;
    if (!(request->flags & LINK_CREATE)) {
        refuse(link, ERROR_UNKNOWN_TERMINAL, "there is no such terminal");
    } else if (terminals_running() >= TERMINALS_MAX) {
        refuse(link, ERROR_TOO_MANY_TERMINALS, "too many terminals are open in this session");
    } else if (!(terminal = terminal_create(link->terminal_id, request, why, sizeof why))) {
        refuse(link, ERROR_NO_SHELL, why);
    } else {
        link->created = true;
    }
    return terminal;
}

static void on_link(struct link *link, const struct frame *frame)
{
    struct link_request request;
    if (frame->type != FRAME_LINK || !link_request_parse(frame, &request)) {
        refuse(link, ERROR_MALFORMED, "the first frame is not a LINK");
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
    case INPUT_TAKEN: terminal_type(terminal, size); break;
    case INPUT_AGAIN: link->ack_due = true; link_wake(link); break;
    case INPUT_EARLY: break;
    case INPUT_FULL: refuse(link, ERROR_INPUT_WINDOW, "more input than the window allows"); break;
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
    link->acked = offset;
    link_wake(link);
    if (link->terminal->driver == link)
        terminal_driver_read(link->terminal);
    return true;
}

static void on_command(struct link *link, enum frame_type type)
{
    if (!link->may_drive)
        refuse(link, ERROR_NOT_ALLOWED, "this viewer may only look");
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
    case FRAME_DRIVE: case FRAME_END:
        if ((good = frame->size == 0))
            on_command(link, frame->type);
        break;
    default: good = false;
    }
    if (!good)
        refuse(link, ERROR_MALFORMED, "a frame could not be read");
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
            refuse(link, ERROR_MALFORMED, "a frame is too long or empty");
        else
            (link->terminal ? on_frame : on_link)(link, &frame);
        taken += cut > 0 ? (size_t)cut : 0;
    }
    return size;
}

static void receive(struct link *link, const uint8_t *data, size_t size)
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

static void in_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct link *link = OWNER(watch, struct link, in);
    uint8_t data[TURN_BYTES]; /* not the loop's scratch: input makes terminals read */
    ssize_t got = read(watch->fd, data, sizeof data);
    if (got > 0 && !link->closing)
        receive(link, data, (size_t)got);
    else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        link_drop(link);
}

static void control_ready(struct watch *watch, uint32_t events)
{
    (void)events; /* `holder attach` never speaks again: it went away */
    link_drop(OWNER(watch, struct link, control));
}

/* ---- open ---- */

/*
 * O_NONBLOCK belongs to the open file, which others may share. A pipe is therefore opened anew for ourselves;
 * a socket cannot be, but its two ends are separate open files.
 */
static int own_nonblocking(int fd, int flags)
{
    char path[40];
    struct stat status;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
        int own = open(path, flags | O_NONBLOCK | O_CLOEXEC);
        if (own >= 0) {
            close(fd);
            fd = own;
        }
        fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* refused when the user's pipe budget is spent: then it stays 64 KiB */
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

static bool watch_all(struct link *link, int in, int out, int control)
{
    return watch_start(&link->in, in, EPOLLIN, in_ready) && watch_start(&link->out, out, 0, out_ready) &&
           watch_start(&link->control, control, EPOLLIN, control_ready);
}

bool link_open(int in, int out, int control, const char *terminal_id)
{
    struct link *link = link_count < LINKS_MAX ? calloc(1, sizeof *link) : NULL;
    if (!link)
        return false;
    link->in.fd = link->out.fd = link->control.fd = -1;
    link->number = ++last_number;
    snprintf(link->terminal_id, sizeof link->terminal_id, "%s", terminal_id);
    link_count++;
    in = own_nonblocking(in, O_RDONLY);
    out = own_nonblocking(out, O_WRONLY);
    if (!watch_all(link, in, out, control)) { /* a file or a device: attach has refused those already */
        close(link->in.fd < 0 ? in : -1);
        close(link->out.fd < 0 ? out : -1);
        close(link->control.fd < 0 ? control : -1);
        link_drop(link);
        return true;
    }
    timer_set(&link->deadline, HANDSHAKE_US, deadline_passed);
    return true;
}

/* ---- what the terminal tells ---- */

static void hold_is_over(struct timer *timer)
{
    struct link *link = OWNER(timer, struct link, hold);
    link->ack_due |= link->terminal && link->client->written != link->acked_seq;
    link_wake(link);
}

void link_hold(struct link *link, int64_t delay_us)
{
    timer_set(&link->hold, delay_us, hold_is_over);
}

void link_input_written(struct link *link)
{
    uint32_t due = link->client->written - link->acked_seq;
    if (due >= ACK_FRAMES) {
        link->ack_due = true;
        link_wake(link);
    } else if (due && !link->hold.armed) {
        link_hold(link, ACK_DELAY_US);
    }
}

void link_repaint_if_due(struct link *link)
{
    if (!link->repaint_due || link->replay_end_due || link->terminal->driver != link)
        return;
    link->repaint_due = false;
    terminal_repaint(link->terminal);
}
