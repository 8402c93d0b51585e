/* Cuts output into control characters and escape sequences: the state machine of xterm.js, over UTF-8. */
#include <string.h>

#include "modes.h"

/* Stands for every character above U+009F. */
#define NON_ASCII 0xa0

/* What ends a run of plain output: ESC, SO, SI, and the first byte of a C1 control in UTF-8. */
static const bool SPECIAL[256] = {[0x1b] = true, [0x0e] = true, [0x0f] = true, [0xc2] = true};

static unsigned utf8_length(uint8_t lead)
{
    return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/* Keeps the unfinished character at the end of a plain run, so that its rest is not taken for something else. */
static void keep_partial(struct parser *parser, const uint8_t *start, const uint8_t *end)
{
    for (unsigned back = 1; back <= 3 && end - back >= start; back++) {
        uint8_t byte = *(end - back);
        if ((byte & 0xc0) == 0x80)
            continue;
        if (utf8_length(byte) > back) {
            memcpy(parser->utf8, end - back, back);
            parser->utf8_size = (uint8_t)back;
            parser->utf8_need = (uint8_t)(utf8_length(byte) - back);
        }
        return;
    }
}

/* On its own: inside of its caller the compiler keeps less in registers, and the loop takes a quarter longer. */
__attribute__((noinline)) static const uint8_t *skip_plain(struct parser *parser, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    /* Every byte of output comes by here, twice: four at a time by a table take a third of the time. */
    while (end - at >= 4 && !(SPECIAL[at[0]] | SPECIAL[at[1]] | SPECIAL[at[2]] | SPECIAL[at[3]]))
        at += 4;
    while (at < end && !SPECIAL[*at])
        at++;
    if (at == end)
        keep_partial(parser, start, end);
    return at;
}

/* Whether a tab stop (ESC H) follows, or may still come. */
static bool tab_stop_may_follow(const uint8_t *at, const uint8_t *end)
{
    return at == end || (*at == 0x1b && (at + 1 == end || at[1] == 'H'));
}

/* Most runs of text end in a printable character before some other sequence: that is seen here, without a call. */
static const uint8_t *take_plain(struct modes *modes, const uint8_t *start, const uint8_t *end)
{
    const uint8_t *at = skip_plain(&modes->parser, start, end);
    bool counts = tab_stop_may_follow(at, end);
    if (!counts && at > start && at[-1] >= ' ' && at[-1] != 0x7f)
        modes->column = (struct column){-1, false};
    else if (at > start)
        column_text(modes, start, at, counts);
    return at;
}

static void clear_sequence(struct parser *parser, enum parser_state state)
{
    parser->state = state;
    parser->prefix = parser->intermediate_count = 0;
    parser->param_count = 1;
    parser->params_full = false;
    parser->params[0] = 0;
    parser->sub = 0;
}

static void start_string(struct parser *parser)
{
    parser->state = IN_OSC;
    parser->string_size = 0;
    parser->string_too_long = false;
}

static void end_osc(struct modes *modes)
{
    if (modes->parser.state == IN_OSC && !modes->parser.string_too_long)
        modes_osc(modes);
}

static void collect_string(struct parser *parser, const uint8_t *bytes, size_t size)
{
    if (parser->string_size + size >= OSC_BYTES) { /* one byte stays free for the closing zero */
        parser->string_too_long = true;
        return;
    }
    memcpy(parser->string + parser->string_size, bytes, size);
    parser->string_size += (uint16_t)size;
}

static void add_param(struct parser *parser, bool is_sub)
{
    parser->params_full = parser->param_count == PARAMS_MAX;
    if (parser->params_full)
        return;
    if (is_sub)
        parser->sub |= 1u << parser->param_count;
    parser->params[parser->param_count++] = is_sub ? -1 : 0;
}

static void add_digit(struct parser *parser, int digit)
{
    int32_t *param = &parser->params[parser->param_count - 1];
    if (parser->params_full)
        return;
    if (*param < 0)
        *param = 0;
    if (*param < 100000) /* larger numbers mean nothing to anybody */
        *param = *param * 10 + digit;
}

static void collect_param(struct parser *parser, uint8_t code)
{
    if (code == ';' || code == ':')
        add_param(parser, code == ':');
    else
        add_digit(parser, code - '0');
}

static void collect_intermediate(struct parser *parser, uint8_t code, enum parser_state state)
{
    if (parser->intermediate_count < sizeof parser->intermediates)
        parser->intermediates[parser->intermediate_count++] = code;
    else
        state = state == IN_CSI_INTERMEDIATE ? IN_CSI_IGNORE : state;
    parser->state = state;
}

/* ESC and C1 controls that open something; true when `code` (7-bit form) is one of them. */
static bool open_sequence(struct parser *parser, uint8_t code)
{
    switch (code) {
    case '[': clear_sequence(parser, IN_CSI_ENTRY); return true;
    case ']': start_string(parser); return true;
    case 'P': clear_sequence(parser, IN_DCS_HEAD); return true;
    case 'X': case '^': case '_': parser->state = IN_STRING; return true;
    default: return false;
    }
}

static void in_escape(struct modes *modes, uint8_t code)
{
    struct parser *parser = &modes->parser;
    if (code == 0x7f && parser->state == IN_ESCAPE)
        return;
    if (code != 'H' || parser->state != IN_ESCAPE)
        column_after_text(&modes->column);
    if (code < 0x30) {
        collect_intermediate(parser, code, IN_ESCAPE_INTERMEDIATE);
        return;
    }
    bool opened = parser->state == IN_ESCAPE && open_sequence(parser, code);
    if (opened)
        return;
    parser->state = AT_GROUND;
    if (code != NON_ASCII && code != 0x7f)
        modes_escape(modes, code);
}

static void in_csi(struct modes *modes, uint8_t code)
{
    struct parser *parser = &modes->parser;
    bool ignoring = parser->state == IN_CSI_IGNORE, spoilt = code == NON_ASCII || code == 0x7f;
    if ((code == 0x7f && parser->state != IN_CSI_INTERMEDIATE) || (ignoring && (code < 0x40 || code == NON_ASCII)))
        return;
    if (code < 0x30) {
        collect_intermediate(parser, code, IN_CSI_INTERMEDIATE);
    } else if (code < 0x40 && parser->state == IN_CSI_INTERMEDIATE) {
        parser->state = IN_CSI_IGNORE;
    } else if (code < 0x3c) {
        parser->state = IN_CSI_PARAM;
        collect_param(parser, code);
    } else if (code < 0x40) {
        parser->prefix = code;
        parser->state = parser->state == IN_CSI_ENTRY ? IN_CSI_PARAM : IN_CSI_IGNORE;
    } else {
        parser->state = AT_GROUND;
        if (!ignoring && !spoilt)
            modes_csi(modes, code);
    }
}

/* The first byte may be one of < = > ?; later ones, and numbers behind an intermediate, spoil the string. */
static void in_dcs_head(struct parser *parser, uint8_t code)
{
    if (code < 0x20 || code == 0x7f)
        return;
    bool begun = parser->prefix;
    parser->prefix = 1;
    if (code == NON_ASCII)
        parser->state = AT_GROUND;
    else if (code >= 0x40)
        parser->state = IN_DCS_BODY;
    else if (code < 0x30)
        parser->intermediate_count = 1;
    else if (parser->intermediate_count || (begun && code >= 0x3c))
        parser->state = IN_DCS_IGNORE;
}

static void feed_c1(struct modes *modes, uint8_t code)
{
    if (code == 0x9c)
        end_osc(modes);
    modes->parser.state = AT_GROUND;
    if (!open_sequence(&modes->parser, code - 0x40))
        modes_c1(modes, code);
}

/* CAN, SUB, ESC and C1 mean the same everywhere; true when `code` was one of them. */
static bool feed_anywhere(struct modes *modes, uint8_t code)
{
    if (code == 0x18 || code == 0x1a) {
        modes->parser.state = AT_GROUND;
    } else if (code == 0x1b) {
        end_osc(modes);
        clear_sequence(&modes->parser, IN_ESCAPE);
    } else if (code >= 0x80 && code < NON_ASCII) {
        feed_c1(modes, code);
    } else {
        return false;
    }
    return true;
}

static void feed_osc(struct modes *modes, uint8_t code, const uint8_t *bytes, size_t size)
{
    if (code == 0x07) {
        end_osc(modes);
        modes->parser.state = AT_GROUND;
    } else if (code >= 0x20) {
        collect_string(&modes->parser, bytes, size);
    }
}

static void feed_code(struct modes *modes, uint8_t code, const uint8_t *bytes, size_t size)
{
    struct parser *parser = &modes->parser;
    if (feed_anywhere(modes, code))
        return;
    if (code < 0x20 && parser->state < IN_OSC) {
        modes_control(modes, code);
        return;
    }
    modes->unseen += code == '\n';
    switch (parser->state) {
    case AT_GROUND: case IN_DCS_BODY: case IN_DCS_IGNORE: break;
    case IN_ESCAPE: case IN_ESCAPE_INTERMEDIATE: in_escape(modes, code); break;
    case IN_CSI_ENTRY: case IN_CSI_PARAM: case IN_CSI_INTERMEDIATE: case IN_CSI_IGNORE: in_csi(modes, code); break;
    case IN_OSC: feed_osc(modes, code, bytes, size); break;
    case IN_DCS_HEAD: in_dcs_head(parser, code); break;
    case IN_STRING:
        if (code == NON_ASCII)
            parser->state = AT_GROUND;
        break;
    }
}

static void finish_character(struct modes *modes)
{
    struct parser *parser = &modes->parser;
    bool is_c1 = parser->utf8[0] == 0xc2 && parser->utf8[1] < 0xa0;
    uint8_t bytes[4], size = parser->utf8_size;
    memcpy(bytes, parser->utf8, sizeof bytes);
    parser->utf8_size = 0;
    feed_code(modes, is_c1 ? bytes[1] : NON_ASCII, bytes, size);
}

/* One byte of a longer character; true when it was that. Bytes that belong to no character are dropped. */
static bool feed_utf8(struct modes *modes, uint8_t byte)
{
    struct parser *parser = &modes->parser;
    if (parser->utf8_need && (byte & 0xc0) == 0x80) {
        parser->utf8[parser->utf8_size++] = byte;
        if (--parser->utf8_need == 0)
            finish_character(modes);
        return true;
    }
    parser->utf8_need = parser->utf8_size = 0;
    if (byte < 0x80)
        return false;
    if (parser->state == AT_GROUND)
        column_forget(&modes->column);
    if (utf8_length(byte) > 1) {
        parser->utf8[0] = byte;
        parser->utf8_size = 1;
        parser->utf8_need = (uint8_t)(utf8_length(byte) - 1);
    }
    return true;
}

void modes_feed(struct modes *modes, const uint8_t *data, size_t size)
{
    const uint8_t *at = data, *end = data + size;
    uint64_t start = modes->queries ? modes->queries->now : 0;
    while (at < end) {
        if (modes->parser.state == AT_GROUND && !modes->parser.utf8_need) {
            at = take_plain(modes, at, end);
            if (at == end)
                break;
        }
        uint8_t byte = *at++;
        if (modes->queries)
            modes->queries->now = start + (uint64_t)(at - data);
        if (!feed_utf8(modes, byte))
            feed_code(modes, byte, &byte, 1);
    }
    if (modes->queries)
        modes->queries->now = start + size;
}

int32_t parser_param(const struct parser *parser, size_t at, int32_t otherwise)
{
    size_t index = 0;
    for (; index < parser->param_count; index++)
        if (!(parser->sub >> index & 1) && at-- == 0)
            break;
    return index < parser->param_count && parser->params[index] > 0 ? parser->params[index] : otherwise;
}

bool modes_at_rest(const struct modes *modes)
{
    return modes->parser.state == AT_GROUND && modes->parser.utf8_need == 0;
}
