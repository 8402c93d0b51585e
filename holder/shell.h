/* The login shell of a session. */
#ifndef HOLDER_SHELL_H
#define HOLDER_SHELL_H

/*
 * In a child: becomes root's login shell, else one that is there: an image or a person that breaks root's shell leaves a way in.
 * Comes back only when it could not: errno.
 */
void shell_run(void);

#endif
