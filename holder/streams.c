#include "streams.h"

#include <stdbool.h>
#include <stdlib.h>

#include "limits.h"

static struct stretch *at(const struct streams *streams, size_t index)
{
    return &streams->list[(streams->first + index) & (streams->capacity - 1)];
}

static bool grow(struct streams *streams)
{
    size_t capacity = streams->capacity ? 2 * streams->capacity : 8;
    if (capacity > STRETCHES_KEPT)
        return false;
    struct stretch *list = malloc(capacity * sizeof *list);
    if (!list)
        return false;
    for (size_t i = 0; i < streams->count; i++)
        list[i] = *at(streams, i);
    free(streams->list);
    streams->list = list;
    streams->capacity = capacity;
    streams->first = 0;
    return true;
}

static void drop_first(struct streams *streams)
{
    streams->first = (streams->first + 1) & (streams->capacity - 1);
    streams->count--;
}

uint64_t streams_begin(struct streams *streams, uint64_t offset, uint8_t stream)
{
    if (streams->count == streams->capacity && !grow(streams)) {
        if (!streams->capacity)
            return offset; /* no memory at all */
        drop_first(streams);
    }
    *at(streams, streams->count++) = (struct stretch){offset, stream};
    return at(streams, 0)->from;
}

uint8_t streams_at(const struct streams *streams, uint64_t offset, uint64_t *end)
{
    size_t low = 0, high = streams->count; /* the stretch is in low..high-1 */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (at(streams, middle)->from <= offset)
            low = middle;
        else
            high = middle;
    }
    *end = high < streams->count ? at(streams, high)->from : UINT64_MAX;
    return streams->count ? at(streams, low)->stream : 1;
}

void streams_forget(struct streams *streams, uint64_t offset)
{
    while (streams->count > 1 && at(streams, 1)->from <= offset)
        drop_first(streams);
}

void streams_free(struct streams *streams)
{
    free(streams->list);
    *streams = (struct streams){0};
}
