/*
 * The terminal modes that output leaves behind, without a screen: enough to write a preamble that puts a freshly
 * reset terminal into the state at an offset. The measure is xterm.js: what it ignores is ignored here.
 * Queries are never part of it; `queries` keeps those that nobody has answered.
 */
#ifndef HOLDER_MODES_H
#define HOLDER_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queries.h"
#include "sizes.h"

#define TITLE_BYTES 256
/* All titles that wait on the stack: one or two short ones in practice, and room for the four longest. */
#define TITLES_BYTES 1024
#define ICON_BYTES 128
#define CWD_BYTES 512
#define HYPERLINK_BYTES 1024
/* The longest OSC that is read at all: a hyperlink with its parameters. Longer ones are skipped to their end. */
#define OSC_BYTES 1100
#define PARAMS_MAX 32
#define KITTY_DEPTH 8
/* Palette entries, then foreground, background and cursor. */
#define COLOURS 259
#define COLOUR_FOREGROUND 256

enum parser_state {
    AT_GROUND,
    IN_ESCAPE,
    IN_ESCAPE_INTERMEDIATE,
    IN_CSI_ENTRY,
    IN_CSI_PARAM,
    IN_CSI_INTERMEDIATE,
    IN_CSI_IGNORE,
    IN_OSC,
    IN_DCS_HEAD,
    IN_DCS_BODY,
    IN_DCS_IGNORE,
    IN_STRING, /* SOS, PM, APC */
};

struct parser {
    enum parser_state state;
    uint8_t utf8[4], utf8_size, utf8_need; /* bytes of an unfinished character, and how many are missing */
    uint8_t prefix, intermediates[2], intermediate_count;
    uint8_t param_count;
    bool params_full; /* further numbers are dropped */
    uint32_t sub; /* bit i: params[i] came after a colon */
    int32_t params[PARAMS_MAX]; /* -1: a sub-parameter without digits */
    uint16_t string_size;
    bool string_too_long;
    uint8_t string[OSC_BYTES];
};

/*
 * 0 is the default colour; else COLOUR_BASIC | 0..15, COLOUR_INDEXED | index or COLOUR_RGB | 0xrrggbb.
 * Basic and indexed 0..7 differ: only the basic ones turn bright when bold. COLOUR_UNSET is what SGR 59 leaves:
 * xterm.js draws it in white, not as it draws an underline that never had a colour.
 */
#define COLOUR_BASIC 0x04000000u
#define COLOUR_INDEXED 0x01000000u
#define COLOUR_RGB 0x02000000u
#define COLOUR_UNSET 0x08000000u

enum style_bits {
    BOLD = 1,
    DIM = 2,
    ITALIC = 4,
    BLINK = 8,
    INVERSE = 16,
    INVISIBLE = 32,
    STRIKE = 64,
    OVERLINE = 128,
    PROTECTED = 256, /* DECSCA: a selective erase leaves it */
};

struct style {
    uint16_t bits;
    uint8_t underline; /* 0 none, 1..5 as in SGR 4:n; of a saved style only whether there is one */
    uint32_t foreground, background, underline_colour;
};

/* Each by the final of its designation, 0 is US ASCII. */
struct charsets {
    uint8_t sets[4], active; /* G0..G3 and which of them was shifted in */
    uint8_t now; /* what is drawn: sets[active], until DECRC brings back the saved one without a shift */
};

struct tabs {
    uint8_t stops[(COLS_MAX + 7) / 8];
};

/* What belongs to the normal (0) or the alternate (1) screen. */
struct screen {
    struct style saved_style;
    uint8_t saved_charset;
    bool saved_in_link; /* saved within a hyperlink: else xterm.js hides a link that is open when it is restored */
    uint16_t region_top, region_bottom; /* 0, 0: the whole screen */
    uint8_t kitty_depth, kitty[KITTY_DEPTH + 1]; /* kitty[kitty_depth] holds now */
    struct tabs tabs;
};

struct column {
    int16_t now;  /* -1: unknown */
    bool by_text; /* counted through text since it was last certain: good for a tab stop right behind it only */
};

struct titles {
    uint8_t count;
    uint16_t size;
    char text[TITLES_BYTES]; /* one after the other, each closed by a zero */
};

