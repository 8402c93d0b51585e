/* What each complete sequence does to the modes. */
#include "modes.h"

#include <string.h>

const struct private_mode PRIVATE_MODES[] = {
    {1, false, true},     /* application cursor keys */
    {5, false, false},    /* reverse video */
    {6, false, true},     /* origin */
    {7, true, true},      /* wrap at the margin */
    {45, false, true},    /* reverse wrap */
    {66, false, true},    /* application keypad, also ESC = and ESC > */
    {1004, false, true},  /* focus reports */
    {1005, false, false}, /* UTF-8 mouse, for terminals other than xterm.js */
    {1007, false, false}, /* wheel as arrow keys on the alternate screen */
    {1015, false, false}, /* urxvt mouse */
    {2004, false, true},  /* bracketed paste */
    {2031, false, false}, /* colour scheme reports */
    {2026, false, true},  /* synchronized output: last, for the preamble must not hide what follows it */
};

size_t private_mode_count(void)
{
    return sizeof PRIVATE_MODES / sizeof PRIVATE_MODES[0];
}

static uint32_t private_at_start(void)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < private_mode_count(); i++)
        bits |= (uint32_t)PRIVATE_MODES[i].at_start << i;
    return bits;
}

void modes_start(struct modes *modes)
{
    *modes = (struct modes){.private = private_at_start(), .blink = -1, .visible = -1, .newline = -1};
}

static struct screen *active_screen(struct modes *modes)
{
    return &modes->screens[modes->alternate != 0];
}

void modes_resize(struct modes *modes, uint16_t rows)
{
    if (modes->rows && modes->rows != rows)
        for (int i = 0; i < 2; i++)
            modes->screens[i].region_top = modes->screens[i].region_bottom = 0;
    modes->rows = rows;
}

bool modes_has_region(const struct modes *modes)
{
    return modes->screens[0].region_bottom || modes->screens[1].region_bottom;
}

static void save_cursor(struct modes *modes)
{
    active_screen(modes)->saved_style = modes->style;
    active_screen(modes)->saved_charsets = modes->charsets;
}

/* The colour of underlines is no part of it, as in xterm.js. */
static void restore_cursor(struct modes *modes)
{
    uint32_t underline_colour = modes->style.underline_colour;
    modes->style = active_screen(modes)->saved_style;
    modes->style.underline_colour = underline_colour;
    modes->charsets = active_screen(modes)->saved_charsets;
}

static void to_alternate(struct modes *modes, uint16_t number)
{
    if (number == 1049)
        save_cursor(modes);
    if (!modes->alternate)
        modes->alternate = number;
}

static void to_normal(struct modes *modes, uint16_t number)
{
    memset(&modes->screens[1], 0, sizeof modes->screens[1]); /* each full-screen program finds it fresh */
    modes->alternate = 0;
    if (number == 1049)
        restore_cursor(modes);
}

static void switch_private(struct modes *modes, uint16_t number, bool on)
{
    for (size_t i = 0; i < private_mode_count(); i++)
        if (PRIVATE_MODES[i].number == number)
            modes->private = on ? modes->private | 1u << i : modes->private & ~(1u << i);
}

static void set_private(struct modes *modes, uint16_t number, bool on)
{
    switch (number) {
    case 2:
        if (on)
            memset(modes->charsets.kind, 0, sizeof modes->charsets.kind);
        break;
    case 9: case 1000: case 1002: case 1003: modes->mouse = on ? number : 0; break;
    case 12: modes->blink = on; break;
    case 25: modes->visible = on; break;
    case 1006: case 1016: modes->mouse_form = on ? number : 0; break;
    case 1048: (on ? save_cursor : restore_cursor)(modes); break;
    case 47: case 1047: case 1049: (on ? to_alternate : to_normal)(modes, number); break;
    default: switch_private(modes, number, on);
    }
}

