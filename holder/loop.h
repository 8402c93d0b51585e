/* The one event loop: descriptors, timers, and memory that is let go after the turn. */
#ifndef HOLDER_LOOP_H
#define HOLDER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/* The object a member lies in. */
#define OWNER(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

/* A descriptor that is looked after; fd is -1 when there is none. EPOLLERR and EPOLLHUP always come. */
struct watch {
    int fd;
    uint32_t events;
    void (*ready)(struct watch *watch, uint32_t events);
};

bool watch_start(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t));
void watch_events(struct watch *watch, uint32_t events);
/* Stops looking and returns the descriptor, or -1. */
int watch_release(struct watch *watch);
/* Stops looking and closes the descriptor. */
void watch_close(struct watch *watch);

/* One shot, at `due_us` or soon after (milliseconds). Setting it again moves it. */
struct timer {
    int64_t due_us;
    struct timer *previous, *next;
    bool armed;
    void (*expired)(struct timer *timer);
};

void timer_set(struct timer *timer, int64_t delay_us, void (*expired)(struct timer *));
void timer_stop(struct timer *timer);

/* First member of what may die while events for it are still on their way: freed when the turn is over. */
struct garbage {
    struct garbage *next;
};

void loop_discard(struct garbage *garbage);

/* Monotonic time of this turn in microseconds. */
int64_t loop_now_us(void);
/* TURN_BYTES of room that hold only until the handler returns. */
uint8_t *loop_scratch(void);

bool loop_open(void);
/* Turns until loop_stop; `after_turn` runs when the events and timers of a turn were handled. */
void loop_run(void (*after_turn)(void));
void loop_stop(void);

#endif
