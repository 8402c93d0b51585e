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

/* The cursor of the normal screen may stand higher than before, or lines below it went away. */
static void jump(struct modes *modes)
{
    modes->jumps += !modes->alternate;
}

static void start_screens(struct modes *modes)
{
    memset(modes->screens, 0, sizeof modes->screens);
    for (int i = 0; i < 2; i++)
        tabs_start(&modes->screens[i].tabs, (unsigned)modes_cols(modes));
}

void modes_start(struct modes *modes)
{
    *modes = (struct modes){.private = private_at_start(), .blink = -1, .visible = -1, .newline = -1};
    start_screens(modes);
}

int32_t modes_cols(const struct modes *modes)
{
    return modes->size.cols ? modes->size.cols : COLS_MAX;
}

struct screen *modes_screen(struct modes *modes)
{
    return &modes->screens[modes->alternate];
}

void modes_resize(struct modes *modes, struct size size)
{
    if (modes->size.cols == size.cols && modes->size.rows == size.rows)
        return;
    bool first = !modes->size.cols;
    modes->size = size;
    for (int i = 0; i < 2; i++) {
        modes->screens[i].region_top = modes->screens[i].region_bottom = 0;
        (first ? tabs_start : tabs_resize)(&modes->screens[i].tabs, size.cols);
    }
    if (!first)
        column_forget(&modes->column); /* lines may have been laid out anew */
}

static bool needs_size(const struct modes *modes, const struct screen *screen)
{
    return screen->region_bottom || !tabs_are_default(&screen->tabs, (unsigned)modes_cols(modes));
}

bool modes_need_size(const struct modes *modes)
{
    return needs_size(modes, &modes->screens[0]) || needs_size(modes, &modes->screens[1]);
}

static void save_cursor(struct modes *modes)
{
    struct screen *screen = modes_screen(modes);
    modes->saves += !modes->alternate;
    screen->saved_style = modes->style;
    screen->saved_style.underline = modes->style.underline != 0;
    screen->saved_style.underline_colour = 0;
    screen->saved_charset = modes->charsets.now;
    screen->saved_in_link = *modes->hyperlink;
}

/*
 * As in xterm.js: the charset comes back without the set it was shifted in from, and of an underline only whether
 * there is one: its kind and colour stay those of now, and where there is none now, none is drawn.
 */
static void restore_cursor(struct modes *modes)
{
    struct style now = modes->style;
    modes->style = modes_screen(modes)->saved_style;
    modes->style.underline = modes->style.underline ? now.underline : 0;
    modes->style.underline_colour = now.underline_colour;
    modes->charsets.now = modes_screen(modes)->saved_charset;
    modes->saves += !modes->alternate;
    jump(modes);
    column_forget(&modes->column);
}

static void to_alternate(struct modes *modes, uint16_t number)
{
    if (number == 1049)
        save_cursor(modes);
    modes->alternate = true;
}

/* Each full-screen program finds the alternate screen fresh, but for the cursor that the one before has saved. */
static void leave_alternate(struct modes *modes)
{
    struct screen *screen = &modes->screens[1];
    screen->region_top = screen->region_bottom = 0;
    screen->kitty_depth = screen->kitty[0] = 0;
    tabs_start(&screen->tabs, (unsigned)modes_cols(modes));
    modes->alternate = false;
    jump(modes);
    if (modes->link_of_alternate)
        modes->hyperlink[0] = 0;
}

static void to_normal(struct modes *modes, uint16_t number)
{
    if (modes->alternate)
        leave_alternate(modes);
    if (number == 1049)
        restore_cursor(modes);
}

static void switch_private(struct modes *modes, uint16_t number, bool on)
{
    for (size_t i = 0; i < private_mode_count(); i++)
        if (PRIVATE_MODES[i].number == number)
            modes->private = on ? modes->private | 1u << i : modes->private & ~(1u << i);
}

bool modes_scroll(const struct modes *modes)
{
    return !modes->alternate && !modes->screens[0].region_bottom;
}

