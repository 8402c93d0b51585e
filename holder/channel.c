#include "channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line.h"

static struct channel *channels;
static unsigned channel_count;

struct channel *channel_find(uint32_t number)
{
    struct channel *channel = channels;
    while (channel && channel->number != number)
        channel = channel->next;
    return channel;
}

unsigned channels_of(enum line_kind kind)
{
    unsigned count = 0;
    for (struct channel *channel = channels; channel; channel = channel->next)
        count += channel->kind == kind;
    return count;
}

unsigned channels_open(void)
{
    return channel_count;
}

static void take_out(struct channel *channel)
{
    struct channel **place = &channels;
    while (*place != channel)
        place = &(*place)->next;
    *place = channel->next;
}

void channel_drop(struct channel *channel)
{
    if (channel->dropped)
        return;
    channel->dropped = true;
    take_out(channel);
    watch_close(&channel->socket);
    if (channel->parked >= 0)
        close(channel->parked);
    bytes_free(&channel->waiting);
    channel_count--;
    loop_discard(&channel->garbage);
}

static void fail(struct channel *channel, enum line_code code, const char *text)
{
    uint8_t body[2 + 256];
    size_t size = strnlen(text, 256);
    put_bytes(put_u16(body, (uint16_t)code), text, size);
    line_send(channel->number, LINE_CLOSE, body, 2 + size);
    channel_drop(channel);
}

static bool may_read(const struct channel *channel)
{
    return !channel->said_end && channel->may_send && !line_is_full() && !channel->connecting;
}

static void socket_ready(struct watch *watch, uint32_t events);

static void watch_for_more(struct channel *channel)
{
    bool reads = may_read(channel), writes = channel->connecting || channel->waiting.size;
    if (channel->parked >= 0 && reads && watch_start(&channel->socket, channel->parked, EPOLLIN, socket_ready))
        channel->parked = -1;
    watch_events(&channel->socket, (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0));
}

static void drop_if_over(struct channel *channel)
{
    if (channel->ended && channel->said_end && !channel->waiting.size)
        channel_drop(channel);
    else if (channel->broken && channel->said_end)
        fail(channel, LINE_RESET, "the other side takes no more");
}

/* ---- to the socket ---- */

static void give_back(struct channel *channel, size_t size)
{
    uint8_t body[4];
    channel->taken += size;
    if (channel->taken < CREDIT_LUMP_BYTES || channel->ended)
        return;
    put_u32(body, (uint32_t)channel->taken);
    channel->may_come += channel->taken;
    channel->taken = 0;
    line_send(channel->number, LINE_CREDIT, body, sizeof body);
}

static void stop_writing(struct channel *channel)
{
    channel->broken = true;
    give_back(channel, channel->waiting.size);
    bytes_free(&channel->waiting);
}

