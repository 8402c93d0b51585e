/* The words of the command line, most of which ask a running holder. Each returns its exit status. */
#ifndef HOLDER_CLI_H
#define HOLDER_CLI_H

#include <stddef.h>

#include "sizes.h"

enum cli_status { STATUS_OK = 0, STATUS_UNKNOWN = 3, STATUS_USAGE = 64, STATUS_AWAY = 69, STATUS_IO = 74 };

/* A connection to the holder of this folder; -1: none answers, and stderr says so. */
int holder_call(const char *folder);
/* Asks it one word; STATUS_OK or STATUS_AWAY. The start of what it answers is text in `answer`. */
int holder_ask(const char *folder, const char *word, char *answer, size_t room);

/* Hands stdin and stdout over and waits until the holder has ended the link. */
int cli_attach(const char *folder, const char *terminal);
int cli_end(const char *folder, const char *terminal);
int cli_ready(const char *folder);
int cli_list(const char *folder);
int cli_commands(const char *folder);
/* Reads output for a terminal of this size from stdin and writes the preamble for the state after it. */
int cli_modes(struct size size);
/* The same, and writes what a viewer gets that keeps so many lines (0: all that are kept): offset, newline, preamble, output. */
int cli_replay(struct size size, uint32_t lines);

#endif
