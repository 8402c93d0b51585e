#include "queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

static void remove_at(struct queries *queries, size_t at)
{
    queries->count--;
    memmove(queries->kept + at, queries->kept + at + 1, (queries->count - at) * sizeof queries->kept[0]);
}

/* Who asks the same again has given up on the first answer. */
static void keep(struct queries *queries, uint8_t answer, const char *text)
{
    for (size_t at = 0; at < queries->count; at++)
        if (strcmp(queries->kept[at].text, text) == 0)
            remove_at(queries, at--);
    if (queries->count == QUERIES_KEPT)
        remove_at(queries, 0);
    struct query *query = &queries->kept[queries->count++];
    *query = (struct query){.end = queries->now, .answer = answer};
    snprintf(query->text, sizeof query->text, "%s", text);
}

/* The final byte of what xterm.js answers, 0 where it answers nothing. */
static uint8_t answer_to(const struct parser *parser, uint8_t final)
{
    int32_t number = parser_param(parser, 0, 0);
    bool plain = !parser->prefix, question = parser->prefix == '?';
    if (parser->intermediate_count)
        return parser->intermediate_count == 1 && parser->intermediates[0] == '$' && final == 'p' && (plain || question) ? 'y' : 0;
    if (final == 'c' && (plain || parser->prefix == '>'))
        return number == 0 ? 'c' : 0;
    if (final == 'n' && (plain || question))
        return number == 6 ? 'R' : number == 5 && plain ? 'n' : 0;
    return 0;
}

void queries_csi(struct queries *queries, const struct parser *parser, uint8_t final)
{
    uint8_t answer = answer_to(parser, final);
    char text[QUERY_BYTES], prefix[2] = {(char)parser->prefix};
    if (!answer)
        return;
    const char *intermediate = parser->intermediate_count ? "$" : "";
    snprintf(text, sizeof text, "\x1b[%s%d%s%c", prefix, (int)parser_param(parser, 0, 0), intermediate, final);
    keep(queries, answer, text);
}

static bool is_question(const char *text)
{
    return text[0] == '?' && (text[1] == ';' || !text[1]);
}

static const char *behind(const char *text, size_t size)
{
    return text[size] ? text + size + 1 : text + size;
}

/* "i;?" with i up to 255, any number of times. */
static void ask_palette(struct queries *queries, const char *text)
{
    char query[QUERY_BYTES];
    while (*text) {
        size_t digits = strspn(text, "0123456789"), size = strcspn(text, ";");
        const char *colour = behind(text, size);
        if (digits && digits == size && digits <= 3 && atoi(text) < 256 && is_question(colour)) {
            snprintf(query, sizeof query, "\x1b]4;%d;?\x07", atoi(text));
            keep(queries, ']', query);
        }
        text = behind(colour, strcspn(colour, ";"));
    }
}

void queries_osc(struct queries *queries, unsigned number, const char *text)
{
    char query[QUERY_BYTES];
    if (number == 4)
        ask_palette(queries, text);
    /* Foreground, background, cursor: "10;?;?" asks for the first two. */
    for (; number >= 10 && number <= 12 && *text; number++) {
        if (is_question(text)) {
            snprintf(query, sizeof query, "\x1b]%u;?\x07", number);
            keep(queries, ']', query);
        }
        text = behind(text, strcspn(text, ";"));
    }
}

void queries_forget(struct queries *queries)
{
    queries->count = 0;
}

static void settle(struct queries *queries, uint8_t answer)
{
    for (size_t at = 0; at < queries->count; at++)
        if (queries->kept[at].answer == answer) {
            remove_at(queries, at);
            return;
        }
}

/* The final byte of the CSI whose rest is at `at`, 0 when it has none. */
static uint8_t final_of(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at >= 0x20 && *at < 0x40)
        at++;
    return at < end && *at >= 0x40 && *at < 0x7f ? *at : 0;
}

void queries_answered(struct queries *queries, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size, *at = data;
    while (queries->count && at < end && (at = memchr(at, 0x1b, (size_t)(end - at)))) {
        at++;
        if (at < end && *at == '[')
            settle(queries, final_of(at + 1, end));
        else if (at < end && *at == ']')
            settle(queries, ']');
    }
}

void queries_read(struct queries *queries, uint64_t from, uint64_t to)
{
    for (size_t at = 0; at < queries->count;)
        if (queries->kept[at].end > from && queries->kept[at].end <= to)
            remove_at(queries, at);
        else
            at++;
}

void queries_pass(struct queries *queries)
{
    for (size_t at = 0; at < queries->count; at++)
        queries->kept[at].asked = false;
}

const char *queries_ask(struct queries *queries, uint64_t before)
{
    for (size_t at = 0; at < queries->count; at++) {
        struct query *query = &queries->kept[at];
        if (!query->asked && query->end <= before) {
            query->asked = true;
            return query->text;
        }
    }
    return NULL;
}
