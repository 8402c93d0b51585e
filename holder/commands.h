/* The commands that talk to a running holder. Each returns its exit status. */
#ifndef HOLDER_COMMANDS_H
#define HOLDER_COMMANDS_H

#include "sizes.h"

enum command_status { STATUS_OK = 0, STATUS_UNKNOWN = 3, STATUS_USAGE = 64, STATUS_AWAY = 69, STATUS_IO = 74 };

/* Hands stdin and stdout over and waits until the holder has ended the link. */
int command_attach(const char *folder, const char *terminal);
int command_end(const char *folder, const char *terminal);
int command_ready(const char *folder);
int command_list(const char *folder);
/* Reads output for a terminal of this size from stdin and writes the preamble for the state after it. */
int command_modes(struct size size);
/* The same, and writes what a viewer gets that keeps so many lines (0: all that are kept): offset, newline, preamble, output. */
int command_replay(struct size size, uint32_t lines);

#endif