static void set_modes(struct modes *modes, bool on)
{
    const struct parser *parser = &modes->parser;
    for (size_t i = 0; i < parser->param_count; i++) {
        int32_t number = parser->params[i];
        if (parser->sub >> i & 1 || number > UINT16_MAX)
            continue;
        if (parser->prefix == '?')
            set_private(modes, (uint16_t)number, on);
        else if (number == 4)
            modes->insert = on;
        else if (number == 20)
            modes->newline = on;
    }
}

static int32_t param(const struct modes *modes, size_t at, int32_t otherwise)
{
    const struct parser *parser = &modes->parser;
    return at < parser->param_count && parser->params[at] > 0 ? parser->params[at] : otherwise;
}

static void set_region(struct modes *modes)
{
    int32_t rows = modes->rows ? modes->rows : UINT16_MAX;
    int32_t top = param(modes, 0, 1), bottom = param(modes, 1, rows);
    bottom = bottom > rows ? rows : bottom;
    if (bottom <= top)
        return;
    bool whole = top == 1 && bottom == rows;
    active_screen(modes)->region_top = whole ? 0 : (uint16_t)top;
    active_screen(modes)->region_bottom = whole ? 0 : (uint16_t)bottom;
}

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
static void keyboard(struct modes *modes, uint8_t final)
{
    struct screen *screen = active_screen(modes);
    uint8_t prefix = modes->parser.prefix;
    uint8_t flags = (uint8_t)param(modes, 0, 0) & 31;
    if (final == 'u' && prefix == '>')
        kitty_push(screen, flags);
    else if (final == 'u' && prefix == '<')
        kitty_pop(screen, param(modes, 0, 1));
    else if (final == 'u' && prefix == '=')
        kitty_set(screen, flags, param(modes, 1, 1));
    else if (final == 'm' && prefix == '>' && (param(modes, 0, 4) == 4))
        modes->modify_other_keys = (uint8_t)param(modes, 1, 0) & 3;
    else if (final == 'n' && prefix == '>' && param(modes, 0, 0) == 4)
        modes->modify_other_keys = 0;
}

static void soft_reset(struct modes *modes)
{
    for (size_t i = 0; i < private_mode_count(); i++)
        if (PRIVATE_MODES[i].by_soft_reset)
            switch_private(modes, PRIVATE_MODES[i].number, PRIVATE_MODES[i].at_start);
    struct screen *screen = active_screen(modes);
    screen->region_top = screen->region_bottom = 0;
    modes->visible = modes->visible < 0 ? -1 : 1;
    modes->insert = false;
    modes->cursor_shape = 0;
    modes->style = (struct style){0};
    modes->charsets = (struct charsets){0};
    modes->hyperlink[0] = 0;
    save_cursor(modes);
}

/* RIS. Title, working directory and colours outlive it, as in xterm.js. */
static void full_reset(struct modes *modes)
{
    modes->private = private_at_start();
    memset(modes->screens, 0, sizeof modes->screens);
    modes->alternate = modes->mouse = modes->mouse_form = 0;
    modes->modify_other_keys = 0;
    modes->newline = modes->newline < 0 ? -1 : 0;
    soft_reset(modes);
}

static void csi_with_intermediate(struct modes *modes, uint8_t final)
{
    uint8_t intermediate = modes->parser.intermediates[0];
    if (modes->parser.prefix || modes->parser.intermediate_count > 1)
        return;
    if (intermediate == '!' && final == 'p')
        soft_reset(modes);
    else if (intermediate == ' ' && final == 'q' && param(modes, 0, 0) <= 6)
        modes->cursor_shape = (uint8_t)param(modes, 0, 0);
}

static void csi_plain(struct modes *modes, uint8_t final)
{
    switch (final) {
    case 'h': set_modes(modes, true); break;
    case 'l': set_modes(modes, false); break;
    case 'm': style_sgr(&modes->style, &modes->parser); break;
    case 'r': set_region(modes); break;
    case 's': save_cursor(modes); break;
    case 'u': restore_cursor(modes); break;
    default: break;
    }
}

