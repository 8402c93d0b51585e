/* Names and texts that are looked for. What takes long is cut: people wait for it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file_operations.h"
#include "file_talk.h"
#include "file_walk.h"

/* Looked into by nobody who searches: their names are found, what is in them is not. */
static const char *const left_out[] = {".git", "node_modules", "__pycache__", ".venv", NULL};

static const struct file_request *wanted;
static uint32_t found_so_far;
static unsigned looked_at;
static int64_t began_us;
static bool more;
static regex_t expression;

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Whether as much as may be was found or looked at. */
static bool is_enough(void)
{
    bool found = wanted->limit && found_so_far >= wanted->limit;
    more |= found || ++looked_at > FILE_LOOKED_AT || now_us() - began_us > FILE_LOOKS_US;
    return more;
}

static bool is_left_out(const char *name)
{
    for (const char *const *each = left_out; *each; each++)
        if (strcmp(*each, name) == 0)
            return true;
    return false;
}

/* ---- names ---- */

static enum visit look_at_name(struct walk *walk, const struct visited *at)
{
    if (!walk->depth)
        return VISIT_ON;
    if (is_enough())
        return VISIT_STOP;
    if (strcasestr(at->path, wanted->text)) {
        found_so_far++;
        if (!talk_found(kind_of(at->found->st_mode), at->path))
            return VISIT_STOP;
    }
    return S_ISDIR(at->found->st_mode) && is_left_out(at->name) ? VISIT_SKIP : VISIT_ON;
}

/* ---- texts ---- */

static bool tell_match(const char *path, uint32_t line, const char *text, size_t size, size_t column)
{
    size_t from = column > FILE_LINE_BYTES / 2 && size > FILE_LINE_BYTES ? column - FILE_LINE_BYTES / 2 : 0;
    size_t shown = size - from < FILE_LINE_BYTES ? size - from : FILE_LINE_BYTES;
    found_so_far++;
    return talk_match(line, (uint32_t)column, path, text + from, shown);
}

static bool look_into_text(const char *path, char *text)
{
    uint32_t number = 1;
    for (char *line = text, *end; *line && !(wanted->limit && found_so_far >= wanted->limit); line = end + 1, number++) {
        regmatch_t match;
        size_t size = strcspn(line, "\n");
        bool last = !line[size];
        end = line + size;
        *end = 0;
        if (regexec(&expression, line, 1, &match, 0) == 0 && !tell_match(path, number, line, size, (size_t)match.rm_so))
            return false;
        if (last)
            break;
    }
    return true;
}

static bool look_into(const struct visited *at)
{
    static char text[FILE_SEARCHED_BYTES + 1];
    int fd = openat(at->folder, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t size = 0, got;
    while (fd >= 0 && size < FILE_SEARCHED_BYTES && (got = read(fd, text + size, (size_t)(FILE_SEARCHED_BYTES - size))) > 0)
        size += got;
    if (fd >= 0)
        close(fd);
    text[size] = 0;
    return memchr(text, 0, (size_t)size) || look_into_text(at->path, text); /* with a NUL it is no text */
}

static enum visit search_folder(struct walk *walk, const struct visited *at)
{
    if (walk->depth && is_left_out(at->name))
        return VISIT_SKIP;
    return is_enough() ? VISIT_STOP : VISIT_ON;
}

static enum visit search_leaf(struct walk *walk, const struct visited *at)
{
    (void)walk;
    if (is_enough())
        return VISIT_STOP;
    bool fits = S_ISREG(at->found->st_mode) && at->found->st_size <= FILE_SEARCHED_BYTES;
    return !fits || look_into(at) ? VISIT_ON : VISIT_STOP;
}

/* ---- both ---- */

static void look(const struct file_request *request, struct walk *walk)
{
    const char *name;
    int folder = open_parent(request->path, &name);
    if (folder < 0) {
        talk_error(request->path);
        return;
    }
    wanted = request;
    began_us = now_us();
    if (walk_tree(walk, folder, name) || more)
        talk_done_u8(more);
}

void file_find(const struct file_request *request)
{
    struct walk walk = {.enter = look_at_name, .leaf = look_at_name, .other_mounts = true};
    look(request, &walk);
}

/* A text that is looked for as it stands: every sign that means something in an expression is taken for itself. */
static void escape(const char *text, char *escaped)
{
    for (; *text; text++) {
        if (strchr("\\^$.[]|()*+?{}", *text))
            *escaped++ = '\\';
        *escaped++ = *text;
    }
    *escaped = 0;
}

void file_search(const struct file_request *request)
{
    static char escaped[2 * FILE_TEXT_BYTES + 1];
    struct walk walk = {.enter = search_folder, .leaf = search_leaf, .other_mounts = true};
    int flags = REG_EXTENDED | (request->flags & FILE_ANY_CASE ? REG_ICASE : 0);
    bool as_it_stands = !(request->flags & FILE_EXPRESSION);
    if (as_it_stands)
        escape(request->text, escaped);
    int wrong = regcomp(&expression, as_it_stands ? escaped : request->text, flags);
    if (wrong) {
        char why[128];
        regerror(wrong, &expression, why, sizeof why);
        talk_failed(FILE_MALFORMED, "the expression is wrong: %s", why);
        return;
    }
    look(request, &walk);
    regfree(&expression);
}
