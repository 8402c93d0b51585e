/*
 * The column of the cursor, where it costs nothing to know: after a carriage return or a move to a column, and through
 * plain text that a tab stop follows. Everything else (wide characters, tabs, a wrapped line) makes it unknown.
 */
#include "modes.h"

void column_forget(struct column *column)
{
    *column = (struct column){-1, false};
}

void column_move(struct modes *modes, int32_t to)
{
    int32_t last = modes_cols(modes) - 1;
    modes->column = (struct column){(int16_t)(to < 0 ? 0 : to > last ? last : to), false};
}

void column_shift(struct modes *modes, int32_t by)
{
    if (modes->column.now >= 0)
        column_move(modes, modes->column.now + by);
}

void column_after_text(struct column *column)
{
    if (column->by_text)
        column_forget(column);
}

static bool returns(const struct modes *modes, uint8_t code)
{
    return code == '\r' || (modes->newline == 1 && code >= '\n' && code <= '\f');
}

static bool is_text(uint8_t code)
{
    return code >= ' ' && code != 0x7f;
}

void column_control(struct modes *modes, uint8_t code)
{
    column_after_text(&modes->column);
    if (returns(modes, code))
        modes->column = (struct column){0, false};
    else if (code == '\t' || code == '\b')
        column_forget(&modes->column);
}

/* What the count of columns does not get past: a tab, a backspace, a character that may be wide; text that is not counted. */
static bool is_unknown(uint8_t code, bool counts)
{
    return code == '\t' || code == '\b' || code >= 0x80 || (is_text(code) && !counts);
}

static void column_add(struct modes *modes, int32_t count)
{
    if (modes->column.now < 0 || modes->column.now + count >= modes_cols(modes)) {
        column_forget(&modes->column);
        return;
    }
    modes->column.now = (int16_t)(modes->column.now + count);
    modes->column.by_text |= count > 0;
}

/* From the end backwards, so that only the last line is looked at. */
void column_text(struct modes *modes, const uint8_t *start, const uint8_t *end, bool counts)
{
    int32_t count = 0;
    for (const uint8_t *at = end; at > start && count < modes_cols(modes); count += is_text(*at)) {
        if (returns(modes, *--at)) {
            modes->column = (struct column){0, false};
            break;
        }
        if (is_unknown(*at, counts)) {
            column_forget(&modes->column);
            return;
        }
    }
    column_add(modes, count);
}
