/* What `holder init` demands of its container and prepares in it. */
#ifndef HOLDER_CONTAINER_H
#define HOLDER_CONTAINER_H

#include <stdbool.h>
#include <stdio.h>

#define RUN_FOLDER "/run/sandlot"
#define PRIVATE_FOLDER "/root/.private"

/* Whether we are PID 1 and the private folder is a tmpfs of its own; else a sentence on stderr. */
bool container_is_ours(void);
/* Whether the private folder is a tmpfs of this container; else a sentence on stderr. */
bool container_has_private_folder(void);
/* Makes RUN_FOLDER (0700) and /run/lock (1777); false: a sentence on stderr. */
bool container_prepare(void);

/* Whether the topmost mount at `point` in this mountinfo is a tmpfs. */
bool mountinfo_has_tmpfs(FILE *mountinfo, const char *point);

#endif
