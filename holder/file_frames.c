#include "file_frames.h"

#include <stdlib.h>
#include <string.h>

static bool is_component(const char *at, size_t size)
{
    bool dots = (size == 1 && at[0] == '.') || (size == 2 && at[0] == '.' && at[1] == '.');
    return size && size <= FILE_NAME_BYTES && !dots;
}

/* Absolute, and every component a plain name; "/" alone has none. */
static bool is_path(const char *path)
{
    if (*path != '/')
        return false;
    if (!path[1])
        return true;
    for (const char *at = path; *at;) {
        size_t size = strcspn(++at, "/");
        if (!is_component(at, size))
            return false;
        at += size;
    }
    return true;
}

static bool read_text(struct reader *reader, char *text, size_t room)
{
    size_t size = read_u16(reader);
    const uint8_t *bytes = read_bytes(reader, size);
    if (!bytes || size >= room || memchr(bytes, 0, size)) {
        reader->bad = true;
        return false;
    }
    *put_bytes((uint8_t *)text, bytes, size) = 0;
    return true;
}

static void read_path(struct reader *reader, char path[FILE_PATH_BYTES])
{
    if (read_text(reader, path, FILE_PATH_BYTES) && !is_path(path))
        reader->bad = true;
}

static void read_paths(struct reader *reader, struct file_request *request)
{
    char path[FILE_PATH_BYTES];
    uint16_t count = read_u16(reader);
    reader->bad |= !count || count > FILE_PATHS_MAX;
    if (reader->bad || !(request->paths = calloc(count, sizeof *request->paths))) {
        reader->bad = true;
        return;
    }
    for (; request->count < count && !reader->bad; request->count++) {
        read_path(reader, path);
        if (reader->bad || !(request->paths[request->count] = strdup(path))) {
            reader->bad = true;
            return;
        }
    }
}

static void read_version(struct reader *reader, struct file_request *request)
{
    if (!(request->flags & FILE_MATCHING))
        return;
    request->version.mtime_ns = read_u64(reader);
    request->version.size = read_u64(reader);
    request->version.inode = read_u64(reader);
}

static void read_rest(struct reader *reader, struct file_request *request)
{
    switch (request->type) {
    case FILE_LIST:
        request->limit = read_u32(reader);
        read_text(reader, request->text, sizeof request->text);
        break;
    case FILE_STAT:
    case FILE_REMOVE: request->flags = read_u8(reader); break;
    case FILE_READ:
        request->offset = read_u64(reader);
        request->length = read_u64(reader);
        break;
    case FILE_WRITE:
    case FILE_PART:
    case FILE_FOLDER:
        request->flags = read_u8(reader);
        request->mode = read_u16(reader) & 07777;
        if (request->type == FILE_PART) {
            request->upload = read_u64(reader);
            request->offset = read_u64(reader);
        } else {
            read_version(reader, request);
        }
        break;
    case FILE_MOVE:
    case FILE_COPY:
        read_path(reader, request->other);
        request->flags = read_u8(reader);
        break;
    case FILE_FIND:
    case FILE_SEARCH:
        request->limit = read_u32(reader);
        request->flags = request->type == FILE_SEARCH ? read_u8(reader) : 0;
        read_text(reader, request->text, sizeof request->text);
        break;
    default: reader->bad = true;
    }
}

const char *file_request_parse(const struct frame *frame, struct file_request *request)
{
    struct reader reader = {frame->body, frame->size, false};
    memset(request, 0, sizeof *request);
    request->type = (enum file_frame)frame->type;
    if (request->type == FILE_TAR || request->type == FILE_WATCH) {
        read_paths(&reader, request);
    } else {
        read_path(&reader, request->path);
        if (!reader.bad)
            read_rest(&reader, request);
    }
    if (!reader.bad && !reader.left)
        return NULL;
    file_request_free(request);
    return "a path is absolute, of names of at most 255 bytes, without NUL, \".\" and \"..\"";
}

void file_request_free(struct file_request *request)
{
    for (uint16_t i = 0; request->paths && i < request->count; i++)
        free(request->paths[i]);
    free(request->paths);
    request->paths = NULL;
    request->count = 0;
}
