#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link.h"
#include "processes.h"
#include "pty.h"

struct options options = {.silent_us = 10 * 1000 * 1000, .kill_us = 5 * 1000 * 1000, .repaint_us = JIGGLE_US};

static struct terminal *terminals;

struct terminal *terminal_first(void)
{
    return terminals;
}

bool terminal_id_is_valid(const char *id)
{
    size_t size = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return size >= 1 && size <= TERMINAL_ID_BYTES && !id[size];
}

struct terminal *terminal_find(const char *id)
{
    struct terminal *terminal = terminals;
    while (terminal && strcmp(terminal->id, id) != 0)
        terminal = terminal->next;
    return terminal;
}

unsigned terminals_running(void)
{
    unsigned count = 0;
    for (struct terminal *terminal = terminals; terminal; terminal = terminal->next)
        count += !terminal->ended;
    return count;
}

static void append_terminal(struct terminal *terminal)
{
    struct terminal **place = &terminals;
    while (*place)
        place = &(*place)->next;
    *place = terminal;
    terminal->next = NULL;
}

static void wake_all(struct terminal *terminal)
{
    for (struct link *link = terminal->links; link; link = link->next)
        link_wake(link);
}

static void presence_changed(struct terminal *terminal)
{
    for (struct link *link = terminal->links; link; link = link->next)
        link->presence_due = true;
    wake_all(terminal);
}

static void take_out(struct terminal *terminal)
{
    struct terminal **place = &terminals;
    while (*place != terminal)
        place = &(*place)->next;
    *place = terminal->next;
}

static void forget(struct terminal *terminal)
{
    take_out(terminal);
    while (terminal->links)
        link_close(terminal->links);
    timer_stop(&terminal->kill);
    history_free(&terminal->history);
    loop_discard(&terminal->garbage);
}

/* Keeps the last ENDED_KEPT ended terminals. */
static void forget_old(void)
{
    struct terminal *oldest = NULL;
    unsigned ended = 0;
    for (struct terminal *terminal = terminals; terminal; terminal = terminal->next) {
        if (terminal->ended && !oldest)
            oldest = terminal;
        ended += terminal->ended;
    }
    if (ended > ENDED_KEPT)
        forget(oldest);
}

/* ---- who is read when ---- */

/* By its driver's window; what is left after the shell's end is little. All others take turns. */
static bool is_paced(const struct terminal *terminal)
{
    return terminal->shell_gone || (terminal->driver && !terminal->driver->silent);
}

static bool may_read(struct terminal *terminal)
{
    return is_paced(terminal) || turn_ask(&terminal->turn);
}

static void turn_begun(struct turn *turn)
{
    terminal_settle(OWNER(turn, struct terminal, turn));
}

/* The shell is gone and its output read: viewers get EXIT after the last byte. */
static void finish(struct terminal *terminal)
{
    watch_close(&terminal->pty);
    input_free(&terminal->input);
    timer_stop(&terminal->silence);
    timer_stop(&terminal->drain);
    timer_stop(&terminal->jiggle);
    terminal->ended = true;
    turn_leave(&terminal->turn);
    take_out(terminal); /* from here on its place in the row says when it ended */
    append_terminal(terminal);
    wake_all(terminal);
    forget_old();
}

static bool window_is_full(const struct terminal *terminal)
{
    const struct link *driver = terminal->driver;
    return driver && !driver->silent && terminal->history.ring.head - driver->acked >= driver->window.bytes;
}

static void driver_is_silent(struct timer *timer)
{
    struct terminal *terminal = OWNER(timer, struct terminal, silence);
    if (terminal->driver)
        terminal->driver->silent = true;
    terminal_settle(terminal);
}

void terminal_settle(struct terminal *terminal)
{
    if (terminal->ended)
        return;
    terminal->gated = window_is_full(terminal);
    if (is_paced(terminal))
        turn_leave(&terminal->turn);
    uint32_t reading = terminal->gated || turn_waits(&terminal->turn) ? 0 : EPOLLIN, writing = input_waits(&terminal->input) ? EPOLLOUT : 0;
    watch_events(&terminal->pty, reading | writing);
    if (!terminal->gated)
        timer_stop(&terminal->silence);
    else if (!terminal->silence.armed)
        timer_set(&terminal->silence, options.silent_us, driver_is_silent);
}

