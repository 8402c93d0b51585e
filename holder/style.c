/* SGR: how the next character is drawn. */
#include "modes.h"

static bool is_sub(const struct parser *parser, size_t at)
{
    return at < parser->param_count && parser->sub >> at & 1;
}

/* The next main parameter: behind the sub-parameters of the one at `at`. */
static size_t after(const struct parser *parser, size_t at)
{
    for (at++; is_sub(parser, at); at++)
        continue;
    return at;
}

/* What follows a 38, 48 or 58, each at its place, whether semicolons or colons led to it. */
struct colour_parts {
    int32_t parts[5]; /* the mode (5: of the palette, 2: RGB), the colour space, three numbers */
    size_t count;
};

static void add_part(struct colour_parts *colour, int32_t part, bool names_no_space)
{
    if (colour->count == 1 && names_no_space)
        colour->count = 2;
    if (colour->count < 5)
        colour->parts[colour->count++] = part;
}

/* The sub-parameters of the one at `at`; false when it has none. Only an RGB colour names a colour space. */
static bool add_subs(struct colour_parts *colour, const struct parser *parser, size_t at)
{
    bool any = is_sub(parser, at + 1);
    for (at++; is_sub(parser, at); at++)
        add_part(colour, parser->params[at], colour->parts[0] == 5);
    return any;
}

/* How many main parameters belong to a colour; xterm.js skips as many of an unknown mode. */
static size_t takes(const struct colour_parts *colour)
{
    switch (colour->parts[0]) {
    case 5: return 2;
    case 2: return 4;
    case 0: return 6;
    default: return 5;
    }
}

/* Reads the colour that the parameter at `at` begins; returns the last main parameter that belongs to it. */
static size_t read_colour(const struct parser *parser, size_t at, struct colour_parts *colour)
{
    bool ends = add_subs(colour, parser, at);
    for (size_t taken = 0; !ends && taken < takes(colour) && after(parser, at) < parser->param_count; taken++) {
        at = after(parser, at);
        add_part(colour, parser->params[at], true);
        ends = add_subs(colour, parser, at);
    }
    return at;
}

static uint32_t byte_at(const struct colour_parts *colour, size_t place)
{
    return colour->parts[place] < 0 ? 0 : (uint32_t)colour->parts[place] & 0xff;
}

static size_t set_colour(struct style *style, const struct parser *parser, size_t at)
{
    int32_t which = parser->params[at];
    uint32_t *place = which == 38 ? &style->foreground : which == 48 ? &style->background : &style->underline_colour;
    struct colour_parts colour = {0};
    size_t last = read_colour(parser, at, &colour);
    if (colour.parts[0] == 5)
        *place = COLOUR_INDEXED | byte_at(&colour, 2);
    else if (colour.parts[0] == 2)
        *place = COLOUR_RGB | byte_at(&colour, 2) << 16 | byte_at(&colour, 3) << 8 | byte_at(&colour, 4);
    return last;
}

static void set_underline(struct style *style, const struct parser *parser, size_t at)
{
    int32_t kind = is_sub(parser, at + 1) ? parser->params[at + 1] : 1;
    style->underline = (uint8_t)(kind < 0 || kind > 5 ? 1 : kind);
}

static bool set_basic_colour(struct style *style, int32_t code)
{
    if (code >= 30 && code <= 37)
        style->foreground = COLOUR_BASIC | (uint32_t)(code - 30);
    else if (code >= 40 && code <= 47)
        style->background = COLOUR_BASIC | (uint32_t)(code - 40);
    else if (code >= 90 && code <= 97)
        style->foreground = COLOUR_BASIC | (uint32_t)(code - 90 + 8);
    else if (code >= 100 && code <= 107)
        style->background = COLOUR_BASIC | (uint32_t)(code - 100 + 8);
    else
        return false;
    return true;
}

static void set_attribute(struct style *style, int32_t code)
{
    static const struct {
        uint8_t code, set, clear;
    } ATTRIBUTES[] = {
        {1, BOLD, 0},       {2, DIM, 0},         {3, ITALIC, 0},     {5, BLINK, 0},     {7, INVERSE, 0},
        {8, INVISIBLE, 0},  {9, STRIKE, 0},      {22, 0, BOLD | DIM}, {23, 0, ITALIC},  {25, 0, BLINK},
        {27, 0, INVERSE},   {28, 0, INVISIBLE},  {29, 0, STRIKE},    {53, OVERLINE, 0}, {55, 0, OVERLINE},
    };
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof ATTRIBUTES[0]; i++)
        if (ATTRIBUTES[i].code == code)
            style->bits = (uint16_t)((style->bits | ATTRIBUTES[i].set) & ~ATTRIBUTES[i].clear);
}

/* Applies the parameter at `at`; returns the last main parameter that belongs to it. */
static size_t apply(struct style *style, const struct parser *parser, size_t at)
{
    int32_t code = parser->params[at];
    switch (code) {
    case 0: *style = (struct style){0}; break;
    case 4: set_underline(style, parser, at); break;
    case 21: style->underline = 2; break;
    case 24: style->underline = 0; break;
    case 38: case 48: case 58: return set_colour(style, parser, at);
    case 39: style->foreground = 0; break;
    case 49: style->background = 0; break;
    case 59: style->underline_colour = COLOUR_UNSET; break;
    default:
        if (!set_basic_colour(style, code))
            set_attribute(style, code);
    }
    return at;
}

void style_sgr(struct style *style, const struct parser *parser)
{
    for (size_t at = 0; at < parser->param_count; at = after(parser, at))
        at = apply(style, parser, at);
}
