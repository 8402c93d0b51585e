#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "follower.h"
#include "leftovers.h"
#include "processes.h"
#include "pty.h"
#include "terminal.h"

/* Room that a paced command leaves in its ring: what its pipes still hold when it ends always fits. */
#define RESERVE_BYTES (128 * 1024)

static struct command *commands;

struct command *command_find(const char *id)
{
    struct command *command = commands;
    while (command && strcmp(command->id, id) != 0)
        command = command->next;
    return command;
}

unsigned commands_running(void)
{
    unsigned count = 0;
    for (struct command *command = commands; command; command = command->next)
        count += !command->ended;
    return count;
}

static void append_command(struct command *command)
{
    struct command **place = &commands;
    while (*place)
        place = &(*place)->next;
    *place = command;
    command->next = NULL;
}

static void take_out(struct command *command)
{
    struct command **place = &commands;
    while (*place != command)
        place = &(*place)->next;
    *place = command->next;
}

static void forget(struct command *command)
{
    take_out(command);
    timer_stop(&command->kill);
    ring_free(&command->ring);
    streams_free(&command->streams);
    loop_discard(&command->garbage);
}

/* Keeps the last ended ones, and no more bytes of them than it may; those that are followed stay. */
static void forget_old(void)
{
    unsigned ended = 0;
    size_t bytes = 0;
    for (struct command *command = commands; command; command = command->next) {
        ended += command->ended;
        bytes += command->ended ? command->ring.capacity : 0;
    }
    for (struct command *command = commands, *next; command; command = next) {
        next = command->next;
        if (ended <= COMMANDS_ENDED_KEPT && bytes <= COMMANDS_ENDED_BYTES)
            return;
        if (!command->ended || command->followers)
            continue;
        ended--;
        bytes -= command->ring.capacity;
        forget(command);
    }
}

static void wake_all(struct command *command)
{
    for (struct follower *follower = command->followers; follower; follower = follower->next)
        follower_wake(follower);
}

/* ---- who is waited for ---- */

static const struct follower *slowest_pacer(const struct command *command)
{
    const struct follower *slowest = NULL;
    for (const struct follower *follower = command->followers; follower; follower = follower->next)
        if (follower->paces && (!slowest || follower->sent < slowest->sent))
            slowest = follower;
    return slowest;
}

static bool is_paced(const struct command *command)
{
    return command->gone || (command->paced && !command->unread);
}

/* How much may be read before something that is yet to be read would be forgotten. */
static size_t room(const struct command *command)
{
    uint64_t kept = command->ring.head - command->keep_from;
    if (!command->paced || command->unread)
        return TURN_BYTES;
    return kept < OUTPUT_KEPT_BYTES ? (size_t)(OUTPUT_KEPT_BYTES - kept) : 0;
}

static void nobody_came(struct timer *timer)
{
    struct command *command = OWNER(timer, struct command, patience);
    command->unread = true;
    command_settle(command);
}

static void look_who_reads(struct command *command)
{
    const struct follower *slowest = slowest_pacer(command);
    if (slowest) {
        uint64_t sent = slowest->sent;
        command->keep_from = sent > FOLLOWER_IN_FLIGHT_BYTES ? sent - FOLLOWER_IN_FLIGHT_BYTES : 0;
        command->unread = false;
        timer_stop(&command->patience);
    } else if (command->paced && !command->unread && !command->patience.armed) {
        timer_set(&command->patience, COMMAND_WAITS_US, nobody_came);
    }
}

void command_settle(struct command *command)
{
    if (command->ended)
        return;
    look_who_reads(command);
    if (is_paced(command))
        turn_leave(&command->turn);
    bool reading = room(command) >= (command->gone ? 1 : RESERVE_BYTES) || (!command->paced || command->unread);
    for (int i = 0; i < 2; i++)
        watch_events(&command->outputs[i], reading && !turn_waits(&command->turn) ? EPOLLIN : 0);
    watch_events(&command->in, command->input.size ? EPOLLOUT : 0);
}

static void turn_begun(struct turn *turn)
{
    command_settle(OWNER(turn, struct command, turn));
}

/* ---- output ---- */

