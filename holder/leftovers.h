/* Outputs that background programs still hold when their command has ended: read and thrown away, so that they can go on. */
#ifndef HOLDER_LEFTOVERS_H
#define HOLDER_LEFTOVERS_H

/* Takes the descriptor; with too many of them, it is closed at once and its writers get SIGPIPE. */
void leftover_keep(int fd);

#endif
