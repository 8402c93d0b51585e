#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "callers.h"
#include "history.h"
#include "limits.h"
#include "modes.h"
#include "terminal.h"

int holder_call(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int size = snprintf(address.sun_path, sizeof address.sun_path, "%s/" SOCKET_NAME, folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && size > 0 && (size_t)size < sizeof address.sun_path &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    fprintf(stderr, "holder: no holder answers in %s: %s\n", folder, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Sends the line, with stdin and stdout when `hand_over`. */
static bool ask(int fd, const char *word, const char *argument, bool hand_over)
{
    char line[REQUEST_BYTES];
    int size = snprintf(line, sizeof line, "%s%s%s\n", word, *argument ? " " : "", argument);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec data = {line, (size_t)size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (hand_over) {
        const int pipes[] = {0, 1};
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof pipes), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), pipes, sizeof pipes);
    }
    return size > 0 && (size_t)size < sizeof line && sendmsg(fd, &message, MSG_NOSIGNAL) == size;
}

/* Copies the answer to `out` and keeps its start in `first`; false when the holder went away without one. */
static bool relay(int fd, FILE *out, char *first, size_t room)
{
    char data[4096];
    ssize_t got;
    bool any = false;
    *first = 0;
    while ((got = read(fd, data, sizeof data)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        if (!any)
            snprintf(first, room, "%.*s", (int)got, data);
        any = true;
        if (out && fwrite(data, 1, (size_t)got, out) != (size_t)got)
            return false;
    }
    return any && (!out || fflush(out) == 0);
}

static int ask_and_relay(const char *folder, const char *word, const char *argument, FILE *out)
{
    char first[32] = "";
    int fd = holder_call(folder);
    bool answered = fd >= 0 && ask(fd, word, argument, false) && relay(fd, out, first, sizeof first);
    if (fd >= 0)
        close(fd);
    if (!answered)
        return STATUS_AWAY;
    return strcmp(first, "unknown\n") == 0 ? STATUS_UNKNOWN : strcmp(first, "malformed\n") == 0 ? STATUS_USAGE : STATUS_OK;
}

int holder_ask(const char *folder, const char *word, char *answer, size_t room)
{
    int fd = holder_call(folder);
    bool answered = fd >= 0 && ask(fd, word, "", false) && relay(fd, NULL, answer, room);
    if (fd >= 0)
        close(fd);
    return answered ? STATUS_OK : STATUS_AWAY;
}

static bool is_pipe_or_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static int refuse_usage(const char *text)
{
    fprintf(stderr, "holder: %s\n", text);
    return STATUS_USAGE;
}

int cli_attach(const char *folder, const char *terminal)
{
    char answer[32];
    if (!terminal_id_is_valid(terminal))
        return refuse_usage("a terminal id is 1 to 64 of A-Z a-z 0-9 _ -");
    if (!is_pipe_or_socket(0) || !is_pipe_or_socket(1))
        return refuse_usage("attach speaks frames over pipes or sockets, not over a terminal or a file");
    int fd = holder_call(folder);
    if (fd < 0 || !ask(fd, "attach", terminal, true))
        return STATUS_AWAY;
    close(0); /* the holder's now: when it lets go, the other side sees it at once */
    close(1);
    relay(fd, NULL, answer, sizeof answer);
    return *answer ? STATUS_USAGE : STATUS_OK;
}

int cli_end(const char *folder, const char *terminal)
{
    if (!terminal_id_is_valid(terminal))
        return refuse_usage("a terminal id is 1 to 64 of A-Z a-z 0-9 _ -");
    int status = ask_and_relay(folder, "end", terminal, NULL);
    if (status == STATUS_UNKNOWN)
        fprintf(stderr, "holder: there is no terminal %s\n", terminal);
    return status;
}

int cli_ready(const char *folder)
{
    return ask_and_relay(folder, "ready", "", NULL);
}

int cli_list(const char *folder)
{
    return ask_and_relay(folder, "list", "", stdout);
}

int cli_commands(const char *folder)
{
    return ask_and_relay(folder, "commands", "", stdout);
}

int cli_modes(struct size size)
{
    static struct modes modes;
    static uint8_t data[TURN_BYTES], preamble[PREAMBLE_BYTES];
    ssize_t got;
    modes_start(&modes);
    modes_resize(&modes, size);
    while ((got = read(0, data, sizeof data)) > 0)
        modes_feed(&modes, data, (size_t)got);
    size_t written = modes_preamble(&modes, preamble);
    return fwrite(preamble, 1, written, stdout) == written && fflush(stdout) == 0 ? STATUS_OK : STATUS_AWAY;
}

static bool write_output(const struct ring *ring, uint64_t from)
{
    for (size_t size; from < ring->head; from += size) {
        const uint8_t *data = ring_at(ring, from, &size);
        if (fwrite(data, 1, size, stdout) != size)
            return false;
    }
    return fflush(stdout) == 0;
}

int cli_replay(struct size size, uint32_t lines)
{
    static struct history history;
    static struct modes modes;
    static uint8_t data[4096], preamble[PREAMBLE_BYTES]; /* as much as a PTY gives at a time */
    ssize_t got;
    history_start(&history, size);
    while ((got = read(0, data, sizeof data)) > 0)
        history_append(&history, data, (size_t)got);
    uint64_t start = history_state_near(&history, lines ? history_start_of(&history, lines) : 0, &modes);
    size_t written = modes_preamble(&modes, preamble);
    printf("%llu\n", (unsigned long long)start);
    bool done = fwrite(preamble, 1, written, stdout) == written && write_output(&history.ring, start);
    history_free(&history);
    return done ? STATUS_OK : STATUS_AWAY;
}
