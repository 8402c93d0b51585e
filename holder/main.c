#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "container.h"
#include "files.h"
#include "limits.h"
#include "line.h"
#include "private.h"
#include "server.h"
#include "terminal.h"

#define VERSION "sandlot holder 1"

static const char USAGE[] =
    "usage: holder init [--read]\n"
    "       holder serve DIR [--read] [--silent-ms N] [--kill-ms N] [--repaint-ms N]\n"
    "       holder attach|end TERMINAL [--socket-dir DIR]\n"
    "       holder ready|list|commands|line [--socket-dir DIR]\n"
    "       holder files [--read] < REQUEST\n"
    "       holder private [--folder DIR] < LIST\n"
    "       holder modes [--size COLSxROWS] < OUTPUT\n"
    "       holder replay [--size COLSxROWS] [--lines N] < OUTPUT\n"
    "       holder version\n";

struct words {
    const char *words[3]; /* the command and its argument */
    int count;
    bool for_reading;
    const char *folder;
    const char *private_folder; /* NULL: the session's own */
    struct size size;
    uint32_t lines;
};

static bool take_milliseconds(const char *text, int64_t *us)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < 1 || value > 1000 * 1000)
        return false;
    *us = value * 1000;
    return true;
}

/* "80x24", clamped as the terminals' own sizes are. */
static bool take_size(const char *text, struct size *size)
{
    char *end;
    unsigned long cols = strtoul(text, &end, 10), rows = *end == 'x' ? strtoul(end + 1, &end, 10) : 0;
    if (*end || !cols || !rows || cols > UINT16_MAX || rows > UINT16_MAX)
        return false;
    *size = size_clamped((uint16_t)cols, (uint16_t)rows);
    return true;
}

static bool take_count(const char *text, uint32_t *count)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *count = (uint32_t)value;
    return !*end && end != text && value <= UINT32_MAX;
}

static bool take_option(const char *name, const char *value, struct words *words)
{
    if (strcmp(name, "--silent-ms") == 0)
        return take_milliseconds(value, &options.silent_us);
    if (strcmp(name, "--kill-ms") == 0)
        return take_milliseconds(value, &options.kill_us);
    if (strcmp(name, "--repaint-ms") == 0)
        return take_milliseconds(value, &options.repaint_us);
    if (strcmp(name, "--size") == 0)
        return take_size(value, &words->size);
    if (strcmp(name, "--lines") == 0)
        return take_count(value, &words->lines);
    if (strcmp(name, "--folder") == 0)
        words->private_folder = value;
    else if (strcmp(name, "--socket-dir") == 0)
        words->folder = value;
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv, struct words *words)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--read") == 0) {
            words->for_reading = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            if (i + 1 == argc || !take_option(argv[i], argv[i + 1], words))
                return false;
            i++;
        } else if (words->count == 2) {
            return false;
        } else {
            words->words[words->count++] = argv[i];
        }
    }
    return words->count > 0;
}

static int print_version(void)
{
    puts(VERSION);
    return STATUS_OK;
}

static int run(const struct words *words)
{
    const char *command = words->words[0], *argument = words->words[1];
    if (argument) {
        if (strcmp(command, "serve") == 0)
            return server_serve(argument, words->for_reading);
        if (strcmp(command, "attach") == 0)
            return cli_attach(words->folder, argument);
        if (strcmp(command, "end") == 0)
            return cli_end(words->folder, argument);
    } else {
        if (strcmp(command, "init") == 0)
            return server_init(words->for_reading);
        if (strcmp(command, "ready") == 0)
            return cli_ready(words->folder);
        if (strcmp(command, "list") == 0)
            return cli_list(words->folder);
        if (strcmp(command, "commands") == 0)
            return cli_commands(words->folder);
        if (strcmp(command, "line") == 0)
            return line_serve(words->folder);
        if (strcmp(command, "files") == 0) {
            files_serve(0, 1, words->for_reading);
            return STATUS_OK;
        }
        if (strcmp(command, "private") == 0)
            return private_put(words->private_folder);
        if (strcmp(command, "modes") == 0)
            return cli_modes(words->size);
        if (strcmp(command, "replay") == 0)
            return cli_replay(words->size, words->lines);
        if (strcmp(command, "version") == 0)
            return print_version();
    }
    fputs(USAGE, stderr);
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    struct words words = {.folder = RUN_FOLDER, .size = {COLS_DEFAULT, ROWS_DEFAULT}};
    if (!parse(argc, argv, &words)) {
        fputs(USAGE, stderr);
        return STATUS_USAGE;
    }
    return run(&words);
}
