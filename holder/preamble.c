/* Writes the sequences that lead a freshly reset terminal into a state. What is at its default is not mentioned. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "limits.h"
#include "modes.h"

/* The longest state is about 30 KiB (every palette entry and every tab stop set); what would pass the end is left out. */
struct text {
    char *at;
    size_t left;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= text->left)
        return;
    text->at += size;
    text->left -= (size_t)size;
}

static void say_colour(struct text *text, uint32_t colour)
{
    say(text, "rgb:%02x/%02x/%02x\033\\", colour >> 16 & 0xff, colour >> 8 & 0xff, colour & 0xff);
}

static void say_dynamic_colours(struct text *text, const struct modes *modes)
{
    for (unsigned i = COLOUR_FOREGROUND; i < COLOURS; i++) {
        unsigned number = 10 + i - COLOUR_FOREGROUND;
        if (!modes->colours[i]) {
            say(text, "\033]%u\033\\", number + 100);
            continue;
        }
        say(text, "\033]%u;", number);
        say_colour(text, modes->colours[i]);
    }
}

/* A reset of xterm.js leaves changed colours alone, so those that went back are said too. */
static void say_colours(struct text *text, const struct modes *modes)
{
    if (!modes->colours_touched)
        return;
    say(text, "\033]104\033\\");
    for (unsigned i = 0; i < COLOUR_FOREGROUND; i++) {
        if (!modes->colours[i])
            continue;
        say(text, "\033]4;%u;", i);
        say_colour(text, modes->colours[i]);
    }
    say_dynamic_colours(text, modes);
}

/* Each title that waits is set once more and pushed. */
static void say_waiting_titles(struct text *text, const struct titles *titles)
{
    for (size_t at = 0; at < titles->size; at += strlen(titles->text + at) + 1)
        say(text, "\033]2;%s\033\\\033[22;2t", titles->text + at);
}

static void say_texts(struct text *text, const struct modes *modes)
{
    say_waiting_titles(text, &modes->titles);
    if (*modes->title || modes->titles.count)
        say(text, "\033]2;%s\033\\", modes->title);
    if (*modes->icon)
        say(text, "\033]1;%s\033\\", modes->icon);
    if (*modes->cwd)
        say(text, "\033]7;%s\033\\", modes->cwd);
}

static bool style_is_default(const struct style *style)
{
    return !style->bits && !style->underline && !style->foreground && !style->background && !style->underline_colour;
}

static void say_sgr_colour(struct text *text, int which, uint32_t colour)
{
    unsigned index = colour & 0xff;
    if (colour == COLOUR_UNSET)
        say(text, ";%d", which + 1);
    else if (colour & COLOUR_BASIC)
        say(text, ";%u", (unsigned)which - 8 + (index < 8 ? index : index - 8 + 60));
    else if (colour & COLOUR_RGB)
        say(text, ";%d:2::%u:%u:%u", which, colour >> 16 & 0xff, colour >> 8 & 0xff, colour & 0xff);
    else if (colour & COLOUR_INDEXED)
        say(text, ";%d:5:%u", which, index);
}

static void say_style(struct text *text, const struct style *style)
{
    static const uint8_t CODES[] = {1, 2, 3, 5, 7, 8, 9, 53};
    say(text, "\033[0");
    for (unsigned i = 0; i < sizeof CODES; i++)
        if (style->bits >> i & 1)
            say(text, ";%u", CODES[i]);
    if (style->underline)
        say(text, ";4:%u", style->underline);
    say_sgr_colour(text, 38, style->foreground);
    say_sgr_colour(text, 48, style->background);
    say_sgr_colour(text, 58, style->underline_colour);
    say(text, "m%s", style->bits & PROTECTED ? "\033[1\"q" : "");
}

static void say_charset(struct text *text, char place, uint8_t final)
{
    say(text, "\033%c%c", place, final ? final : 'B');
}

