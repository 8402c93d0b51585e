/* SGR: how the next character is drawn. */
#include "modes.h"

/* A main parameter and the sub-parameters that follow it after colons. */
struct group {
    const int32_t *subs;
    size_t sub_count;
};

static struct group group_at(const struct parser *parser, size_t at)
{
    struct group group = {&parser->params[at + 1], 0};
    while (at + 1 + group.sub_count < parser->param_count && parser->sub >> (at + 1 + group.sub_count) & 1)
        group.sub_count++;
    return group;
}

static uint32_t rgb(const int32_t *parts)
{
    uint32_t colour = 0;
    for (int i = 0; i < 3; i++)
        colour = colour << 8 | (uint32_t)(parts[i] < 0 ? 0 : parts[i] & 0xff);
    return COLOUR_RGB | colour;
}

/* "38:5:n", "38:2:r:g:b" or, with the colour space in between, "38:2::r:g:b". */
static bool colour_from_subs(struct group group, uint32_t *colour)
{
    if (group.sub_count >= 2 && group.subs[0] == 5)
        *colour = COLOUR_INDEXED | (uint32_t)(group.subs[1] < 0 ? 0 : group.subs[1] & 0xff);
    else if (group.sub_count >= 4 && group.subs[0] == 2)
        *colour = rgb(group.subs + (group.sub_count >= 5 ? 2 : 1));
    else
        return false;
    return true;
}

/* "38;5;n" or "38;2;r;g;b", missing numbers are 0: returns how many parameters after `at` belong to it. */
static size_t colour_from_params(const struct parser *parser, size_t at, uint32_t *colour)
{
    int32_t next[4] = {0};
    size_t left = parser->param_count - at - 1;
    for (size_t i = 0; i < 4 && i < left; i++)
        next[i] = parser->params[at + 1 + i];
    size_t takes = next[0] == 5 ? 2 : next[0] == 2 ? 4 : 1;
    if (next[0] == 5)
        *colour = COLOUR_INDEXED | (uint32_t)(next[1] & 0xff);
    else if (next[0] == 2)
        *colour = rgb(next + 1);
    return takes < left ? takes : left;
}

static size_t set_colour(struct style *style, const struct parser *parser, size_t at, struct group group)
{
    int32_t which = parser->params[at];
    uint32_t *colour = which == 38 ? &style->foreground : which == 48 ? &style->background : &style->underline_colour;
    if (group.sub_count) {
        colour_from_subs(group, colour);
        return 0;
    }
    return colour_from_params(parser, at, colour);
}

static void set_underline(struct style *style, struct group group)
{
    int32_t kind = group.sub_count ? group.subs[0] : 1;
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
            style->bits = (uint8_t)((style->bits | ATTRIBUTES[i].set) & ~ATTRIBUTES[i].clear);
}

/* Applies the parameter at `at`; returns how many further main parameters it took. */
static size_t apply(struct style *style, const struct parser *parser, size_t at, struct group group)
{
    int32_t code = parser->params[at];
    switch (code) {
    case 0: *style = (struct style){0}; return 0;
    case 4: set_underline(style, group); return 0;
    case 21: style->underline = 2; return 0;
    case 24: style->underline = 0; return 0;
    case 38: case 48: case 58: return set_colour(style, parser, at, group);
    case 39: style->foreground = 0; return 0;
    case 49: style->background = 0; return 0;
    case 59: style->underline_colour = 0; return 0;
    default:
        if (!set_basic_colour(style, code))
            set_attribute(style, code);
        return 0;
    }
}

void style_sgr(struct style *style, const struct parser *parser)
{
    for (size_t at = 0; at < parser->param_count;) {
        struct group group = group_at(parser, at);
        at += apply(style, parser, at, group) + 1 + group.sub_count;
    }
}
