/* One program without a terminal, or on one of its own: its kept output, its input, and those who follow it. */
#ifndef HOLDER_COMMAND_H
#define HOLDER_COMMAND_H

#include <sys/types.h>

#include "command_frames.h"
#include "loop.h"
#include "ring.h"
#include "streams.h"
#include "turns.h"

struct follower;

struct command {
    struct garbage garbage;
    struct command *next; /* by age; ended ones by the time of their end */
    char id[TERMINAL_ID_BYTES + 1];
    pid_t pid;
    bool is_pty, paced;

    struct watch outputs[2]; /* stdout and stderr; of a PTY the first is its controlling end. fd -1 at their end */
    int slave;               /* of a PTY, while the program lives; else -1 */
    struct ring ring;
    struct streams streams;
    uint8_t last_stream; /* of the byte before the head; 0 in the beginning */
    struct turn turn;    /* at reading while nobody paces it */
    uint64_t keep_from;  /* paced: what from here on is not read yet must not be forgotten */
    bool unread;         /* paced, but nobody came for too long */

    struct watch in; /* a pipe; fd -1 once it is closed */
    struct bytes input;
    uint64_t input_taken;
    bool closing_input;

    bool gone, ended, timed_out; /* gone: the program; ended: its output is read as well */
    uint8_t status, signal;
    int64_t began_us, ran_us, active_us, drain_from_us;
    struct timer limit, kill, drain, patience;
    struct follower *followers;
};

struct command *command_find(const char *id);
unsigned commands_running(void);
/* NULL: see `why`. */
struct command *command_create(const struct command_request *request, struct refusal *why);

void command_join(struct command *command, struct follower *follower);
void command_leave(struct command *command, struct follower *follower);
/* A follower has been sent more, or there is a new one: perhaps more can be read. */
void command_settle(struct command *command);

/* Takes input that begins at `offset`; what was taken before is skipped. False: something before it is missing. */
bool command_type(struct command *command, uint64_t offset, const uint8_t *data, size_t size);
/* Input ends at `offset`. False: something before it is missing. */
bool command_close_input(struct command *command, uint64_t offset);
bool command_takes_input(const struct command *command); /* false: enough waits for now */
bool command_input_is_open(const struct command *command);
void command_signal(struct command *command, int number);
void command_resize(struct command *command, struct size size);
/* SIGTERM, and after options.kill_us SIGKILL to its whole session. */
void command_end(struct command *command);

/* A child was reaped; true when it was a command of ours. */
bool command_reaped(pid_t pid, int wait_status);
void commands_end(void);
void commands_kill(void);
void list_commands(struct bytes *out);

#endif
