/* One shell on a PTY, its kept output, and the links of those who look at it. */
#ifndef HOLDER_TERMINAL_H
#define HOLDER_TERMINAL_H

#include <sys/types.h>

#include "frames.h"
#include "history.h"
#include "input.h"
#include "loop.h"
#include "turns.h"

struct link;

struct terminal {
    struct garbage garbage;
    struct terminal *next; /* by age; ended ones by the time of their end */
    char id[TERMINAL_ID_BYTES + 1];
    uint64_t epoch; /* random: two terminals with one id are told apart */
    pid_t pid;
    int slave;        /* -1 once the shell is gone */
    struct watch pty; /* fd -1 once the terminal has ended */
    bool shell_gone, ended, gated;
    int status;
    struct history history;
    struct input input;
    struct link *links, *driver;
    unsigned link_count;
    struct turn turn; /* at reading while nobody paces it */
    bool urgent; /* something short was typed: the next output goes out at once */
    int64_t active_us, drain_from_us;
    struct timer silence, drain, kill, jiggle;
};

struct terminal *terminal_first(void);
struct terminal *terminal_find(const char *id);
bool terminal_id_is_valid(const char *id);
unsigned terminals_running(void);
/* NULL: see `why`. */
struct terminal *terminal_create(const char *id, const struct link_request *request, struct refusal *why);

void terminal_join(struct terminal *terminal, struct link *link);
void terminal_leave(struct terminal *terminal, struct link *link);
void terminal_drive(struct terminal *terminal, struct link *link);
void terminal_set_size(struct terminal *terminal, struct size size);
/* The driver's shell gets what was taken; small input makes the next output urgent. */
void terminal_type(struct terminal *terminal, size_t size);
/* The driver has read further, or has fallen silent: open or close the gate. */
void terminal_settle(struct terminal *terminal);
void terminal_driver_read(struct terminal *terminal);
/* Makes a full-screen program paint itself again. */
void terminal_repaint(struct terminal *terminal);
/* SIGHUP to the whole session, SIGKILL after options.kill_us but for what nohup started. Nothing to do once the terminal has ended. */
void terminal_end(struct terminal *terminal);
/* A child was reaped; true when it was a shell of ours. */
bool terminal_reaped(pid_t pid, int wait_status);
void terminals_hang_up(void);
void terminals_kill(void);

/* Times that tests change. */
extern struct options {
    int64_t silent_us;  /* a driver with a full window that says nothing for so long stops gating */
    int64_t kill_us;    /* between SIGHUP and SIGKILL */
    int64_t repaint_us; /* between the two sizes that make a full-screen program repaint */
} options;

#endif
