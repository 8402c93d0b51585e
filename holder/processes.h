/* What /proc says about the processes of a terminal. */
#ifndef HOLDER_PROCESSES_H
#define HOLDER_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sends SIGHUP (and SIGCONT, for a stopped program hears nothing before that) or SIGKILL to every process of these sessions. */
void sessions_hang_up(const pid_t *sessions, size_t count);
void sessions_kill(const pid_t *sessions, size_t count);
/* SIGTERM (and SIGCONT) instead. */
void sessions_terminate(const pid_t *sessions, size_t count);
/*
 * SIGKILL to what is left of a session that was hung up, but for what nohup started: that is meant to stay. A shell that
 * stays is killed as well by its caller, who knows whether it still is there.
 */
void session_kill_rest(pid_t shell);
/* The command name of a process, "" when it is gone. */
void process_name(pid_t pid, char *name, size_t size);

#endif