static void say_charsets(struct text *text, const struct charsets *charsets)
{
    static const char *const PLACES = "()*+", *const SHIFTS[] = {"\017", "\016", "\033n", "\033o"};
    for (int i = 0; i < 4; i++)
        say_charset(text, PLACES[i], charsets->sets[i]);
    say(text, "%s", SHIFTS[charsets->active]);
}

static bool charsets_are_default(const struct charsets *charsets)
{
    static const struct charsets ASCII;
    return memcmp(charsets, &ASCII, sizeof ASCII) == 0;
}

static void say_kitty(struct text *text, const struct screen *screen)
{
    if (screen->kitty[0])
        say(text, "\033[=%uu", screen->kitty[0]);
    for (int i = 1; i <= screen->kitty_depth; i++)
        say(text, "\033[>%uu", screen->kitty[i]);
}

static void say_tabs(struct text *text, const struct tabs *tabs, unsigned cols)
{
    if (tabs_are_default(tabs, cols))
        return;
    say(text, "\033[3g");
    for (unsigned at = tabs_next(tabs, 0, cols); at < cols; at = tabs_next(tabs, at + 1, cols))
        say(text, "\033[%uG\033H", at + 1);
    say(text, "\r");
}

/* What belongs to one screen, while it is the active one. */
static void say_screen(struct text *text, const struct modes *modes, const struct screen *screen)
{
    say_kitty(text, screen);
    say_tabs(text, &screen->tabs, (unsigned)modes_cols(modes));
    if (screen->region_bottom)
        say(text, "\033[%u;%ur", screen->region_top, screen->region_bottom);
}

static bool saved_is_default(const struct screen *screen)
{
    return style_is_default(&screen->saved_style) && !screen->saved_charset && !screen->saved_in_link;
}

/* What DECRC brings back on the active screen. */
static void say_saved(struct text *text, const struct screen *screen)
{
    say_style(text, &screen->saved_style);
    say_charset(text, '(', screen->saved_charset);
    say(text, screen->saved_in_link ? "\033]8;;-\033\\\0337\033]8;;\033\\" : "\0337");
}

/* The alternate screen keeps what it has saved while the normal one shows. Returns whether style and charset changed. */
static bool say_saved_of_both(struct text *text, const struct modes *modes)
{
    bool normal = !saved_is_default(&modes->screens[0]), alternate = !saved_is_default(&modes->screens[1]);
    if (alternate) {
        say(text, "\033[?1047h");
        say_saved(text, &modes->screens[1]);
        say(text, "\033[?1047l");
    }
    if (normal)
        say_saved(text, &modes->screens[0]);
    return normal || alternate;
}

/* After a DECRC no shift leads to the charset of now: another DECRC does, on a screen where it is the saved one. */
static void say_restored_charset(struct text *text, const struct modes *modes)
{
    const struct charsets *charsets = &modes->charsets;
    if (charsets->now == charsets->sets[charsets->active])
        return;
    bool here = modes->screens[0].saved_charset == charsets->now;
    say(text, here ? "\0338\r" : "\033[?1047h\0338\r\033[?1047l");
}

static void say_hyperlink(struct text *text, const struct modes *modes)
{
    if (*modes->hyperlink)
        say(text, "\033]8;%s\033\\", modes->hyperlink);
}

static void say_screens(struct text *text, const struct modes *modes)
{
    bool disturbed = say_saved_of_both(text, modes);
    if (disturbed || !charsets_are_default(&modes->charsets)) {
        say_charsets(text, &modes->charsets);
        say_restored_charset(text, modes);
    }
    say_screen(text, modes, &modes->screens[0]);
    if (!modes->link_of_alternate)
        say_hyperlink(text, modes);
    if (modes->alternate) {
        say(text, "\033[?1047h");
        say_screen(text, modes, &modes->screens[1]);
    }
    if (modes->link_of_alternate)
        say_hyperlink(text, modes);
    if (disturbed || !style_is_default(&modes->style))
        say_style(text, &modes->style);
}

