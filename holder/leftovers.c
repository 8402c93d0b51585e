#include "leftovers.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "limits.h"
#include "loop.h"

struct leftover {
    struct garbage garbage;
    struct leftover *next;
    struct watch output;
    struct timer pause; /* after each read: a flood that nobody hears costs next to nothing */
};

static struct leftover *leftovers;
static unsigned count;

static void let_go(struct leftover *leftover)
{
    struct leftover **place = &leftovers;
    while (*place != leftover)
        place = &(*place)->next;
    *place = leftover->next;
    timer_stop(&leftover->pause);
    watch_close(&leftover->output);
    count--;
    loop_discard(&leftover->garbage);
}

static void pause_is_over(struct timer *timer)
{
    watch_events(&OWNER(timer, struct leftover, pause)->output, EPOLLIN);
}

static void output_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct leftover *leftover = OWNER(watch, struct leftover, output);
    ssize_t got = read(watch->fd, loop_scratch(), TURN_BYTES);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        let_go(leftover);
        return;
    }
    watch_events(watch, 0);
    timer_set(&leftover->pause, LEFTOVERS_US, pause_is_over);
}

void leftover_keep(int fd)
{
    struct leftover *leftover = count < LEFTOVERS_MAX ? calloc(1, sizeof *leftover) : NULL;
    if (leftover && watch_start(&leftover->output, fd, EPOLLIN, output_ready)) {
        leftover->next = leftovers;
        leftovers = leftover;
        count++;
        return;
    }
    free(leftover);
    close(fd);
}
