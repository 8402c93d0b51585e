/* `holder init` and `holder serve`: the process that owns the terminals. */
#ifndef HOLDER_SERVER_H
#define HOLDER_SERVER_H

#include <stdbool.h>

#define EXIT_REFUSED 70

/*
 * PID 1 of a container: refuses a container without its own private folder, then serves on /run/sandlot.
 * `for_reading`: it and its shells are confined as confine.h says.
 */
int server_init(bool for_reading);
/* The same without being PID 1, with the socket in `folder`. */
int server_serve(const char *folder, bool for_reading);

#endif
