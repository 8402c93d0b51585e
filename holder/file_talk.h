/* The two ends of an operation on files, which is a process of its own: there is one conversation in it. */
#ifndef HOLDER_FILE_TALK_H
#define HOLDER_FILE_TALK_H

#include <sys/stat.h>

#include "file_frames.h"

void talk_over(int in, int out);
int talk_in(void);
/* The next frame of the other side, waited for. False: there is none, it went away or makes no sense. */
bool talk_next(struct frame *frame);
/* Whether the other side went away. Asks the kernel every few milliseconds only. */
bool talk_is_over(void);

/* Answers are gathered and sent in pieces; talk_end sends the rest. False: the other side went away. */
bool talk_data(const void *data, size_t size);
bool talk_found(enum file_kind kind, const char *path);
bool talk_match(uint32_t line, uint32_t column, const char *path, const char *text, size_t size);
bool talk_event(enum file_what what, uint16_t index, const char *name);
bool talk_flush(void);
/* Any other frame. */
bool talk_say(int type, const void *body, size_t size);

/* The entry `name` of a folder; of the folder itself with "." and its name as `shown`. False: errno. */
bool talk_entry(int folder, const char *name, const char *shown);
void talk_stat(const struct stat *found, const char *shown, const char *target, enum file_kind target_kind);
enum file_kind kind_of(mode_t mode);

void talk_done(void);
void talk_done_u8(uint8_t value);
void talk_done_u64(uint64_t value);
void talk_failed(enum file_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says what errno means for this path. */
void talk_error(const char *path);

#endif
