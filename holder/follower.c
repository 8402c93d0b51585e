#include "follower.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned follower_count;
static struct follower *awake;

static void leave_command(struct follower *follower)
{
    struct command *command = follower->command;
    follower->command = NULL;
    if (command)
        command_leave(command, follower);
}

static void drop(struct follower *follower)
{
    if (follower->dropped)
        return;
    follower->dropped = true;
    leave_command(follower);
    timer_stop(&follower->deadline);
    watch_close(&follower->socket);
    bytes_free(&follower->received);
    bytes_free(&follower->pending);
    follower_count--;
    loop_discard(&follower->garbage);
}

static void deadline_passed(struct timer *timer)
{
    drop(OWNER(timer, struct follower, deadline));
}

void follower_wake(struct follower *follower)
{
    if (follower->awake || follower->dropped)
        return;
    follower->awake = true;
    follower->next_awake = awake;
    awake = follower;
}

void follower_close(struct follower *follower)
{
    leave_command(follower);
    follower->closing = true;
    timer_set(&follower->deadline, FAREWELL_US, deadline_passed);
    follower_wake(follower);
}

static void turn_away(struct follower *follower, enum error_code code, const char *text)
{
    uint8_t frame[7 + sizeof((struct refusal *)0)->text];
    uint8_t *end = frame_error(frame, code, text);
    frame[4] = COMMAND_ERROR;
    follower_close(follower);
    bytes_add(&follower->pending, frame, (size_t)(end - frame));
}

/* ---- out ---- */

/* Writes the parts, keeping what the socket does not take. Returns how many bytes they have, 0 when the follower is gone. */
static size_t send_parts(struct follower *follower, struct iovec *parts, size_t count)
{
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent = sendmsg(follower->socket.fd, &message, MSG_NOSIGNAL);
    size_t skip = sent > 0 ? (size_t)sent : 0, total = 0;
    bool good = sent >= 0 || errno == EAGAIN || errno == EINTR;
    for (size_t i = 0; i < count; i++) {
        size_t taken = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        skip -= taken;
        total += parts[i].iov_len;
        if (good && taken < parts[i].iov_len)
            good = bytes_add(&follower->pending, (uint8_t *)parts[i].iov_base + taken, parts[i].iov_len - taken);
    }
    if (good)
        return total;
    drop(follower);
    return 0;
}

static size_t send_frame(struct follower *follower, uint8_t *frame, const uint8_t *end)
{
    struct iovec part = {frame, (size_t)(end - frame)};
    return send_parts(follower, &part, 1);
}

static uint8_t *header(uint8_t *at, enum command_frame type, size_t body_size)
{
    return frame_header(at, (enum frame_type)type, body_size);
}

static size_t send_welcome(struct follower *follower)
{
    const struct command *command = follower->command;
    uint8_t frame[FRAME_HEADER_BYTES + 29], *at = header(frame, COMMAND_WELCOME, 29);
    uint8_t flags = (follower->created ? COMMAND_CREATED : 0) | (command->ended ? COMMAND_ENDED : 0) |
                    (command_input_is_open(command) ? COMMAND_INPUT_OPEN : 0);
    follower->welcome_due = follower->ack_due = false;
    at = put_u64(put_u64(at, command->ring.tail), command->ring.head);
    at = put_u32(put_u64(at, command->input_taken), (uint32_t)command->pid);
    return send_frame(follower, frame, put_u8(at, flags));
}

static size_t send_ack(struct follower *follower)
{
    uint8_t frame[FRAME_HEADER_BYTES + 9], *at = header(frame, COMMAND_INPUT_ACK, 9);
    follower->ack_due = false;
    at = put_u64(at, follower->command->input_taken);
    return send_frame(follower, frame, put_u8(at, command_input_is_open(follower->command) ? COMMAND_INPUT_OPEN : 0));
}

static size_t send_gap(struct follower *follower)
{
    uint8_t frame[FRAME_HEADER_BYTES + 16], *at = header(frame, COMMAND_GAP, 16);
    uint64_t tail = follower->command->ring.tail;
    at = put_u64(put_u64(at, follower->sent), tail);
    follower->sent = tail;
    return send_frame(follower, frame, at);
}

static size_t send_exit(struct follower *follower)
{
    const struct command *command = follower->command;
    uint8_t frame[FRAME_HEADER_BYTES + 19], *at = header(frame, COMMAND_EXIT, 19);
    at = put_u8(put_u8(at, command->status), command->signal);
    at = put_u8(at, command->timed_out ? COMMAND_TIMED_OUT : 0);
    at = put_u64(put_u64(at, follower->sent), (uint64_t)command->ran_us);
    follower->exit_due = false;
    size_t sent = send_frame(follower, frame, at);
    if (sent)
        follower_close(follower);
    return sent;
}

