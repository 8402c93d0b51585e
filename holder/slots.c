#include "slots.h"

#include <stddef.h>

#include "limits.h"

static void append(struct slots *slots, struct slot *slot)
{
    *slot = (struct slot){slots->last, NULL, true};
    if (slots->last)
        slots->last->next = slot;
    else
        slots->first = slot;
    slots->last = slot;
    slots->waiting++;
}

static void take_out(struct slots *slots, struct slot *slot)
{
    if (slot->previous)
        slot->previous->next = slot->next;
    else
        slots->first = slot->next;
    if (slot->next)
        slot->next->previous = slot->previous;
    else
        slots->last = slot->previous;
    *slot = (struct slot){0};
    slots->waiting--;
}

static void begin(struct slots *slots, struct slot *slot, int64_t now_us)
{
    slots->current = slot;
    slots->began_us = slots->read_us = now_us;
}

bool slots_ask(struct slots *slots, struct slot *slot, int64_t now_us)
{
    if (slots->current == slot) {
        slots->read_us = now_us;
        return true;
    }
    if (!slots->current && !slots->first && now_us >= slots->free_us) {
        begin(slots, slot, now_us);
        return true;
    }
    if (!slot->waits)
        append(slots, slot);
    return false;
}

bool slots_leave(struct slots *slots, struct slot *slot)
{
    bool had_one = slots->current == slot;
    if (had_one)
        slots->current = NULL;
    if (!slot->waits)
        return had_one;
    take_out(slots, slot);
    return true;
}

/* Who has nothing to say is not waited for to the end of its slot, if others wait. */
static int64_t end_us(const struct slots *slots)
{
    int64_t end = slots->began_us + SLOT_US, idle = slots->read_us + SLOT_IDLE_US;
    return slots->first && idle < end ? idle : end;
}

/* One alone is an ordinary program and never pauses; many together leave most of the time to others. */
static void end(struct slots *slots, int64_t now_us)
{
    unsigned pauses = slots->waiting < SLOT_PAUSES ? slots->waiting : SLOT_PAUSES;
    slots->free_us = now_us + (slots->read_us - slots->began_us) * pauses;
    slots->current = NULL;
}

struct slot *slots_look(struct slots *slots, int64_t now_us)
{
    struct slot *next = slots->first;
    if (slots->current && now_us >= end_us(slots))
        end(slots, now_us);
    if (slots->current || !next || now_us < slots->free_us)
        return NULL;
    take_out(slots, next);
    begin(slots, next, now_us);
    return next;
}

int64_t slots_due_us(const struct slots *slots)
{
    if (slots->current)
        return end_us(slots);
    return slots->first ? slots->free_us : -1;
}
