/* Who is read when nobody paces it: times are numbers here. */
#include <string.h>

#include "limits.h"
#include "slots.h"
#include "unit.h"

static struct slots slots;
static struct slot a, b, c, d, e;

static void start(void)
{
    memset(&slots, 0, sizeof slots);
    a = b = c = d = e = (struct slot){0};
}

static void one_alone_is_never_held_up(void)
{
    start();
    CHECK(slots_due_us(&slots) < 0);
    for (int64_t now = 1000; now < 100 * SLOT_US; now += 500) {
        CHECK(slots_ask(&slots, &a, now));
        if (now >= slots_due_us(&slots))
            CHECK(!slots_look(&slots, now));
    }
    CHECK(!a.waits);
}

static void who_comes_second_waits_for_the_end_of_the_slot_and_the_pause(void)
{
    start();
    CHECK(slots_ask(&slots, &a, 0));
    CHECK(!slots_ask(&slots, &b, 100) && b.waits);
    CHECK(!slots_ask(&slots, &b, 200)); /* asking twice is not two places */
    CHECK(slots.waiting == 1);
    for (int64_t now = 500; now < SLOT_US; now += 500) {
        CHECK(slots_ask(&slots, &a, now));
        CHECK(!slots_look(&slots, now));
    }
    int64_t used = SLOT_US - 500;
    CHECK(slots_due_us(&slots) == SLOT_US);
    CHECK(!slots_look(&slots, SLOT_US));
    CHECK(slots_due_us(&slots) == SLOT_US + used); /* one waits: the pause is as long as what was used */
    CHECK(!slots_ask(&slots, &a, SLOT_US + used - 1) && a.waits);
    CHECK(slots_look(&slots, SLOT_US + used) == &b);
    CHECK(!b.waits && slots_ask(&slots, &b, SLOT_US + used));
}

static void all_have_their_turn_in_the_order_of_asking(void)
{
    struct slot *const all[] = {&a, &b, &c, &d, &e};
    int64_t now = 0, reading = 0;
    start();
    for (int i = 0; i < 5; i++)
        CHECK(slots_ask(&slots, all[i], now) == (i == 0));
    for (int round = 1; round <= 20; round++) {
        int64_t began = now;
        for (; now < began + SLOT_US; now += 250)
            CHECK(slots_ask(&slots, all[(round - 1) % 5], now));
        reading += SLOT_US;
        CHECK(!slots_look(&slots, now)); /* the pause */
        CHECK(!slots_ask(&slots, all[(round - 1) % 5], now));
        now = slots_due_us(&slots);
        CHECK(slots_look(&slots, now) == all[round % 5]);
    }
    CHECK(reading * 3 < now); /* a quarter of the time, and not less than a fifth */
    CHECK(reading * 5 > now);
}

static void the_silent_pass_their_slot_on(void)
{
    start();
    CHECK(slots_ask(&slots, &a, 0));
    CHECK(slots_due_us(&slots) == SLOT_US);
    CHECK(!slots_ask(&slots, &b, 0));
    CHECK(slots_due_us(&slots) == SLOT_IDLE_US);
    CHECK(slots_look(&slots, SLOT_IDLE_US) == &b); /* one read took no time: no pause is due */
}

static void who_leaves_holds_up_nobody(void)
{
    start();
    CHECK(!slots_leave(&slots, &a));
    CHECK(slots_ask(&slots, &a, 0));
    CHECK(!slots_ask(&slots, &b, 0) && !slots_ask(&slots, &c, 0) && !slots_ask(&slots, &d, 0));
    CHECK(slots_leave(&slots, &c) && !c.waits && slots.waiting == 2);
    CHECK(slots_leave(&slots, &a));
    CHECK(slots_look(&slots, slots_due_us(&slots)) == &b);
    CHECK(slots_leave(&slots, &d) && slots_leave(&slots, &b));
    CHECK(slots.waiting == 0 && slots_due_us(&slots) < 0);
    CHECK(slots_ask(&slots, &e, 10));
}

int main(void)
{
    one_alone_is_never_held_up();
    who_comes_second_waits_for_the_end_of_the_slot_and_the_pause();
    all_have_their_turn_in_the_order_of_asking();
    the_silent_pass_their_slot_on();
    who_leaves_holds_up_nobody();
    return 0;
}
