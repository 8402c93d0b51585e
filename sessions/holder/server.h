/* `holder init` and `holder serve`: the process that owns the terminals. */
#ifndef HOLDER_SERVER_H
#define HOLDER_SERVER_H

#define EXIT_REFUSED 70

/* PID 1 of a container: refuses a container without its own private folder, then serves on /run/sandlot. */
int server_init(void);
/* The same without being PID 1, with the socket in `folder`. */
int server_serve(const char *folder);

#endif
