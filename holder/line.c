#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "cli.h"
#include "confine.h"
#include "files.h"
#include "ports.h"

static struct watch from_server, to_server;
static struct bytes received, pending;
static const char *socket_folder;
static bool only_reads;
static uint32_t last_opened;

bool line_is_full(void)
{
    return pending.size > 0;
}

void line_send(uint32_t channel, enum line_frame type, const void *body, size_t size)
{
    uint8_t header[LINE_HEADER_BYTES];
    line_header(header, channel, type, size);
    struct iovec parts[] = {{header, sizeof header}, {(void *)(uintptr_t)body, size}};
    ssize_t wrote = pending.size ? 0 : writev(to_server.fd, parts, size ? 2 : 1);
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
        loop_stop();
        return;
    }
    size_t skip = wrote > 0 ? (size_t)wrote : 0, first = skip < sizeof header ? skip : sizeof header;
    bool good = (first == sizeof header || bytes_add(&pending, header + first, sizeof header - first)) &&
                (skip - first == size || bytes_add(&pending, (const uint8_t *)body + (skip - first), size - (skip - first)));
    if (!good || pending.size > LINE_PENDING_BYTES)
        loop_stop();
    watch_events(&to_server, pending.size ? EPOLLOUT : 0);
}

static void to_server_ready(struct watch *watch, uint32_t events)
{
    ssize_t wrote = pending.size ? write(watch->fd, pending.data + pending.start, pending.size) : 0;
    if (wrote > 0)
        bytes_drop(&pending, (size_t)wrote);
    if (events & (EPOLLERR | EPOLLHUP) || (wrote < 0 && errno != EAGAIN && errno != EINTR)) {
        loop_stop();
    } else if (!pending.size) {
        watch_events(watch, 0);
        channels_resume();
    }
}

/* ---- channels ---- */

static void refuse_channel(uint32_t number, enum line_code code, const char *text)
{
    uint8_t body[2 + 128];
    size_t size = strnlen(text, 128);
    put_bytes(put_u16(body, (uint16_t)code), text, size);
    line_send(number, LINE_CLOSE, body, 2 + size);
}

static void open_command(uint32_t number)
{
    static const char request[] = "command\n";
    int fd = holder_call(socket_folder);
    if (fd < 0) {
        refuse_channel(number, LINE_FAILED, "the holder does not answer");
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1 || !channel_start(number, LINE_COMMAND, fd))
        refuse_channel(number, LINE_FAILED, "the holder does not answer");
}

/* In a child: nothing of the line stays open, so that it ends when the server goes, whatever its children do. */
static void keep_only(int fd)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(fd, 3);
    for (int standard = 0; standard < 3; standard++)
        dup2(nothing, standard);
    if (syscall(SYS_close_range, 4u, ~0u, 0u) == 0)
        return;
    for (int other = 4; other < 4096; other++)
        close(other);
}

/* Each operation is a process of its own: it may block, and it ends with its socket. */
static void open_worker(uint32_t number, enum line_kind kind)
{
    int pair[2];
    if (channels_of(LINE_FILES) + channels_of(LINE_PORTS) >= WORKERS_MAX) {
        refuse_channel(number, LINE_TOO_MANY, "too many operations are under way in this session");
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        refuse_channel(number, LINE_FAILED, strerror(errno));
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        keep_only(pair[1]);
        if (kind == LINE_FILES)
            files_serve(3, 3, only_reads);
        else
            ports_serve(3);
        _exit(0);
    }
    close(pair[1]);
    if (pid < 0) {
        refuse_channel(number, LINE_FAILED, strerror(errno));
        close(pair[0]);
        return;
    }
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    if (!channel_start(number, kind, pair[0]))
        refuse_channel(number, LINE_FAILED, "out of memory");
}