void terminal_driver_read(struct terminal *terminal)
{
    terminal->driver->silent = false;
    timer_stop(&terminal->silence);
    terminal_settle(terminal);
}

static void output_arrived(struct terminal *terminal, const uint8_t *data, size_t size)
{
    history_append(&terminal->history, data, size);
    terminal->active_us = loop_now_us();
    for (struct link *link = terminal->links; link; link = link->next)
        link->urgent |= terminal->urgent;
    terminal->urgent = false;
    wake_all(terminal);
}

/* A PTY gives at most 4 KiB per read: several are taken at once. False: it is at its end. */
static bool read_output(struct terminal *terminal)
{
    uint8_t *data = loop_scratch();
    size_t size = 0;
    ssize_t got = 0;
    while (size < TURN_BYTES && (got = read(terminal->pty.fd, data + size, TURN_BYTES - size)) > 0)
        size += (size_t)got;
    bool open = got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
    if (size)
        output_arrived(terminal, data, size);
    return open;
}

static void write_input(struct terminal *terminal)
{
    if (!input_write(&terminal->input, terminal->pty.fd))
        input_free(&terminal->input);
    for (struct link *link = terminal->links; link; link = link->next)
        link_input_written(link);
}

static void pty_ready(struct watch *watch, uint32_t events)
{
    struct terminal *terminal = OWNER(watch, struct terminal, pty);
    if (events & EPOLLOUT)
        write_input(terminal);
    /* With EPOLLHUP only what the kernel still holds is left: little enough to be read past the gate. */
    bool open = !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || !may_read(terminal) || read_output(terminal);
    if (open)
        terminal_settle(terminal);
    else if (terminal->shell_gone)
        finish(terminal);
    else
        watch_events(&terminal->pty, 0);
}

void terminal_type(struct terminal *terminal, size_t size)
{
    terminal->active_us = loop_now_us();
    terminal->urgent |= size <= KEYSTROKE_BYTES;
    write_input(terminal);
    terminal_settle(terminal);
}

static struct size size_or_default(uint16_t cols, uint16_t rows)
{
    return cols && rows ? size_clamped(cols, rows) : (struct size){COLS_DEFAULT, ROWS_DEFAULT};
}

static bool random_epoch(uint64_t *epoch)
{
    return getrandom(epoch, sizeof *epoch, 0) == sizeof *epoch;
}

/* Returns its pid; -1: nothing is left behind, and why. */
static pid_t start_shell(const struct program *program, struct size size, struct pty *pty, struct refusal *why)
{
    if (!pty_open(pty, size)) {
        refuse(why, ERROR_CANNOT_START, "no terminal could be opened: %s", strerror(errno));
        return -1;
    }
    const struct stdio stdio = {{pty->slave, pty->slave, pty->slave}, true};
    pid_t pid = program_start(program, &stdio, why);
    if (pid > 0)
        return pid;
    why->code = ERROR_CANNOT_START;
    close(pty->slave);
    close(pty->fd);
    return -1;
}

static void adopt_shell(struct terminal *terminal, pid_t pid, const struct pty *pty, struct size size)
{
    terminal->pid = pid;
    terminal->slave = pty->slave;
    terminal->turn.begun = turn_begun;
    terminal->active_us = loop_now_us();
    history_start(&terminal->history, size);
    append_terminal(terminal);
}

struct terminal *terminal_create(const char *id, const struct link_request *request, struct refusal *why)
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    struct size size = size_or_default(request->cols, request->rows);
    struct pty pty;
    pid_t pid;
    if (!terminal || !random_epoch(&terminal->epoch)) {
        refuse(why, ERROR_CANNOT_START, "out of memory");
    } else if ((pid = start_shell(&request->program, size, &pty, why)) > 0) {
        snprintf(terminal->id, sizeof terminal->id, "%s", id);
        if (!watch_start(&terminal->pty, pty.fd, EPOLLIN, pty_ready))
            abort(); /* the kernel refused to watch a PTY: nothing of the holder would work */
        adopt_shell(terminal, pid, &pty, size);
        return terminal;
    }
    free(terminal);
    return NULL;
}

