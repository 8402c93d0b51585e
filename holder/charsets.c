/* Character sets: G0 to G3 and which of them is drawn with. */
#include <string.h>

#include "modes.h"

void charsets_ascii(struct charsets *charsets)
{
    memset(charsets->sets, 0, sizeof charsets->sets);
    charsets->now = 0;
}

void charsets_shift(struct charsets *charsets, uint8_t place)
{
    charsets->active = place;
    charsets->now = charsets->sets[place];
}

void charsets_designate(struct charsets *charsets, uint8_t place, uint8_t final)
{
    charsets->sets[place] = final == 'B' ? 0 : final;
    if (charsets->active == place)
        charsets->now = charsets->sets[place];
}

void charsets_select(struct charsets *charsets, uint8_t kind, uint8_t final)
{
    static const char KINDS[] = "()*+-.";
    static const uint8_t PLACES[] = {0, 1, 2, 3, 1, 2};
    const char *found = strchr(KINDS, kind);
    if (found && strchr("0ABC4567RQKYEZH=", final))
        charsets_designate(charsets, PLACES[found - KINDS], final);
}
