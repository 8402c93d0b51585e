#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "limits.h"

/* Events taken per turn: more would only delay the writing that follows them. */
#define EVENTS_PER_TURN 64

static int epoll_fd = -1;
static bool stopping;
static int64_t now_us;
static struct timer *timers; /* sorted, soonest first */
static struct garbage *discarded;
static uint8_t scratch[TURN_BYTES];

bool watch_start(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t))
{
    *watch = (struct watch){fd, events, ready};
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return true;
    watch->fd = -1;
    return false;
}

void watch_events(struct watch *watch, uint32_t events)
{
    if (watch->fd < 0 || watch->events == events)
        return;
    watch->events = events;
    struct epoll_event event = {.events = events, .data.ptr = watch};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

int watch_release(struct watch *watch)
{
    int fd = watch->fd;
    if (fd >= 0)
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    watch->fd = -1;
    return fd;
}

void watch_close(struct watch *watch)
{
    int fd = watch_release(watch);
    if (fd >= 0)
        close(fd);
}

void timer_stop(struct timer *timer)
{
    if (!timer->armed)
        return;
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        timers = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    timer->armed = false;
}

void timer_set(struct timer *timer, int64_t delay_us, void (*expired)(struct timer *))
{
    timer_stop(timer);
    struct timer *before = NULL, *after = timers;
    int64_t due_us = now_us + delay_us;
    while (after && after->due_us <= due_us) {
        before = after;
        after = after->next;
    }
    *timer = (struct timer){due_us, before, after, true, expired};
    if (before)
        before->next = timer;
    else
        timers = timer;
    if (after)
        after->previous = timer;
}

void loop_discard(struct garbage *garbage)
{
    garbage->next = discarded;
    discarded = garbage;
}

static void free_discarded(void)
{
    while (discarded) {
        struct garbage *next = discarded->next;
        free(discarded);
        discarded = next;
    }
}

int64_t loop_now_us(void)
{
    return now_us;
}

uint8_t *loop_scratch(void)
{
    return scratch;
}

static void read_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    now_us = (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

bool loop_open(void)
{
    read_clock();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return epoll_fd >= 0;
}

void loop_stop(void)
{
    stopping = true;
}

static int milliseconds_to_wait(void)
{
    if (!timers)
        return -1;
    int64_t wait_us = timers->due_us - now_us;
    return wait_us <= 0 ? 0 : (int)((wait_us + 999) / 1000);
}

static void run_timers(void)
{
    while (timers && timers->due_us <= now_us) {
        struct timer *timer = timers;
        timer_stop(timer);
        timer->expired(timer);
    }
}

static void turn(void)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(epoll_fd, events, EVENTS_PER_TURN, milliseconds_to_wait());
    read_clock();
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch->fd >= 0) /* else it was closed earlier in this turn */
            watch->ready(watch, events[i].events);
    }
    run_timers();
}

void loop_run(void (*after_turn)(void))
{
    while (!stopping) {
        turn();
        after_turn();
        free_discarded();
    }
}
