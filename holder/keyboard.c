/* Keyboard protocols: kitty's flags, a stack per screen, and modifyOtherKeys of xterm. */
#include <string.h>

#include "modes.h"

static void kitty_push(struct screen *screen, uint8_t flags)
{
    if (screen->kitty_depth == KITTY_DEPTH)
        memmove(screen->kitty, screen->kitty + 1, KITTY_DEPTH);
    else
        screen->kitty_depth++;
    screen->kitty[screen->kitty_depth] = flags;
}

static void kitty_pop(struct screen *screen, int32_t count)
{
    if (count <= screen->kitty_depth) {
        screen->kitty_depth -= (uint8_t)count;
    } else {
        screen->kitty_depth = 0;
        screen->kitty[0] = 0;
    }
}

static void kitty_set(struct screen *screen, uint8_t flags, int32_t how)
{
    uint8_t *now = &screen->kitty[screen->kitty_depth];
    *now = how == 3 ? *now & (uint8_t)~flags : how == 2 ? *now | flags : flags;
}

/* CSI with one of > < = before its numbers: keyboard protocols. */
void keyboard_csi(struct modes *modes, uint8_t final)
{
    struct screen *screen = modes_screen(modes);
    uint8_t prefix = modes->parser.prefix;
    uint8_t flags = (uint8_t)parser_param(&modes->parser, 0, 0) & 31;
    if (final == 'u' && prefix == '>')
        kitty_push(screen, flags);
    else if (final == 'u' && prefix == '<')
        kitty_pop(screen, parser_param(&modes->parser, 0, 1));
    else if (final == 'u' && prefix == '=')
        kitty_set(screen, flags, parser_param(&modes->parser, 1, 1));
    else if (final == 'm' && prefix == '>' && (parser_param(&modes->parser, 0, 4) == 4))
        modes->modify_other_keys = (uint8_t)parser_param(&modes->parser, 1, 0) & 3;
    else if (final == 'n' && prefix == '>' && parser_param(&modes->parser, 0, 0) == 4)
        modes->modify_other_keys = 0;
}
