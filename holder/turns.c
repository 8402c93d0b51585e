#include "turns.h"

#include "loop.h"

static struct slots slots;
static struct timer next_slot;

static void look(struct timer *timer);

static void wait_for_slots(void)
{
    int64_t due_us = slots_due_us(&slots);
    if (due_us >= 0)
        timer_set(&next_slot, due_us - loop_now_us(), look);
    else
        timer_stop(&next_slot);
}

static void look(struct timer *timer)
{
    (void)timer;
    struct slot *slot = slots_look(&slots, loop_now_us());
    if (slot) {
        struct turn *turn = OWNER(slot, struct turn, slot);
        turn->begun(turn);
    }
    wait_for_slots();
}

bool turn_ask(struct turn *turn)
{
    bool may = slots_ask(&slots, &turn->slot, loop_now_us());
    wait_for_slots();
    return may;
}

void turn_leave(struct turn *turn)
{
    if (slots_leave(&slots, &turn->slot))
        wait_for_slots();
}