static void set_private(struct modes *modes, uint16_t number, bool on)
{
    switch (number) {
    case 2:
        if (on)
            charsets_ascii(&modes->charsets);
        break;
    case 6:
        switch_private(modes, number, on);
        jump(modes);
        column_move(modes, 0);
        break;
    case 9: case 1000: case 1002: case 1003: modes->mouse = on ? number : 0; break;
    case 12: modes->blink = on; break;
    case 25: modes->visible = on; break;
    case 2004:
        switch_private(modes, number, on);
        if (on && modes->queries)
            queries_forget(modes->queries);
        break;
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
    return parser_param(&modes->parser, at, otherwise);
}

static void set_region(struct modes *modes)
{
    int32_t rows = modes->size.rows ? modes->size.rows : UINT16_MAX;
    int32_t top = param(modes, 0, 1), bottom = param(modes, 1, rows);
    bottom = bottom > rows ? rows : bottom;
    if (bottom <= top)
        return;
    bool whole = top == 1 && bottom == rows;
    modes_screen(modes)->region_top = whole ? 0 : (uint16_t)top;
    modes_screen(modes)->region_bottom = whole ? 0 : (uint16_t)bottom;
    jump(modes);
    column_move(modes, 0);
}

static void reset_private(struct modes *modes)
{
    for (size_t i = 0; i < private_mode_count(); i++)
        if (PRIVATE_MODES[i].by_soft_reset)
            switch_private(modes, PRIVATE_MODES[i].number, PRIVATE_MODES[i].at_start);
    modes->insert = false;
    modes->cursor_shape = 0;
}

static void reset_style(struct modes *modes)
{
    modes->style = (struct style){0};
    modes->charsets = (struct charsets){0};
    modes->hyperlink[0] = 0;
}

static void soft_reset(struct modes *modes)
{
    struct screen *screen = modes_screen(modes);
    reset_private(modes);
    reset_style(modes);
    screen->region_top = screen->region_bottom = 0;
    modes->visible = modes->visible < 0 ? -1 : 1;
    save_cursor(modes);
}

/* RIS. What outlives it does so in xterm.js: title, working directory, colours, newline mode, a hidden cursor. */
static void full_reset(struct modes *modes)
{
    reset_private(modes);
    reset_style(modes);
    modes->private = private_at_start();
    modes->alternate = false;
    modes->mouse = modes->mouse_form = 0;
    modes->modify_other_keys = 0;
    start_screens(modes);
    column_move(modes, 0);
}

/* DECSCUSR: 1..6 are three shapes, each blinking or not. A larger number changes the blinking alone; 0 is as set by the page. */
static void set_cursor_shape(struct modes *modes, int32_t number)
{
    uint8_t shape = modes->cursor_shape ? (uint8_t)((modes->cursor_shape - 1) & ~1) : 6;
    modes->cursor_shape = (uint8_t)(number <= 6 ? number : shape + 2 - number % 2);
}

static void protect(struct modes *modes, int32_t number)
{
    if (number == 1)
        modes->style.bits |= PROTECTED;
    else if (number == 0 || number == 2)
        modes->style.bits &= (uint16_t)~PROTECTED;
}

static void csi_with_intermediate(struct modes *modes, uint8_t final)
{
    uint8_t intermediate = modes->parser.intermediates[0];
    if (modes->parser.prefix || modes->parser.intermediate_count > 1)
        return;
    if (intermediate == '!' && final == 'p')
        soft_reset(modes);
    else if (intermediate == ' ' && final == 'q')
        set_cursor_shape(modes, param(modes, 0, 0));
    else if (intermediate == '"' && final == 'q')
        protect(modes, param(modes, 0, 0));
}

/* XTWINOPS 22 and 23. The stack of icon names is left out: nothing shows them. */
static void move_titles(struct modes *modes)
{
    int32_t which = param(modes, 1, 0);
    if (which != 0 && which != 2)
        return;
    if (param(modes, 0, 0) == 22)
        titles_push(&modes->titles, modes->title);
    else if (param(modes, 0, 0) == 23)
        titles_pop(&modes->titles, modes->title);
}

static void clear_tabs(struct modes *modes)
{
    struct tabs *tabs = &modes_screen(modes)->tabs;
    int32_t which = param(modes, 0, 0);
    if (which == 3)
        tabs_clear_all(tabs);
    else if (which == 0 && modes->column.now >= 0)
        tabs_clear(tabs, (unsigned)modes->column.now);
}

static void set_tab(struct modes *modes)
{
    if (modes->column.now < 0)
        return;
    tabs_set(&modes_screen(modes)->tabs, (unsigned)modes->column.now);
    modes->column.by_text = false;
}

/* Lines are moved, and the cursor to their start, only inside of the scroll region. */
static void move_lines(struct modes *modes)
{
    if (modes_screen(modes)->region_bottom)
        column_forget(&modes->column);
    else
        column_move(modes, 0);
}

static void move_cursor(struct modes *modes, uint8_t final)
{
    if (final < 0x80 && strchr("AFHTdf", final))
        jump(modes);
    switch (final) {
    case 'C': case 'a': column_shift(modes, param(modes, 0, 1)); break;
    case 'D': column_shift(modes, -param(modes, 0, 1)); break;
    case 'E': case 'F': column_move(modes, 0); break;
    case 'G': case '`': column_move(modes, param(modes, 0, 1) - 1); break;
    case 'H': case 'f': column_move(modes, param(modes, 1, 1) - 1); break;
    case 'I': case 'Z': case 'b': column_forget(&modes->column); break;
    case 'L': case 'M': move_lines(modes); break;
    default: break;
    }
}

static void csi_plain(struct modes *modes, uint8_t final)
{
    switch (final) {
    case 'g': clear_tabs(modes); break;
    case 'h': set_modes(modes, true); break;
    case 'l': set_modes(modes, false); break;
    case 'm': style_sgr(&modes->style, &modes->parser); break;
    case 'r': set_region(modes); break;
    case 's': save_cursor(modes); break;
    case 't': move_titles(modes); break;
    case 'u': restore_cursor(modes); break;
    default: move_cursor(modes, final);
    }
}

void modes_csi(struct modes *modes, uint8_t final)
{
    if (modes->queries)
        queries_csi(modes->queries, &modes->parser, final);
    if (modes->parser.intermediate_count)
        csi_with_intermediate(modes, final);
    else if (modes->parser.prefix == '?' && (final == 'h' || final == 'l'))
        set_modes(modes, final == 'h');
    else if (modes->parser.prefix)
        keyboard_csi(modes, final);
    else
        csi_plain(modes, final);
}

void modes_control(struct modes *modes, uint8_t code)
{
    if (code == 0x0e || code == 0x0f)
        charsets_shift(&modes->charsets, code == 0x0e);
    column_control(modes, code);
}

void modes_c1(struct modes *modes, uint8_t code)
{
    if (code == 0x85) /* NEL; a tab stop by C1 is not followed */
        column_move(modes, 0);
}

static void escape_with_intermediate(struct modes *modes, uint8_t final)
{
    uint8_t kind = modes->parser.intermediates[0];
    if (modes->parser.intermediate_count > 1)
        return;
    if (kind == '%' && (final == '@' || final == 'G')) {
        charsets_shift(&modes->charsets, 0);
        charsets_designate(&modes->charsets, 0, 'B');
    } else if (kind == '#' && final == '8') {
        jump(modes);
        column_move(modes, 0);
    } else {
        charsets_select(&modes->charsets, kind, final);
    }
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
    case 'E': column_move(modes, 0); break;
    case 'H': set_tab(modes); break;
    case 'M': jump(modes); break;
    case 'n': case '}': charsets_shift(&modes->charsets, 2); break;
    case 'o': case '|': charsets_shift(&modes->charsets, 3); break;
    case '~': charsets_shift(&modes->charsets, 1); break;
    default: break;
    }
}
