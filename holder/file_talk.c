#include "file_talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Answers are sent when so much has been gathered. */
#define GATHERED_BYTES (64 * 1024)
#define LOOK_EVERY_US (20 * 1000)

static int from, to;
static struct bytes received, answers;
static size_t handled; /* of what was received: the frame that was handed out last */
static bool gone;
static int64_t looked_us;

void talk_over(int in, int out)
{
    from = in;
    to = out;
}

int talk_in(void)
{
    return from;
}

/* ---- in ---- */

bool talk_next(struct frame *frame)
{
    uint8_t data[16 * 1024];
    bytes_drop(&received, handled);
    handled = 0;
    for (;;) {
        long taken = received.size ? frame_cut(received.data + received.start, received.size, FILE_FRAME_BYTES, frame) : 0;
        handled = taken > 0 ? (size_t)taken : 0;
        if (taken)
            return taken > 0;
        ssize_t got = read(from, data, sizeof data);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || !bytes_add(&received, data, (size_t)got))
            return false;
    }
}

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Readable with nothing to read is the end. */
static bool reached_end(void)
{
    struct pollfd state = {from, POLLIN, 0};
    int waiting = 0;
    if (poll(&state, 1, 0) <= 0)
        return false;
    return state.revents & (POLLHUP | POLLERR | POLLNVAL) || (ioctl(from, FIONREAD, &waiting) == 0 && waiting == 0);
}

bool talk_is_over(void)
{
    int64_t now = now_us();
    if (!gone && now - looked_us >= LOOK_EVERY_US) {
        looked_us = now;
        gone = reached_end();
    }
    return gone;
}

/* ---- out ---- */

bool talk_flush(void)
{
    while (answers.size && !gone) {
        ssize_t wrote = write(to, answers.data + answers.start, answers.size);
        if (wrote > 0)
            bytes_drop(&answers, (size_t)wrote);
        else if (wrote < 0 && errno != EINTR)
            gone = true;
    }
    return !gone;
}

static bool add(enum file_frame type, const void *head, size_t head_size, const void *rest, size_t rest_size)
{
    uint8_t header[FRAME_HEADER_BYTES];
    frame_header(header, (enum frame_type)type, head_size + rest_size);
    bool good = bytes_add(&answers, header, sizeof header) && bytes_add(&answers, head, head_size) &&
                bytes_add(&answers, rest, rest_size);
    gone |= !good;
    return answers.size < GATHERED_BYTES ? !gone : talk_flush();
}

bool talk_say(int type, const void *body, size_t size)
{
    return add((enum file_frame)type, body, size, "", 0);
}

bool talk_data(const void *data, size_t size)
{
    return add(FILE_DATA, "", 0, data, size);
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t size)
{
    return put_bytes(put_u16(at, (uint16_t)size), text, size);
}

bool talk_found(enum file_kind kind, const char *path)
{
    uint8_t body[3 + FILE_PATH_BYTES];
    uint8_t *end = put_text(put_u8(body, (uint8_t)kind), path, strlen(path));
    return add(FILE_FOUND, body, (size_t)(end - body), "", 0);
}

bool talk_match(uint32_t line, uint32_t column, const char *path, const char *text, size_t size)
{
    uint8_t body[12 + FILE_PATH_BYTES + FILE_LINE_BYTES], *at = put_u32(put_u32(body, line), column);
    at = put_text(put_text(at, path, strlen(path)), text, size);
    return add(FILE_MATCH, body, (size_t)(at - body), "", 0);
}

bool talk_event(enum file_what what, uint16_t index, const char *name)
{
    uint8_t body[5 + FILE_NAME_BYTES + 1];
    uint8_t *end = put_text(put_u16(put_u8(body, (uint8_t)what), index), name, strlen(name));
    return add(FILE_EVENT, body, (size_t)(end - body), "", 0);
}

enum file_kind kind_of(mode_t mode)
{
    return S_ISREG(mode) ? FILE_IS_FILE : S_ISDIR(mode) ? FILE_IS_FOLDER : S_ISLNK(mode) ? FILE_IS_LINK : FILE_IS_OTHER;
}

void talk_stat(const struct stat *found, const char *shown, const char *target, enum file_kind target_kind)
{
    static uint8_t body[40 + FILE_NAME_BYTES + FILE_PATH_BYTES];
    uint8_t *at = put_u16(put_u8(body, (uint8_t)kind_of(found->st_mode)), found->st_mode & 07777);
    at = put_u32(put_u32(at, found->st_uid), found->st_gid);
    at = put_u64(at, (uint64_t)found->st_size);
    at = put_u64(at, (uint64_t)found->st_mtim.tv_sec * 1000000000u + (uint64_t)found->st_mtim.tv_nsec);
    at = put_text(put_u64(at, found->st_ino), shown, strnlen(shown, FILE_NAME_BYTES));
    at = put_u8(put_text(at, target, strlen(target)), (uint8_t)target_kind);
    add(FILE_ENTRY, body, (size_t)(at - body), "", 0);
}

bool talk_entry(int folder, const char *name, const char *shown)
{
    struct stat found, led_to;
    char target[FILE_PATH_BYTES];
    if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    ssize_t size = S_ISLNK(found.st_mode) ? readlinkat(folder, name, target, sizeof target - 1) : 0;
    target[size > 0 ? size : 0] = 0;
    bool leads = *target && fstatat(folder, name, &led_to, 0) == 0;
    talk_stat(&found, shown, target, leads ? kind_of(led_to.st_mode) : FILE_IS_NOTHING);
    return true;
}

/* ---- ends ---- */

static void finish(enum file_frame type, const void *body, size_t size)
{
    add(type, body, size, "", 0);
    talk_flush();
}

void talk_done(void)
{
    finish(FILE_DONE, "", 0);
}

void talk_done_u8(uint8_t value)
{
    finish(FILE_DONE, &value, 1);
}

void talk_done_u64(uint64_t value)
{
    uint8_t body[8];
    put_u64(body, value);
    finish(FILE_DONE, body, sizeof body);
}

void talk_failed(enum file_code code, const char *format, ...)
{
    uint8_t body[2 + 512];
    va_list values;
    va_start(values, format);
    int size = vsnprintf((char *)body + 2, sizeof body - 2, format, values);
    va_end(values);
    put_u16(body, (uint16_t)code);
    size_t kept = size < 0 ? 0 : (size_t)size < sizeof body - 2 ? (size_t)size : sizeof body - 3;
    for (size_t i = 2; i < 2 + kept; i++)
        if (body[i] < 0x20 || body[i] == 0x7f)
            body[i] = '?';
    finish(FILE_FAILED, body, 2 + kept);
}

static enum file_code code_of(int error)
{
    switch (error) {
    case ENOENT: return FILE_NOT_FOUND;
    case EEXIST: return FILE_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return FILE_NOT_ALLOWED;
    case EISDIR: return FILE_NOT_A_FILE;
    case ENXIO: return FILE_NOT_A_FILE; /* a named pipe or socket that nobody has open */
    case ENOTDIR: return FILE_NOT_A_FOLDER;
    case ENOTEMPTY: return FILE_NOT_EMPTY;
    case ELOOP: return FILE_LINK_REFUSED;
    case ENOSPC:
    case EDQUOT: return FILE_NO_SPACE;
    case EBUSY:
    case ETXTBSY: return FILE_BUSY;
    case ENAMETOOLONG: return FILE_MALFORMED;
    default: return FILE_OTHER;
    }
}

void talk_error(const char *path)
{
    int error = errno;
    talk_failed(code_of(error), "%.200s: %s", path, strerror(error));
}