void terminal_join(struct terminal *terminal, struct link *link)
{
    link->next = terminal->links;
    terminal->links = link;
    terminal->link_count++;
    presence_changed(terminal);
}

void terminal_leave(struct terminal *terminal, struct link *link)
{
    struct link **place = &terminal->links;
    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    terminal->link_count--;
    if (terminal->driver == link) {
        terminal->driver = NULL;
        terminal_settle(terminal);
    }
    presence_changed(terminal);
}

void terminal_drive(struct terminal *terminal, struct link *link)
{
    if (terminal->driver == link)
        return;
    if (terminal->driver)
        terminal->driver->answers = false;
    queries_pass(&terminal->history.queries);
    terminal->driver = link;
    link->silent = false;
    timer_stop(&terminal->silence);
    if (link->size.cols)
        terminal_set_size(terminal, link->size);
    link_repaint_if_due(link);
    presence_changed(terminal);
    terminal_settle(terminal);
}

void terminal_set_size(struct terminal *terminal, struct size size)
{
    struct size now = history_size(&terminal->history);
    if (terminal->ended || (now.cols == size.cols && now.rows == size.rows))
        return;
    pty_resize(terminal->pty.fd, size);
    history_resize(&terminal->history, size);
    wake_all(terminal);
}

static void jiggle_back(struct timer *timer)
{
    struct terminal *terminal = OWNER(timer, struct terminal, jiggle);
    pty_resize(terminal->pty.fd, history_size(&terminal->history));
}

void terminal_repaint(struct terminal *terminal)
{
    struct size size = history_size(&terminal->history);
    if (terminal->ended)
        return;
    size.rows += size.rows > ROWS_MIN ? -1 : 1;
    pty_resize(terminal->pty.fd, size);
    timer_set(&terminal->jiggle, options.repaint_us, jiggle_back);
}

static void kill_session(struct timer *timer)
{
    const struct terminal *terminal = OWNER(timer, struct terminal, kill);
    session_kill_rest(terminal->pid);
    if (!terminal->shell_gone)
        kill(terminal->pid, SIGKILL);
}

void terminal_end(struct terminal *terminal)
{
    if (terminal->ended || terminal->kill.armed)
        return;
    sessions_hang_up(&terminal->pid, 1);
    timer_set(&terminal->kill, options.kill_us, kill_session);
}

/* Over when nothing came for a while, or when a background program goes on and on; a driver that reads is waited for. */
static void drain_more(struct timer *timer)
{
    struct terminal *terminal = OWNER(timer, struct terminal, drain);
    int64_t now = loop_now_us();
    bool waits = terminal->gated && now - terminal->drain_from_us < DRAIN_GATED_US;
    bool flows = !terminal->gated && now - terminal->active_us < DRAIN_IDLE_US &&
                 now - terminal->drain_from_us < DRAIN_MAX_US;
    if (waits || flows)
        timer_set(timer, DRAIN_IDLE_US, drain_more);
    else
        finish(terminal);
}

static void shell_gone(struct terminal *terminal, int wait_status)
{
    terminal->shell_gone = true;
    terminal->status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    close(terminal->slave); /* now the PTY ends with its last byte, unless a background program holds it */
    terminal->slave = -1;
    terminal->drain_from_us = loop_now_us();
    terminal_settle(terminal);
    timer_set(&terminal->drain, DRAIN_IDLE_US, drain_more);
}

bool terminal_reaped(pid_t pid, int wait_status)
{
    struct terminal *terminal = terminals;
    while (terminal && (terminal->pid != pid || terminal->shell_gone))
        terminal = terminal->next;
    if (terminal)
        shell_gone(terminal, wait_status);
    return terminal != NULL;
}

static size_t running_sessions(pid_t sessions[TERMINALS_MAX])
{
    size_t count = 0;
    for (struct terminal *terminal = terminals; terminal; terminal = terminal->next)
        if (!terminal->ended)
            sessions[count++] = terminal->pid;
    return count;
}

void terminals_hang_up(void)
{
    pid_t sessions[TERMINALS_MAX];
    sessions_hang_up(sessions, running_sessions(sessions));
}

void terminals_kill(void)
{
    pid_t sessions[TERMINALS_MAX];
    sessions_kill(sessions, running_sessions(sessions));
}
