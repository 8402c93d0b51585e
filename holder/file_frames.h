/*
 * What travels on a FILES channel: one request, what it needs, and its answers. Twin: sessions/line/file_frames.py.
 * Frames as in frames.h: u32 length of what follows, u8 type, body; all numbers big-endian. Names are bytes, and a path
 * is absolute, without empty, `.` and `..` components. A text is u16 size and bytes.
 */
#ifndef HOLDER_FILE_FRAMES_H
#define HOLDER_FILE_FRAMES_H

#include "frames.h"

enum file_frame {
    /* requests */
    FILE_LIST = 0x01,   /* path, u32 limit, text after: names behind it. ENTRYs in order of their bytes, DONE (u8 more) */
    FILE_STAT = 0x02,   /* path, u8 flags FOLLOW. ENTRY, DONE */
    FILE_READ = 0x03,   /* path, u64 offset, u64 length (0: to the end). ENTRY, DATA, DONE */
    FILE_WRITE = 0x04,  /* path, u8 flags, u16 mode, version with MATCH; DATA and END follow. ENTRY, DONE */
    FILE_PART = 0x05,   /* path, u8 flags, u16 mode, u64 upload, u64 offset; DATA and END follow. DONE (u64 next offset) */
    FILE_FOLDER = 0x06, /* path, u8 flags, u16 mode. ENTRY, DONE */
    FILE_MOVE = 0x07,   /* path, path, u8 flags. ENTRY, DONE */
    FILE_COPY = 0x08,   /* path, path, u8 flags. ENTRY, DONE */
    FILE_REMOVE = 0x09, /* path, u8 flags. DONE (u64 how many) */
    FILE_TAR = 0x0a,    /* u16 count, paths. DATA, DONE (u64 skipped) */
    FILE_FIND = 0x0b,   /* path, u32 limit, text in the name, any case. FOUNDs, DONE (u8 more) */
    FILE_SEARCH = 0x0c, /* path, u32 limit, u8 flags, text. MATCHes, DONE (u8 more) */
    FILE_WATCH = 0x0d,  /* u16 count, paths of folders. EVENTs, without an end */
    /* both ways */
    FILE_DATA = 0x20, /* bytes (1..65536) */
    FILE_END = 0x21,  /* empty: the DATA is whole */
    /* answers */
    FILE_ENTRY = 0x81,  /* u8 kind, u16 mode, u32 uid, u32 gid, u64 size, u64 mtime in ns, u64 inode, text name, text target, u8 kind of the target */
    FILE_FOUND = 0x82,  /* u8 kind, text path below the folder */
    FILE_MATCH = 0x83,  /* u32 line, u32 column in bytes, text path below the folder, text line, cut */
    FILE_EVENT = 0x84,  /* u8 what, u16 index of the folder, text name */
    FILE_DONE = 0x8e,   /* see the request */
    FILE_FAILED = 0x8f, /* u16 code, text without its size */
};

enum file_flags {
    FILE_CREATE = 1,  /* it may be new */
    FILE_REPLACE = 2, /* it may be there */
    FILE_PARENTS = 4, /* make the folders above it */
    FILE_MATCHING = 8, /* only this version may be replaced: u64 mtime in ns, u64 size, u64 inode */
    FILE_RECURSIVE = 16,
    FILE_FOLLOW = 32,
    FILE_LAST = 64, /* of an upload: the file is whole now */
};

/* EXPRESSION: the text is a POSIX extended regular expression. */
enum file_search_flags { FILE_ANY_CASE = 1, FILE_EXPRESSION = 2 };

enum file_kind { FILE_IS_NOTHING = 0, FILE_IS_FILE = 1, FILE_IS_FOLDER = 2, FILE_IS_LINK = 3, FILE_IS_OTHER = 4 };
enum file_what { FILE_WATCHING = 0, FILE_APPEARED = 1, FILE_CHANGED = 2, FILE_GONE = 3, FILE_RELOAD = 4 };

enum file_code {
    FILE_MALFORMED = 1,
    FILE_NOT_FOUND = 2,
    FILE_EXISTS = 3,
    FILE_NOT_ALLOWED = 4,
    FILE_NOT_A_FILE = 5,   /* a folder, a device, a named pipe */
    FILE_NOT_A_FOLDER = 6,
    FILE_NOT_EMPTY = 7,
    FILE_LINK_REFUSED = 8, /* a link where none is followed */
    FILE_HAS_CHANGED = 9,
    FILE_OFFSET = 10,      /* the text is the offset at which the upload goes on */
    FILE_NO_SPACE = 11,
    FILE_BUSY = 12,
    FILE_OTHER = 13,
};

struct file_version {
    uint64_t mtime_ns, size, inode;
};

/* Every field that its kind of request has; paths and texts are ended by a zero byte. */
struct file_request {
    enum file_frame type;
    uint8_t flags;
    uint16_t mode, count; /* count: of the paths of TAR and WATCH */
    uint32_t limit;
    uint64_t offset, length, upload;
    struct file_version version;
    char path[FILE_PATH_BYTES], other[FILE_PATH_BYTES], text[FILE_TEXT_BYTES + 1];
    char **paths;
};

/* NULL, or a sentence that says what is wrong with it. */
const char *file_request_parse(const struct frame *frame, struct file_request *request);
void file_request_free(struct file_request *request);

#endif