static void keep_output(struct command *command, uint8_t stream, const uint8_t *data, size_t size)
{
    struct ring *ring = &command->ring;
    uint64_t known = ring->tail;
    if (stream != command->last_stream)
        known = streams_begin(&command->streams, ring->head, stream);
    command->last_stream = stream;
    if (known > ring->tail)
        ring_forget(ring, known);
    size_t over = ring_make_room(ring, size);
    if (!ring->capacity) {
        ring_skip(ring, size);
    } else {
        if (over)
            ring_forget(ring, ring->tail + over);
        ring_append(ring, data, size);
    }
    streams_forget(&command->streams, ring->tail);
}

static void finish(struct command *command)
{
    for (int i = 0; i < 2; i++) {
        int fd = watch_release(&command->outputs[i]);
        if (fd >= 0 && !command->is_pty)
            leftover_keep(fd);
        else if (fd >= 0)
            close(fd);
    }
    watch_close(&command->in);
    bytes_free(&command->input);
    timer_stop(&command->limit);
    timer_stop(&command->drain);
    timer_stop(&command->patience);
    turn_leave(&command->turn);
    command->ended = true;
    take_out(command); /* from here on its place in the row says when it ended */
    append_command(command);
    wake_all(command);
    forget_old();
}

static bool all_read(const struct command *command)
{
    return command->outputs[0].fd < 0 && command->outputs[1].fd < 0;
}

/* Reads one piece. False: the output is at its end. */
static bool read_output(struct command *command, int fd, uint8_t stream)
{
    uint8_t *data = loop_scratch();
    size_t most = room(command);
    ssize_t got = most ? read(fd, data, most < TURN_BYTES ? most : TURN_BYTES) : -1;
    if (!most)
        return true;
    if (got > 0) {
        command->active_us = loop_now_us();
        keep_output(command, stream, data, (size_t)got);
        wake_all(command);
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void output_ready(struct command *command, struct watch *watch, uint8_t stream)
{
    if (!is_paced(command) && !turn_ask(&command->turn)) {
        command_settle(command);
        return;
    }
    if (!read_output(command, watch->fd, stream))
        watch_close(watch);
    if (command->gone && all_read(command))
        finish(command);
    else
        command_settle(command);
}

static void stdout_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    output_ready(OWNER(watch, struct command, outputs[0]), watch, COMMAND_STDOUT);
}

static void stderr_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    output_ready(OWNER(watch, struct command, outputs[1]), watch, COMMAND_STDERR);
}

/* ---- input ---- */

bool command_input_is_open(const struct command *command)
{
    return command->in.fd >= 0 && !command->closing_input;
}

bool command_takes_input(const struct command *command)
{
    return command->input.size < COMMAND_INPUT_BYTES;
}

/* It reads no more, or has read all: what waits is dropped. */
static void close_input(struct command *command)
{
    command->closing_input = true;
    watch_close(&command->in);
    bytes_free(&command->input);
    for (struct follower *follower = command->followers; follower; follower = follower->next)
        follower->ack_due = true;
    wake_all(command);
}

static void write_input(struct command *command)
{
    struct bytes *input = &command->input;
    size_t size = input->size < TURN_BYTES ? input->size : TURN_BYTES;
    ssize_t wrote = size ? write(command->in.fd, input->data + input->start, size) : 0;
    if (wrote > 0)
        bytes_drop(input, (size_t)wrote);
    bool broken = wrote < 0 && errno != EAGAIN && errno != EINTR;
    if (broken || (command->closing_input && !input->size))
        close_input(command);
    else if (wrote > 0)
        wake_all(command); /* they may have waited with more */
}

static void in_ready(struct watch *watch, uint32_t events)
{
    struct command *command = OWNER(watch, struct command, in);
    if (events & (EPOLLERR | EPOLLHUP))
        close_input(command);
    else
        write_input(command);
    command_settle(command);
}

bool command_type(struct command *command, uint64_t offset, const uint8_t *data, size_t size)
{
    if (offset > command->input_taken)
        return false;
    uint64_t known = command->input_taken - offset;
    if (known >= size)
        return true;
    data += known;
    size -= (size_t)known;
    command->input_taken += size;
    if (!command_input_is_open(command))
        return true; /* nobody will read it */
    if (!bytes_add(&command->input, data, size)) {
        close_input(command);
        return true;
    }
    write_input(command);
    command_settle(command);
    return true;
}

