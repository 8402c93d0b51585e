/* Operating system commands: title, icon name, working directory, hyperlink; colours have their own file. */
#include <string.h>

#include "modes.h"

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

/*
 * "params;uri". Without both the link is closed; without an address but with parameters xterm.js does nothing. A cut
 * address would lead elsewhere, so a long one is none.
 */
static void set_hyperlink(struct modes *modes, const char *text)
{
    size_t params = strcspn(text, ";");
    if (!text[params] || (!text[params + 1] && strspn(text, " ") < params))
        return;
    bool open = text[params + 1] && strlen(text) < sizeof modes->hyperlink;
    keep_text(modes->hyperlink, sizeof modes->hyperlink, open ? text : "");
    modes->link_of_alternate = modes->alternate;
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
    text += *text == ';';
    if (modes->queries)
        queries_osc(modes->queries, number, text);
    apply_osc(modes, number, text);
}