static void say_mouse(struct text *text, const struct modes *modes)
{
    if (modes->mouse)
        say(text, "\033[?%uh", modes->mouse);
    if (modes->mouse_form)
        say(text, "\033[?%uh", modes->mouse_form);
}

static void say_if_said(struct text *text, const char *mode, int8_t said)
{
    if (said >= 0)
        say(text, "%s%c", mode, said ? 'h' : 'l');
}

static void say_cursor_and_keys(struct text *text, const struct modes *modes)
{
    if (modes->cursor_shape)
        say(text, "\033[%u q", modes->cursor_shape);
    say_if_said(text, "\033[?12", modes->blink);
    say_if_said(text, "\033[?25", modes->visible);
    say_if_said(text, "\033[20", modes->newline);
    if (modes->modify_other_keys)
        say(text, "\033[>4;%um", modes->modify_other_keys);
    if (modes->insert)
        say(text, "\033[4h");
}

static void say_private(struct text *text, const struct modes *modes)
{
    for (size_t i = 0; i < private_mode_count(); i++) {
        bool on = modes->private >> i & 1;
        if (on != PRIVATE_MODES[i].at_start)
            say(text, "\033[?%u%c", PRIVATE_MODES[i].number, on ? 'h' : 'l');
    }
}

static void say_params(struct text *text, const struct parser *parser)
{
    for (unsigned i = 0; i < parser->param_count; i++) {
        if (i)
            say(text, "%c", parser->sub >> i & 1 ? ':' : ';');
        if (parser->params[i] >= 0)
            say(text, "%d", (int)parser->params[i]);
    }
    if (parser->params_full)
        say(text, ";");
}

static void say_csi(struct text *text, const struct parser *parser)
{
    say(text, "\033[");
    if (parser->prefix)
        say(text, "%c", parser->prefix);
    if (parser->state != IN_CSI_ENTRY)
        say_params(text, parser);
    say(text, "%.*s", parser->intermediate_count, (const char *)parser->intermediates);
}

/* The sequence that the replayed bytes go on with. A long string is opened as one that nobody reads. */
static void say_unfinished(struct text *text, const struct parser *parser)
{
    switch (parser->state) {
    case AT_GROUND: break;
    case IN_ESCAPE: case IN_ESCAPE_INTERMEDIATE:
        say(text, "\033%.*s", parser->intermediate_count, (const char *)parser->intermediates);
        break;
    case IN_CSI_ENTRY: case IN_CSI_PARAM: case IN_CSI_INTERMEDIATE: say_csi(text, parser); break;
    case IN_CSI_IGNORE: say(text, "\033[ 0"); break; /* a number after an intermediate spoils any sequence */
    case IN_OSC:
        if (parser->string_too_long)
            say(text, "\033]99999;");
        else
            say(text, "\033]%.*s", parser->string_size, (const char *)parser->string);
        break;
    case IN_DCS_HEAD: say(text, "\033P%s", parser->intermediate_count ? "!" : parser->prefix ? "0" : ""); break;
    case IN_DCS_BODY: say(text, "\033P!~"); break;
    case IN_DCS_IGNORE: say(text, "\033P!0"); break;
    case IN_STRING: say(text, "\033_"); break;
    }
    if (parser->utf8_need)
        say(text, "%.*s", parser->utf8_size, (const char *)parser->utf8);
}

static void say_column(struct text *text, const struct modes *modes)
{
    if (modes->column.now > 0)
        say(text, "\033[%dG", modes->column.now + 1);
}

size_t modes_preamble(const struct modes *modes, uint8_t *out)
{
    struct text text = {(char *)out, PREAMBLE_BYTES};
    say_colours(&text, modes);
    say_texts(&text, modes);
    say_screens(&text, modes);
    say_mouse(&text, modes);
    say_cursor_and_keys(&text, modes);
    say_private(&text, modes);
    say_column(&text, modes);
    say_unfinished(&text, &modes->parser);
    return PREAMBLE_BYTES - text.left;
}
