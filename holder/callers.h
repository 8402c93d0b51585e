/* The unix socket: who connects says one line and gets an answer, or hands its pipes over and becomes a link. */
#ifndef HOLDER_CALLERS_H
#define HOLDER_CALLERS_H

#include <stdbool.h>

#define SOCKET_NAME "holder.sock"
#define REQUEST_BYTES 128

/* Listens on `folder`/holder.sock, mode 0600. False: said why on stderr. */
bool callers_listen(const char *folder);
void callers_stop(void);

#endif