/* False: the server does not keep to the protocol. */
static bool on_open(uint32_t number, struct reader *body)
{
    enum line_kind kind = read_u8(body);
    if (number <= last_opened)
        return false;
    last_opened = number;
    if (channels_open() >= CHANNELS_MAX) {
        refuse_channel(number, LINE_TOO_MANY, "too many channels are open on this line");
    } else if (kind == LINE_DIAL) {
        uint16_t port = read_u16(body);
        if (body->bad || !port)
            return false;
        channel_dial(number, port);
    } else if (kind == LINE_COMMAND) {
        open_command(number);
    } else if (kind == LINE_FILES || kind == LINE_PORTS) {
        open_worker(number, kind);
    } else {
        refuse_channel(number, LINE_FAILED, "this session's holder knows no such channel");
    }
    return true;
}

/* Frames for a channel that is gone were on their way when it went. */
static bool on_channel(const struct line_cut *cut, struct reader *body)
{
    struct channel *channel = channel_find(cut->channel);
    if (!channel)
        return cut->channel <= last_opened;
    switch (cut->type) {
    case LINE_DATA: return cut->size && channel_take(channel, cut->body, cut->size);
    case LINE_CREDIT: channel_credit(channel, read_u32(body)); return !body->bad;
    case LINE_END: channel_end(channel); return true;
    case LINE_CLOSE: channel_drop(channel); return true;
    default: return false;
    }
}

static bool on_frame(const struct line_cut *cut)
{
    struct reader body = {cut->body, cut->size, false};
    if (cut->type == LINE_OPEN)
        return on_open(cut->channel, &body);
    if (cut->type == LINE_PING && cut->channel == 0 && cut->size == 4) {
        line_send(0, LINE_PONG, cut->body, cut->size);
        return true;
    }
    return on_channel(cut, &body);
}

static void from_server_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    ssize_t got = read(watch->fd, loop_scratch(), TURN_BYTES);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        loop_stop();
        return;
    }
    if (got < 0)
        return;
    if (!bytes_add(&received, loop_scratch(), (size_t)got)) {
        loop_stop();
        return;
    }
    struct line_cut cut;
    long taken;
    while ((taken = line_frame_cut(received.data + received.start, received.size, &cut)) > 0) {
        if (!on_frame(&cut)) {
            taken = -1;
            break;
        }
        bytes_drop(&received, (size_t)taken);
        if (!received.size)
            return;
    }
    if (taken < 0) {
        fprintf(stderr, "holder: the line carried a frame that makes no sense\n");
        loop_stop();
    }
}

/* ---- the process ---- */

/* Whether the session may only read, as its process 1 says. */
static int ask_what_it_may(bool *reads)
{
    char answer[32];
    int status = holder_ask(socket_folder, "line", answer, sizeof answer);
    if (status != STATUS_OK)
        return status;
    *reads = strcmp(answer, "read\n") == 0;
    if (*reads || strcmp(answer, "write\n") == 0)
        return STATUS_OK;
    fprintf(stderr, "holder: process 1 is of an older version\n");
    return STATUS_USAGE;
}

static void nothing_more(void)
{
}

int line_serve(const char *folder)
{
    socket_folder = folder;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* children are reaped by the kernel */
    int status = ask_what_it_may(&only_reads);
    if (status != STATUS_OK)
        return status;
    if (only_reads && !confine_files(landlock_version())) {
        fprintf(stderr, "holder: cannot be confined to reading: %s\n", strerror(errno));
        return STATUS_IO;
    }
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
    if (!loop_open() || !watch_start(&from_server, 0, EPOLLIN, from_server_ready) ||
        !watch_start(&to_server, 1, 0, to_server_ready)) {
        fprintf(stderr, "holder: a line speaks over pipes or sockets\n");
        return STATUS_USAGE;
    }
    const uint8_t hello[] = {LINE_VERSION, only_reads ? LINE_ONLY_READS : 0};
    line_send(0, LINE_HELLO, hello, sizeof hello);
    loop_run(nothing_more);
    return STATUS_OK;
}
