/*
 * Whose output is read when nobody paces it: one terminal at a time, for a slot, and when others wait, then a pause.
 *
 * What costs is not the reading but the programs that it wakes: twenty `yes` that run freely take all of a session's
 * processor time, and its people wait for their echo. A PTY that is not read holds its program after about 12 KiB.
 * Times are given, not asked for: the owner has the clock and calls `slots_look` when it is due.
 */
#ifndef HOLDER_SLOTS_H
#define HOLDER_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

/* One terminal's place in the queue. */
struct slot {
    struct slot *previous, *next;
    bool waits;
};

struct slots {
    struct slot *first, *last; /* who waits, in the order of asking */
    unsigned waiting;
    struct slot *current;      /* who may read */
    int64_t began_us, read_us; /* since when, and its last read */
    int64_t free_us;           /* no new slot before this */
};

/* Something can be read. True: read, the time is noted. False: it waits from now on. */
bool slots_ask(struct slots *slots, struct slot *slot, int64_t now_us);
/* It is paced again, or has ended: it neither waits nor holds up the others. False: it did neither before. */
bool slots_leave(struct slots *slots, struct slot *slot);
/* Ends a slot that is over and begins the next; returns whose it is, no longer waiting, or NULL. */
struct slot *slots_look(struct slots *slots, int64_t now_us);
/* When to look next; -1: never, unless someone asks. */
int64_t slots_due_us(const struct slots *slots);

#endif
