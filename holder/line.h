/* `holder line`: one stream of the engine, many channels. A process of its own beside process 1. */
#ifndef HOLDER_LINE_H
#define HOLDER_LINE_H

#include "line_frames.h"

/* Serves stdin and stdout until stdin ends. Returns the exit status. */
int line_serve(const char *folder);

/* For channels: sends a frame, keeping what the pipe does not take. */
void line_send(uint32_t channel, enum line_frame type, const void *body, size_t size);
/* Whether the pipe to the server is full: then channels do not read. */
bool line_is_full(void);

#endif