bool command_close_input(struct command *command, uint64_t offset)
{
    static const uint8_t end_of_text = 4; /* what Ctrl-D types */
    if (offset > command->input_taken)
        return false;
    if (offset < command->input_taken || !command_input_is_open(command))
        return true;
    if (command->is_pty)
        return command_type(command, offset, &end_of_text, 1);
    command->closing_input = true;
    write_input(command);
    command_settle(command);
    return true;
}

/* ---- start ---- */

static void fill_pair(int pair[2])
{
    pair[0] = pair[1] = -1;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* ours: stdin, stdout, stderr as the holder has them; theirs as the program gets them. */
struct plumbing {
    int ours[3], theirs[3];
};

static bool open_pipes(struct plumbing *pipes, bool with_input)
{
    int in[2], out[2], err[2];
    fill_pair(in), fill_pair(out), fill_pair(err);
    bool good = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
    if (good && with_input)
        good = pipe2(in, O_CLOEXEC) == 0;
    else if (good)
        good = (in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;
    *pipes = (struct plumbing){{in[1], out[0], err[0]}, {in[0], out[1], err[1]}};
    for (int i = 0; i < 3 && good; i++)
        if (pipes->ours[i] >= 0)
            good = fcntl(pipes->ours[i], F_SETFL, O_NONBLOCK) == 0;
    if (good)
        return true;
    int error = errno;
    close_all(pipes->ours, 3);
    close_all(pipes->theirs, 3);
    errno = error;
    return false;
}

static pid_t start_with_pipes(struct command *command, const struct command_request *request, struct refusal *why)
{
    struct plumbing pipes;
    if (!open_pipes(&pipes, request->flags & COMMAND_STDIN)) {
        refuse(why, ERROR_CANNOT_START, "no pipes could be opened: %s", strerror(errno));
        return -1;
    }
    const struct stdio stdio = {{pipes.theirs[0], pipes.theirs[1], pipes.theirs[2]}, false};
    pid_t pid = program_start(&request->program, &stdio, why);
    close_all(pipes.theirs, 3);
    if (pid < 0) {
        close_all(pipes.ours, 3);
        return -1;
    }
    if (!watch_start(&command->outputs[0], pipes.ours[1], EPOLLIN, stdout_ready) ||
        !watch_start(&command->outputs[1], pipes.ours[2], EPOLLIN, stderr_ready) ||
        (pipes.ours[0] >= 0 && !watch_start(&command->in, pipes.ours[0], 0, in_ready)))
        abort(); /* the kernel refused to watch a pipe: nothing of the holder would work */
    return pid;
}

static pid_t start_on_pty(struct command *command, const struct command_request *request, struct refusal *why)
{
    struct pty pty;
    int in = -1;
    if (!pty_open(&pty, request->size) || (in = fcntl(pty.fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        refuse(why, ERROR_CANNOT_START, "no terminal could be opened: %s", strerror(errno));
        return -1;
    }
    const struct stdio stdio = {{pty.slave, pty.slave, pty.slave}, true};
    pid_t pid = program_start(&request->program, &stdio, why);
    if (pid < 0) {
        const int all[] = {pty.fd, pty.slave, in};
        close_all(all, 3);
        return -1;
    }
    command->slave = pty.slave;
    if (!watch_start(&command->outputs[0], pty.fd, EPOLLIN, stdout_ready) || !watch_start(&command->in, in, 0, in_ready))
        abort();
    return pid;
}

static void limit_reached(struct timer *timer)
{
    struct command *command = OWNER(timer, struct command, limit);
    command->timed_out = true;
    command_end(command);
}

struct command *command_create(const struct command_request *request, struct refusal *why)
{
    struct command *command = calloc(1, sizeof *command);
    if (!command) {
        refuse(why, ERROR_CANNOT_START, "out of memory");
        return NULL;
    }
    command->outputs[0].fd = command->outputs[1].fd = command->in.fd = command->slave = -1;
    command->is_pty = request->flags & COMMAND_PTY;
    command->pid = command->is_pty ? start_on_pty(command, request, why) : start_with_pipes(command, request, why);
    if (command->pid < 0) {
        free(command);
        return NULL;
    }
    memcpy(command->id, request->id, sizeof command->id);
    command->paced = request->flags & COMMAND_PACED;
    command->began_us = command->active_us = loop_now_us();
    command->turn.begun = turn_begun;
    if (request->limit_ms)
        timer_set(&command->limit, (int64_t)request->limit_ms * 1000, limit_reached);
    append_command(command);
    command_settle(command);
    return command;
}

/* ---- those who follow it ---- */

void command_join(struct command *command, struct follower *follower)
{
    follower->next = command->followers;
    command->followers = follower;
    command->paced |= follower->paces;
    command_settle(command);
}

void command_leave(struct command *command, struct follower *follower)
{
    struct follower **place = &command->followers;
    while (*place != follower)
        place = &(*place)->next;
    *place = follower->next;
    command_settle(command);
    if (command->ended)
        forget_old();
}

/* ---- signals and the end ---- */

void command_signal(struct command *command, int number)
{
    pid_t group = command->pid;
    if (command->gone)
        return;
    if (command->is_pty && ioctl(command->outputs[0].fd, TIOCGPGRP, &group) < 0)
        group = command->pid;
    kill(-group, number);
}

void command_resize(struct command *command, struct size size)
{
    if (command->is_pty && command->outputs[0].fd >= 0)
        pty_resize(command->outputs[0].fd, size);
}

static void kill_session(struct timer *timer)
{
    const struct command *command = OWNER(timer, struct command, kill);
    sessions_kill(&command->pid, 1);
    if (!command->gone)
        kill(command->pid, SIGKILL);
}

void command_end(struct command *command)
{
    if (command->gone || command->kill.armed)
        return;
    sessions_terminate(&command->pid, 1);
    timer_set(&command->kill, options.kill_us, kill_session);
}

/* Over when nothing came for a while, or when a background program goes on and on; a reader that paces is waited for. */
static void drain_more(struct timer *timer)
{
    struct command *command = OWNER(timer, struct command, drain);
    int64_t now = loop_now_us();
    bool waits = !room(command) && slowest_pacer(command);
    bool flows = now - command->active_us < DRAIN_IDLE_US && now - command->drain_from_us < DRAIN_MAX_US;
    if (waits || flows)
        timer_set(timer, DRAIN_IDLE_US, drain_more);
    else
        finish(command);
}

static void program_gone(struct command *command, int wait_status)
{
    command->gone = true;
    command->signal = WIFSIGNALED(wait_status) ? (uint8_t)WTERMSIG(wait_status) : 0;
    command->status = command->signal ? (uint8_t)(128 + command->signal) : (uint8_t)WEXITSTATUS(wait_status);
    command->ran_us = loop_now_us() - command->began_us;
    command->drain_from_us = loop_now_us();
    timer_stop(&command->limit);
    if (command->slave >= 0)
        close(command->slave);
    command->slave = -1;
    if (all_read(command)) {
        finish(command);
        return;
    }
    command_settle(command);
    timer_set(&command->drain, DRAIN_IDLE_US, drain_more);
}

bool command_reaped(pid_t pid, int wait_status)
{
    struct command *command = commands;
    while (command && (command->pid != pid || command->gone))
        command = command->next;
    if (command)
        program_gone(command, wait_status);
    return command != NULL;
}

static size_t running_sessions(pid_t sessions[COMMANDS_MAX])
{
    size_t count = 0;
    for (struct command *command = commands; command; command = command->next)
        if (!command->ended)
            sessions[count++] = command->pid;
    return count;
}

void commands_end(void)
{
    pid_t sessions[COMMANDS_MAX];
    sessions_terminate(sessions, running_sessions(sessions));
}

void commands_kill(void)
{
    pid_t sessions[COMMANDS_MAX];
    sessions_kill(sessions, running_sessions(sessions));
}

void list_commands(struct bytes *out)
{
    const char *between = "[";
    for (const struct command *command = commands; command; command = command->next) {
        int64_t ran_us = command->gone ? command->ran_us : loop_now_us() - command->began_us;
        bytes_text(out, "%s{\"id\":\"%s\",\"pid\":%d,\"running\":%s,\"status\":%d,\"signal\":%d,\"timed_out\":%s,", between,
                   command->id, (int)command->pid, command->ended ? "false" : "true", command->status, command->signal,
                   command->timed_out ? "true" : "false");
        bytes_text(out, "\"tail\":%" PRIu64 ",\"head\":%" PRIu64 ",\"ran_ms\":%" PRId64 "}", command->ring.tail,
                   command->ring.head, ran_us / 1000);
        between = ",\n";
    }
    bytes_text(out, "%s]\n", *between == '[' ? "[" : "");
}