/* One piece of one stream, straight from the ring. */
static size_t send_output(struct follower *follower)
{
    const struct command *command = follower->command;
    uint64_t end;
    uint8_t stream = streams_at(&command->streams, follower->sent, &end);
    size_t size;
    const uint8_t *data = ring_at(&command->ring, follower->sent, &size);
    if (size > end - follower->sent)
        size = (size_t)(end - follower->sent);
    if (size > OUTPUT_FRAME_BYTES)
        size = OUTPUT_FRAME_BYTES;
    uint8_t head[FRAME_HEADER_BYTES + 9], *at = header(head, COMMAND_OUTPUT, 9 + size);
    at = put_u64(put_u8(at, stream), follower->sent);
    struct iovec parts[] = {{head, (size_t)(at - head)}, {(void *)(uintptr_t)data, size}};
    follower->sent += size;
    return send_parts(follower, parts, 2);
}

/* Returns how many bytes it sent, 0 when there is nothing to send. */
static size_t send_next(struct follower *follower)
{
    const struct command *command = follower->command;
    if (follower->welcome_due)
        return send_welcome(follower);
    if (follower->ack_due)
        return send_ack(follower);
    if (follower->is_quiet)
        follower->sent = command->ring.head;
    if (follower->sent < command->ring.tail)
        return send_gap(follower);
    if (follower->sent < command->ring.head)
        return send_output(follower);
    return command->ended && follower->exit_due ? send_exit(follower) : 0;
}