/* Returns how many bytes the socket took; when it is broken, all of them are thrown away. */
static size_t write_some(struct channel *channel, const uint8_t *data, size_t size)
{
    ssize_t sent = send(channel->socket.fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    stop_writing(channel);
    return size;
}

static void flush(struct channel *channel)
{
    struct bytes *waiting = &channel->waiting;
    if (waiting->size) {
        size_t sent = write_some(channel, waiting->data + waiting->start, waiting->size);
        if (!channel->broken && sent) {
            bytes_drop(waiting, sent);
            give_back(channel, sent);
        }
    }
    if (channel->ended && !waiting->size && !channel->broken)
        shutdown(channel->socket.fd, SHUT_WR);
}

bool channel_take(struct channel *channel, const uint8_t *data, size_t size)
{
    if (size > channel->may_come || channel->ended)
        return false;
    channel->may_come -= size;
    size_t sent = 0;
    if (channel->broken)
        sent = size;
    else if (!channel->connecting && !channel->waiting.size)
        sent = write_some(channel, data, size);
    if (sent)
        give_back(channel, sent);
    if (sent < size && !bytes_add(&channel->waiting, data + sent, size - sent)) {
        fail(channel, LINE_FAILED, "out of memory");
        return true;
    }
    watch_for_more(channel);
    return true;
}

void channel_credit(struct channel *channel, uint32_t more)
{
    channel->may_send += more;
    watch_for_more(channel);
}

void channel_end(struct channel *channel)
{
    channel->ended = true;
    if (!channel->connecting)
        flush(channel);
    drop_if_over(channel);
    if (!channel->dropped)
        watch_for_more(channel);
}

/* ---- from the socket ---- */

static void reached_end(struct channel *channel)
{
    channel->said_end = true;
    line_send(channel->number, LINE_END, NULL, 0);
    drop_if_over(channel);
}

static void read_some(struct channel *channel)
{
    uint8_t data[CHANNEL_TURN_BYTES];
    size_t most = channel->may_send < sizeof data ? channel->may_send : sizeof data;
    ssize_t got = read(channel->socket.fd, data, most);
    if (got > 0) {
        channel->may_send -= (size_t)got;
        line_send(channel->number, LINE_DATA, data, (size_t)got);
    } else if (got == 0 || (errno == ECONNRESET && channel->kind != LINE_DIAL)) {
        reached_end(channel);
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(channel, LINE_RESET, strerror(errno));
    }
}

static void connected(struct channel *channel);

/* A hang-up is told again and again: until there is credit for what is left to read, the socket is not looked at. */
static void park(struct channel *channel)
{
    channel->parked = watch_release(&channel->socket);
    stop_writing(channel);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
    struct channel *channel = OWNER(watch, struct channel, socket);
    if (channel->connecting) {
        connected(channel);
        return;
    }
    if (events & EPOLLOUT)
        flush(channel);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && may_read(channel))
        read_some(channel);
    else if (events & (EPOLLHUP | EPOLLERR))
        park(channel);
    if (!channel->dropped)
        drop_if_over(channel);
    if (!channel->dropped)
        watch_for_more(channel);
}

void channels_resume(void)
{
    for (struct channel *channel = channels; channel; channel = channel->next)
        watch_for_more(channel);
}

/* ---- open ---- */

struct channel *channel_start(uint32_t number, enum line_kind kind, int fd)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel || !watch_start(&channel->socket, fd, 0, socket_ready)) {
        free(channel);
        close(fd);
        return NULL;
    }
    channel->number = number;
    channel->kind = kind;
    channel->parked = -1;
    channel->may_send = channel->may_come = CHANNEL_CREDIT_BYTES;
    channel->next = channels;
    channels = channel;
    channel_count++;
    watch_for_more(channel);
    return channel;
}

static int connect_to(uint16_t port, bool second_address)
{
    struct sockaddr_in first = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 second = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int on = 1, fd = socket(second_address ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int done = second_address ? connect(fd, (struct sockaddr *)&second, sizeof second)
                              : connect(fd, (struct sockaddr *)&first, sizeof first);
    if (done == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void try_second(struct channel *channel, int error)
{
    char text[96];
    int fd = channel->second_address ? -1 : connect_to((uint16_t)channel->port, true);
    watch_close(&channel->socket);
    channel->second_address = true;
    if (fd >= 0 && watch_start(&channel->socket, fd, EPOLLOUT, socket_ready))
        return;
    snprintf(text, sizeof text, "port %u: %s", channel->port, strerror(error));
    fail(channel, LINE_REFUSED, text);
}

static void connected(struct channel *channel)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(channel->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        try_second(channel, error);
        return;
    }
    channel->connecting = false;
    line_send(channel->number, LINE_OPENED, NULL, 0);
    flush(channel);
    watch_for_more(channel);
}

void channel_dial(uint32_t number, uint16_t port)
{
    int fd = connect_to(port, false);
    bool second = fd < 0;
    if (second)
        fd = connect_to(port, true);
    struct channel *channel = fd >= 0 ? channel_start(number, LINE_DIAL, fd) : NULL;
    if (!channel) {
        uint8_t body[2 + 128];
        int size = snprintf((char *)body + 2, 128, "port %u: %s", port, strerror(errno));
        put_u16(body, LINE_REFUSED);
        line_send(number, LINE_CLOSE, body, 2 + (size_t)size);
        return;
    }
    channel->port = port;
    channel->connecting = true;
    channel->second_address = second;
    watch_for_more(channel);
}
