/* Tab stops, as xterm.js keeps them: a resize adds stops behind the last one and takes none away. */
#include <string.h>

#include "modes.h"

/* What xterm.js calls tabStopWidth; the page leaves it alone. */
#define TAB_WIDTH 8

static bool is_stop(const struct tabs *tabs, unsigned column)
{
    return tabs->stops[column / 8] >> column % 8 & 1;
}

void tabs_set(struct tabs *tabs, unsigned column)
{
    tabs->stops[column / 8] |= (uint8_t)(1 << column % 8);
}

void tabs_clear(struct tabs *tabs, unsigned column)
{
    tabs->stops[column / 8] &= (uint8_t)~(1 << column % 8);
}

void tabs_clear_all(struct tabs *tabs)
{
    memset(tabs, 0, sizeof *tabs);
}

static void add_from(struct tabs *tabs, unsigned column, unsigned cols)
{
    for (; column < cols; column += TAB_WIDTH)
        tabs_set(tabs, column);
}

void tabs_start(struct tabs *tabs, unsigned cols)
{
    tabs_clear_all(tabs);
    add_from(tabs, 0, cols);
}

void tabs_resize(struct tabs *tabs, unsigned cols)
{
    unsigned column = cols;
    if (cols < COLS_MAX && is_stop(tabs, cols))
        return;
    while (column > 0 && !is_stop(tabs, --column))
        continue;
    add_from(tabs, column, cols);
}

unsigned tabs_next(const struct tabs *tabs, unsigned column, unsigned cols)
{
    while (column < cols && !is_stop(tabs, column))
        column++;
    return column;
}

bool tabs_are_default(const struct tabs *tabs, unsigned cols)
{
    for (unsigned column = 0; column < cols; column++)
        if (is_stop(tabs, column) != (column % TAB_WIDTH == 0))
            return false;
    return true;
}