static void flush_pending(struct follower *follower)
{
    ssize_t sent = send(follower->socket.fd, follower->pending.data + follower->pending.start, follower->pending.size,
                        MSG_NOSIGNAL);
    if (sent > 0)
        bytes_drop(&follower->pending, (size_t)sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        drop(follower);
}

static void receive_whole_frames(struct follower *follower);

/* Whatever its state is now, waits for what it needs next. */
static void watch_for_more(struct follower *follower, bool sends)
{
    bool reads = !follower->closing && !follower->waits;
    watch_events(&follower->socket, (reads ? EPOLLIN : 0) | (sends || follower->pending.size ? EPOLLOUT : 0));
}

static void pump(struct follower *follower)
{
    size_t budget = TURN_BYTES, sent = 1;
    if (follower->pending.size)
        flush_pending(follower);
    receive_whole_frames(follower);
    uint64_t before = follower->sent;
    while (!follower->dropped && !follower->pending.size && follower->command && budget && sent) {
        sent = send_next(follower);
        budget -= sent < budget ? sent : budget;
    }
    if (follower->dropped)
        return;
    if (follower->closing && !follower->pending.size) {
        drop(follower);
        return;
    }
    if (follower->command && follower->sent != before)
        command_settle(follower->command);
    watch_for_more(follower, follower->command && sent);
}

void followers_pump(void)
{
    while (awake) {
        struct follower *follower = awake;
        awake = follower->next_awake;
        follower->awake = false;
        if (!follower->dropped)
            pump(follower);
    }
}

/* ---- in ---- */

static void join(struct follower *follower, struct command *command, const struct command_request *request)
{
    timer_stop(&follower->deadline);
    follower->command = command;
    follower->is_quiet = request->flags & COMMAND_QUIET;
    follower->paces = request->flags & COMMAND_PACED && !follower->is_quiet;
    follower->sent = request->offset < command->ring.head ? request->offset : command->ring.head;
    follower->welcome_due = follower->exit_due = true;
    command_join(command, follower);
    follower_wake(follower);
}

static struct command *find_or_create(struct follower *follower, const struct command_request *request, bool may_create)
{
    struct refusal why = {ERROR_UNKNOWN_COMMAND, "there is no such command"};
    struct command *command = command_find(request->id);
    if (command)
        return command;
    if (may_create && commands_running() >= COMMANDS_MAX)
        refuse(&why, ERROR_TOO_MANY_COMMANDS, "%d commands run in this session already", COMMANDS_MAX);
    else if (may_create)
        command = command_create(request, &why);
    if (!command)
        turn_away(follower, why.code, why.text);
    follower->created = command != NULL;
    return command;
}

static void send_listing(struct follower *follower)
{
    struct bytes list = {0};
    uint8_t head[FRAME_HEADER_BYTES];
    list_commands(&list);
    header(head, COMMAND_LISTING, list.size);
    follower_close(follower);
    bytes_add(&follower->pending, head, sizeof head);
    bytes_add(&follower->pending, list.data + list.start, list.size);
    bytes_free(&list);
}

static void on_first(struct follower *follower, const struct frame *frame)
{
    struct command_request request;
    int type = (int)frame->type;
    if (type == COMMAND_LIST && frame->size == 0) {
        send_listing(follower);
        return;
    }
    if ((type != COMMAND_START && type != COMMAND_ATTACH) || !command_request_parse(frame, &request)) {
        turn_away(follower, ERROR_MALFORMED, "the first frame is not a START, an ATTACH or a LIST");
        return;
    }
    struct command *command = find_or_create(follower, &request, type == COMMAND_START);
    if (command)
        join(follower, command, &request);
    command_request_free(&request);
}

static bool on_input(struct follower *follower, struct reader *body)
{
    uint64_t offset = read_u64(body);
    size_t size = body->left;
    if (body->bad || !size || size > COMMAND_INPUT_FRAME_BYTES)
        return false;
    if (!command_type(follower->command, offset, body->at, size))
        turn_away(follower, ERROR_INPUT_GAP, "input before this is missing");
    else
        follower->ack_due = true;
    return true;
}

static bool on_close_input(struct follower *follower, struct reader *body)
{
    uint64_t offset = read_u64(body);
    if (body->bad || body->left)
        return false;
    if (!command_close_input(follower->command, offset))
        turn_away(follower, ERROR_INPUT_GAP, "input before this end is missing");
    else
        follower->ack_due = true;
    return true;
}

static bool on_signal(struct follower *follower, struct reader *body)
{
    int number = read_u8(body);
    if (body->bad || body->left || number < 1 || number >= 32)
        return false;
    command_signal(follower->command, number);
    return true;
}

static bool on_resize(struct follower *follower, struct reader *body)
{
    uint16_t cols = read_u16(body), rows = read_u16(body);
    if (body->bad || body->left)
        return false;
    command_resize(follower->command, size_clamped(cols, rows));
    return true;
}

static bool on_later(struct follower *follower, const struct frame *frame)
{
    struct reader body = {frame->body, frame->size, false};
    switch ((int)frame->type) {
    case COMMAND_INPUT: return on_input(follower, &body);
    case COMMAND_CLOSE_INPUT: return on_close_input(follower, &body);
    case COMMAND_SIGNAL: return on_signal(follower, &body);
    case COMMAND_RESIZE: return on_resize(follower, &body);
    case COMMAND_END: command_end(follower->command); return frame->size == 0;
    default: return false;
    }
}

static void on_frame(struct follower *follower, const struct frame *frame)
{
    if (!follower->command)
        on_first(follower, frame);
    else if (!on_later(follower, frame))
        turn_away(follower, ERROR_MALFORMED, "a frame that makes no sense here");
    follower_wake(follower);
}

/* Whoever brings more input than the command takes waits, and nobody else: others may still end it. */
static bool must_wait(const struct follower *follower, const struct frame *frame)
{
    return (int)frame->type == COMMAND_INPUT && follower->command && !command_takes_input(follower->command);
}

/* Handles the frames that are whole, as long as their command takes what they bring. */
static void receive_whole_frames(struct follower *follower)
{
    struct bytes *received = &follower->received;
    struct frame frame;
    follower->waits = false;
    while (received->size && !follower->dropped && !follower->closing) {
        size_t limit = follower->command ? 1 + 8 + COMMAND_INPUT_FRAME_BYTES : LINK_FRAME_BYTES;
        long taken = frame_cut(received->data + received->start, received->size, limit, &frame);
        if (taken == 0)
            return;
        if (taken < 0) {
            turn_away(follower, ERROR_MALFORMED, "a frame of an impossible length");
            return;
        }
        if ((follower->waits = must_wait(follower, &frame)))
            return;
        on_frame(follower, &frame);
        if (!follower->dropped)
            bytes_drop(received, (size_t)taken);
    }
}

static void socket_ready(struct watch *watch, uint32_t events)
{
    struct follower *follower = OWNER(watch, struct follower, socket);
    follower_wake(follower);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    if (follower->closing || follower->waits) {
        if (events & (EPOLLHUP | EPOLLERR))
            drop(follower);
        return;
    }
    uint8_t data[TURN_BYTES];
    ssize_t got = read(watch->fd, data, sizeof data);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        drop(follower);
    else if (got > 0 && !follower->closing && !bytes_add(&follower->received, data, (size_t)got))
        drop(follower);
    else
        receive_whole_frames(follower);
}

bool follower_open(int fd, const void *data, size_t size)
{
    struct follower *follower = follower_count < FOLLOWERS_MAX ? calloc(1, sizeof *follower) : NULL;
    if (!follower)
        return false;
    if (!watch_start(&follower->socket, fd, EPOLLIN, socket_ready) || !bytes_add(&follower->received, data, size)) {
        watch_release(&follower->socket);
        free(follower);
        return false;
    }
    follower_count++;
    timer_set(&follower->deadline, HANDSHAKE_US, deadline_passed);
    follower_wake(follower);
    return true;
}
