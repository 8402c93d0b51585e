/* Which frame a link gets next. Nothing is queued: each is made from the terminal's state when the pipe has room. */
#ifndef HOLDER_STREAM_H
#define HOLDER_STREAM_H

#include <stddef.h>

struct link;

/* Sends one frame (an INPUT_ACK may travel with it) and returns its size; 0 when nothing is due now. */
size_t stream_next(struct link *link);
/* When more may be due without an event of its own, link->hold is set. */

#endif
