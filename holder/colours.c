/* OSC 4, 10, 11, 12 and their resets 104, 110, 111, 112: colours that a program changed. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "modes.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Exactly `digits` hex digits, or -1. */
static long hex_number(const char *text, size_t digits)
{
    long value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* "rgb:r/g/b", all three of 1 to 4 digits, scaled to 8 bits. */
static uint32_t parse_rgb(const char *text)
{
    uint32_t colour = 0;
    size_t digits = strcspn(text, "/");
    if (digits < 1 || digits > 4 || strlen(text) != 3 * digits + 2)
        return 0;
    for (int part = 0; part < 3; part++) {
        long value = hex_number(text, digits);
        if (value < 0 || (part < 2 && text[digits] != '/'))
            return 0;
        long full = (1L << 4 * digits) - 1;
        colour = colour << 8 | (uint32_t)((value * 255 + full / 2) / full);
        text += digits + 1;
    }
    return COLOUR_RGB | colour;
}

/* "#rgb" with 1 to 4 digits each: the high bits count. */
static uint32_t parse_hash(const char *text)
{
    size_t digits = strlen(text) / 3;
    if (digits < 1 || digits > 4 || strlen(text) % 3)
        return 0;
    uint32_t colour = 0;
    for (int part = 0; part < 3; part++) {
        long value = hex_number(text + (size_t)part * digits, digits);
        if (value < 0)
            return 0;
        value = digits == 1 ? value << 4 : value >> (4 * (digits - 2));
        colour = colour << 8 | (uint32_t)value;
    }
    return COLOUR_RGB | colour;
}

/* 0 for a query ("?") and for everything that xterm.js does not know either. */
static uint32_t parse_colour(const char *text)
{
    if (text[0] == '#')
        return parse_hash(text + 1);
    return strncasecmp(text, "rgb:", 4) == 0 ? parse_rgb(text + 4) : 0;
}

static void set_colour(struct modes *modes, long index, const char *text)
{
    uint32_t colour = parse_colour(text);
    if (index >= 0 && index < COLOURS && colour)
        modes->colours[index] = colour;
}

/* The next part of "a;b;c", NULL after the last. */
static char *next_part(char **rest)
{
    return *rest ? strsep(rest, ";") : NULL;
}

static long palette_index(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long index = strtol(text, NULL, 10);
    return !digits || text[digits] || index > 255 ? -1 : index;
}

static void set_palette(struct modes *modes, char *rest)
{
    for (char *index = next_part(&rest); index; index = next_part(&rest)) {
        char *colour = next_part(&rest);
        if (colour)
            set_colour(modes, palette_index(index), colour);
    }
}

/* "OSC 10;a;b" sets 10 and 11. */
static void set_dynamic(struct modes *modes, long index, char *rest)
{
    for (char *colour = next_part(&rest); colour && index < COLOURS; colour = next_part(&rest))
        set_colour(modes, index++, colour);
}

static void reset_palette(struct modes *modes, char *rest)
{
    if (!*rest)
        memset(modes->colours, 0, COLOUR_FOREGROUND * sizeof modes->colours[0]);
    for (char *part = next_part(&rest); part; part = next_part(&rest)) {
        long index = palette_index(part);
        if (index >= 0)
            modes->colours[index] = 0;
    }
}

void colours_osc(struct modes *modes, unsigned number, char *text)
{
    bool ours = number == 4 || (number >= 10 && number <= 12) || number == 104 || (number >= 110 && number <= 112);
    modes->colours_touched |= ours;
    if (number == 4)
        set_palette(modes, text);
    else if (number >= 10 && number <= 12)
        set_dynamic(modes, COLOUR_FOREGROUND + (long)number - 10, text);
    else if (number == 104)
        reset_palette(modes, text);
    else if (number >= 110 && number <= 112)
        modes->colours[COLOUR_FOREGROUND + number - 110] = 0;
}
