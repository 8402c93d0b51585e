/* The stack of titles: full-screen programs push the shell's title at their start and pop it at their end. */
#include <string.h>

#include "modes.h"

/* As many as xterm.js keeps. */
#define TITLES_KEPT 10

static void drop_oldest(struct titles *titles)
{
    size_t size = strlen(titles->text) + 1;
    titles->size -= (uint16_t)size;
    titles->count--;
    memmove(titles->text, titles->text + size, titles->size);
}

void titles_push(struct titles *titles, const char *title)
{
    size_t size = strlen(title) + 1;
    while (titles->count == TITLES_KEPT || titles->size + size > sizeof titles->text)
        drop_oldest(titles);
    memcpy(titles->text + titles->size, title, size);
    titles->size += (uint16_t)size;
    titles->count++;
}

void titles_pop(struct titles *titles, char *title)
{
    if (!titles->count)
        return;
    size_t at = titles->size - 1u; /* the zero that closes the last one */
    while (at > 0 && titles->text[at - 1])
        at--;
    memcpy(title, titles->text + at, titles->size - at);
    titles->size = (uint16_t)at;
    titles->count--;
}
