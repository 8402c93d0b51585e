/* Turns at reading output that nobody paces, for all terminals and commands together: the slots, with the loop's clock. */
#ifndef HOLDER_TURNS_H
#define HOLDER_TURNS_H

#include "slots.h"

struct turn {
    struct slot slot;
    void (*begun)(struct turn *turn); /* its turn came after it had waited */
};

/* Something can be read. False: it waits, and `begun` is called. */
bool turn_ask(struct turn *turn);
/* It is paced again, or has ended. */
void turn_leave(struct turn *turn);

static inline bool turn_waits(const struct turn *turn)
{
    return turn->slot.waits;
}

#endif