void modes_csi(struct modes *modes, uint8_t final)
{
    if (modes->parser.intermediate_count)
        csi_with_intermediate(modes, final);
    else if (modes->parser.prefix == '?' && (final == 'h' || final == 'l'))
        set_modes(modes, final == 'h');
    else if (modes->parser.prefix)
        keyboard(modes, final);
    else
        csi_plain(modes, final);
}

void modes_control(struct modes *modes, uint8_t code)
{
    if (code == 0x0e || code == 0x0f)
        modes->charsets.active = code == 0x0e;
}

static void select_charset(struct modes *modes, uint8_t kind, uint8_t final)
{
    static const char KINDS[] = "()*+-.";
    static const uint8_t PLACES[] = {0, 1, 2, 3, 1, 2};
    const char *found = strchr(KINDS, kind);
    if (!found || !strchr("0ABC4567RQKYEZH=", final))
        return;
    size_t place = PLACES[found - KINDS];
    modes->charsets.kind[place] = final == 'B' ? 0 : kind;
    modes->charsets.final[place] = final == 'B' ? 0 : final;
}

static void escape_with_intermediate(struct modes *modes, uint8_t final)
{
    uint8_t kind = modes->parser.intermediates[0];
    if (modes->parser.intermediate_count > 1)
        return;
    if (kind == '%' && (final == '@' || final == 'G'))
        modes->charsets.active = modes->charsets.kind[0] = modes->charsets.final[0] = 0;
    else
        select_charset(modes, kind, final);
}

void modes_escape(struct modes *modes, uint8_t final)
{
    if (modes->parser.intermediate_count) {
        escape_with_intermediate(modes, final);
        return;
    }
    switch (final) {
    case '7': save_cursor(modes); break;
    case '8': restore_cursor(modes); break;
    case '=': case '>': switch_private(modes, 66, final == '='); break;
    case 'c': full_reset(modes); break;
    case 'n': case '}': modes->charsets.active = 2; break;
    case 'o': case '|': modes->charsets.active = 3; break;
    case '~': modes->charsets.active = 1; break;
    default: break;
    }
}

/* Copies what fits, cut between characters. */
static void keep_text(char *place, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size >= room)
        for (size = room - 1; size && ((uint8_t)text[size] & 0xc0) == 0x80; size--)
            continue;
    memcpy(place, text, size);
    place[size] = 0;
}

/* "params;uri": without an address the link is closed; a cut address would lead elsewhere, so a long one is none. */
static void set_hyperlink(struct modes *modes, const char *text)
{
    const char *address = strchr(text, ';');
    bool open = address && address[1] && strlen(text) < sizeof modes->hyperlink;
    keep_text(modes->hyperlink, sizeof modes->hyperlink, open ? text : "");
}

static void apply_osc(struct modes *modes, unsigned number, char *text)
{
    switch (number) {
    case 0: case 1: case 2:
        if (number != 1)
            keep_text(modes->title, sizeof modes->title, text);
        if (number != 2)
            keep_text(modes->icon, sizeof modes->icon, text);
        break;
    case 7: keep_text(modes->cwd, sizeof modes->cwd, text); break;
    case 8: set_hyperlink(modes, text); break;
    default: colours_osc(modes, number, text);
    }
}

void modes_osc(struct modes *modes)
{
    struct parser *parser = &modes->parser;
    parser->string[parser->string_size] = 0;
    char *text = (char *)parser->string;
    unsigned number = 0;
    if (*text < '0' || *text > '9')
        return;
    for (; *text >= '0' && *text <= '9' && number < 10000; text++)
        number = number * 10 + (unsigned)(*text - '0');
    if (*text && *text != ';')
        return;
    apply_osc(modes, number, *text ? text + 1 : text);
}
