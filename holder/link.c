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

void link_drop(struct link *link)
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

void link_refuse(struct link *link, enum error_code code, const char *text)
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

static void in_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct link *link = OWNER(watch, struct link, in);
    uint8_t data[TURN_BYTES]; /* not the loop's scratch: input makes terminals read */
    ssize_t got = read(watch->fd, data, sizeof data);
    if (got > 0 && !link->closing)
        link_receive(link, data, (size_t)got);
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
    window_start(&link->window);
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
