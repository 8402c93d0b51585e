#include "callers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "command.h"
#include "follower.h"
#include "frames.h"
#include "link.h"
#include "listing.h"
#include "loop.h"
#include "program.h"
#include "terminal.h"

/* After accept found no descriptor free, the next try. */
#define ACCEPT_PAUSE_US (100 * 1000)

struct caller {
    struct garbage garbage;
    struct watch socket;
    struct timer deadline;
    char request[REQUEST_BYTES];
    size_t size;
    int handed[2], handed_count; /* its stdin and stdout */
    struct bytes answer;
};

static struct watch listener;
static struct timer accept_pause;
static unsigned caller_count;
static char socket_path[sizeof((struct sockaddr_un *)0)->sun_path];

static void end_caller(struct caller *caller)
{
    timer_stop(&caller->deadline);
    while (caller->handed_count)
        close(caller->handed[--caller->handed_count]);
    watch_close(&caller->socket);
    bytes_free(&caller->answer);
    caller_count--;
    loop_discard(&caller->garbage);
}

static void deadline_passed(struct timer *timer)
{
    end_caller(OWNER(timer, struct caller, deadline));
}

static void send_answer(struct caller *caller)
{
    ssize_t sent = send(caller->socket.fd, caller->answer.data + caller->answer.start, caller->answer.size, MSG_NOSIGNAL);
    if (sent > 0)
        bytes_drop(&caller->answer, (size_t)sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        bytes_free(&caller->answer);
    if (caller->answer.size)
        watch_events(&caller->socket, EPOLLOUT);
    else
        end_caller(caller);
}

static void answer(struct caller *caller, const char *text)
{
    bytes_add(&caller->answer, text, strlen(text));
    send_answer(caller);
}

/* One ERROR frame, as far as the pipe takes it at once: there is no link that could wait. */
static void turn_away(int out)
{
    uint8_t frame[FRAME_HEADER_BYTES + 64];
    uint8_t *end = frame_error(frame, ERROR_TOO_MANY_LINKS, "too many viewers in this session");
    fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
    if (write(out, frame, (size_t)(end - frame)) < 0)
        fprintf(stderr, "holder: a viewer too many could not be told: %s\n", strerror(errno));
}

static void attach(struct caller *caller, const char *id)
{
    if (caller->handed_count != 2 || !terminal_id_is_valid(id)) {
        answer(caller, "malformed\n");
        return;
    }
    int control = watch_release(&caller->socket);
    if (link_open(caller->handed[0], caller->handed[1], control, id)) {
        caller->handed_count = 0; /* the link closes them from now on */
    } else {
        turn_away(caller->handed[1]);
        close(control);
    }
    end_caller(caller);
}

static void end_terminal(struct caller *caller, const char *id)
{
    struct terminal *terminal = terminal_find(id);
    if (terminal)
        terminal_end(terminal);
    answer(caller, terminal ? "ok\n" : "unknown\n");
}

/* The socket is the follower's from now on, with what came behind the request. */
static void follow(struct caller *caller, const char *rest)
{
    size_t size = caller->size - (size_t)(rest - caller->request);
    int fd = watch_release(&caller->socket);
    if (!follower_open(fd, rest, size))
        close(fd);
    end_caller(caller);
}

static void handle(struct caller *caller, const char *rest)
{
    char *word = caller->request, *argument = strchr(word, ' ');
    if (argument)
        *argument++ = 0;
    if (argument && strcmp(word, "attach") == 0) {
        attach(caller, argument);
    } else if (argument && strcmp(word, "end") == 0) {
        end_terminal(caller, argument);
    } else if (strcmp(word, "command") == 0) {
        follow(caller, rest);
    } else if (strcmp(word, "commands") == 0) {
        list_commands(&caller->answer);
        send_answer(caller);
    } else if (strcmp(word, "line") == 0) {
        answer(caller, programs_may_write() ? "write\n" : "read\n");
    } else if (strcmp(word, "list") == 0) {
        list_terminals(&caller->answer);
        send_answer(caller);
    } else {
        answer(caller, strcmp(word, "ready") == 0 ? "ok\n" : "malformed\n");
    }
}

/* Descriptors come with the bytes; more than two, or a second pair, are closed at once. */
static void take_descriptors(struct caller *caller, struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (caller->handed_count < 2)
                caller->handed[caller->handed_count++] = fd;
            else
                close(fd);
        }
    }
}

static ssize_t receive(struct caller *caller)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec data = {caller->request + caller->size, sizeof caller->request - 1 - caller->size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(caller->socket.fd, &message, MSG_CMSG_CLOEXEC);
    if (got >= 0)
        take_descriptors(caller, &message);
    return got;
}

static void caller_ready(struct watch *watch, uint32_t events)
{
    struct caller *caller = OWNER(watch, struct caller, socket);
    if (events & EPOLLOUT) {
        send_answer(caller);
        return;
    }
    ssize_t got = receive(caller);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    caller->size += got > 0 ? (size_t)got : 0;
    char *end = memchr(caller->request, '\n', caller->size);
    if (end) {
        *end = 0;
        handle(caller, end + 1);
    } else if (got <= 0 || caller->size == sizeof caller->request - 1) {
        end_caller(caller);
    }
}

static bool may_call(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void welcome_caller(int fd)
{
    struct caller *caller = caller_count < CALLERS_MAX && may_call(fd) ? calloc(1, sizeof *caller) : NULL;
    if (!caller || !watch_start(&caller->socket, fd, EPOLLIN, caller_ready)) {
        free(caller);
        close(fd);
        return;
    }
    caller_count++;
    timer_set(&caller->deadline, HANDSHAKE_US, deadline_passed);
}

static void accept_again(struct timer *timer)
{
    (void)timer;
    watch_events(&listener, EPOLLIN);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        welcome_caller(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        watch_events(&listener, 0);
        timer_set(&accept_pause, ACCEPT_PAUSE_US, accept_again);
    }
}

/* A socket that nobody answers on is left over from a holder that was killed. */
static bool is_in_use(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0)
        close(fd);
    return answered;
}

static int open_listener(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    bool good = fd >= 0 && bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 && listen(fd, CALLERS_MAX) == 0;
    umask(before);
    if (good)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool callers_listen(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int size = snprintf(address.sun_path, sizeof address.sun_path, "%s/" SOCKET_NAME, folder);
    if (size < 0 || (size_t)size >= sizeof address.sun_path) {
        fprintf(stderr, "holder: the path of the socket is too long: %s\n", folder);
        return false;
    }
    if (is_in_use(&address)) {
        fprintf(stderr, "holder: another holder answers on %s\n", address.sun_path);
        return false;
    }
    unlink(address.sun_path);
    int fd = open_listener(&address);
    if (fd < 0 || !watch_start(&listener, fd, EPOLLIN, listener_ready)) {
        fprintf(stderr, "holder: cannot listen on %s: %s\n", address.sun_path, strerror(errno));
        return false;
    }
    memcpy(socket_path, address.sun_path, sizeof socket_path);
    return true;
}

void callers_stop(void)
{
    watch_close(&listener);
    unlink(socket_path);
}
