/* What /proc says about the processes of a terminal. */
#ifndef HOLDER_PROCESSES_H
#define HOLDER_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sends the signal to every process of the session; returns how many there were. */
int session_signal(pid_t session, int signal);
/* The command name of a process, "" when it is gone. */
void process_name(pid_t pid, char *name, size_t size);

#endif