struct modes {
    struct parser parser;
    struct screen screens[2];
    struct style style;
    struct charsets charsets;
    struct column column;
    uint32_t private; /* bit per row of the table in modes.c */
    bool insert;
    /* Once said they are always repeated, for a reset of xterm.js leaves them as they are: -1 never said, else 0 or 1. */
    int8_t blink, visible, newline; /* DECSET 12 and 25, SM 20 */
    struct size size; /* 0, 0 until modes_resize */
    bool alternate;
    uint32_t jumps;  /* how often the cursor may have gone up on the normal screen, or the alternate screen was left */
    uint32_t saves;  /* how often the place of the normal screen's cursor was saved or restored */
    uint32_t unseen; /* newlines within strings */
    struct queries *queries; /* told what programs ask; NULL: nobody is */
    bool link_of_alternate; /* the hyperlink was opened on that screen: with it xterm.js forgets it */
    uint16_t mouse;      /* 0, 9, 1000, 1002, 1003 */
    uint16_t mouse_form; /* 0, 1006, 1016 */
    uint8_t cursor_shape, modify_other_keys;
    bool colours_touched; /* a program has dealt with them: then a preamble says also what is back at its default */
    uint32_t colours[COLOURS]; /* 0: not set, else COLOUR_RGB | 0xrrggbb */
    struct titles titles;
    char title[TITLE_BYTES], icon[ICON_BYTES], cwd[CWD_BYTES], hyperlink[HYPERLINK_BYTES];
};

void modes_start(struct modes *modes);
/* Reads output, cut anywhere. */
void modes_feed(struct modes *modes, const uint8_t *data, size_t size);
/* The terminal has this size from here on; a change resets the scroll regions and adds tab stops, as xterm.js does. */
void modes_resize(struct modes *modes, struct size size);
/* The columns, COLS_MAX while they are unknown. */
int32_t modes_cols(const struct modes *modes);
/* A newline below the last line makes a line of scrollback, and the cursor only goes up by a jump. */
bool modes_scroll(const struct modes *modes);
/* Between two characters and outside every escape sequence. */
bool modes_at_rest(const struct modes *modes);
/* The preamble sets what a change of size would undo: it must be read at the size it was written for. */
bool modes_need_size(const struct modes *modes);
/* Writes the sequences for this state; `out` holds PREAMBLE_BYTES. Returns the size. */
size_t modes_preamble(const struct modes *modes, uint8_t *out);

/* The table of private modes that are either on or off. Row numbers are the bits of modes.private. */
extern const struct private_mode {
    uint16_t number;
    bool at_start, by_soft_reset;
} PRIVATE_MODES[];
size_t private_mode_count(void);

/* Called by the parser when a sequence is complete. */
void modes_control(struct modes *modes, uint8_t code);
void modes_c1(struct modes *modes, uint8_t code);
void modes_escape(struct modes *modes, uint8_t final);
void modes_csi(struct modes *modes, uint8_t final);
void modes_osc(struct modes *modes);
/* Control characters and text at the ground; `counts`: a tab stop may follow, so it is worth to count. */
void column_control(struct modes *modes, uint8_t code);
void column_text(struct modes *modes, const uint8_t *start, const uint8_t *end, bool counts);
/* A sequence other than a tab stop begins: what was counted through text is forgotten. */
void column_after_text(struct column *column);
void column_forget(struct column *column);
void column_move(struct modes *modes, int32_t to);
void column_shift(struct modes *modes, int32_t by);
void tabs_start(struct tabs *tabs, unsigned cols);
void tabs_resize(struct tabs *tabs, unsigned cols);
void tabs_set(struct tabs *tabs, unsigned column);
void tabs_clear(struct tabs *tabs, unsigned column);
void tabs_clear_all(struct tabs *tabs);
/* The first stop at or behind `column`, or `cols`. */
unsigned tabs_next(const struct tabs *tabs, unsigned column, unsigned cols);
bool tabs_are_default(const struct tabs *tabs, unsigned cols);
void titles_push(struct titles *titles, const char *title);
/* Into `title`, of TITLE_BYTES; without a title nothing happens. */
void titles_pop(struct titles *titles, char *title);
/* The parameter at `at`; sub-parameters do not count. `otherwise` when it is missing or 0. */
int32_t parser_param(const struct parser *parser, size_t at, int32_t otherwise);
/* The one that shows. */
struct screen *modes_screen(struct modes *modes);
void charsets_ascii(struct charsets *charsets);
void charsets_shift(struct charsets *charsets, uint8_t place);
void charsets_designate(struct charsets *charsets, uint8_t place, uint8_t final);
/* ESC `kind` `final`; what xterm.js does not know is ignored. */
void charsets_select(struct charsets *charsets, uint8_t kind, uint8_t final);
void keyboard_csi(struct modes *modes, uint8_t final);
void style_sgr(struct style *style, const struct parser *parser);
void colours_osc(struct modes *modes, unsigned number, char *text);

#endif
