/* `holder private`: files into the private folder, from stdin, so that no secret is ever in an argv. */
#ifndef HOLDER_PRIVATE_H
#define HOLDER_PRIVATE_H

/*
 * Reads a list (records.h) from stdin to its end, then does what it says, in order; before that nothing is touched.
 * `folder` NULL: PRIVATE_FOLDER, and only while it is a tmpfs of this container. Returns the exit status; what went
 * wrong is on stderr. No symlink is ever followed: whoever works in the session may plant some at any time.
 */
int private_put(const char *folder);

#endif
