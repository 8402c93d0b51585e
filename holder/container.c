#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "36 35 98:0 /root /mount/point options [optional fields] - type source options", see proc(5). */
static bool line_mounts_at(char *line, const char *point, bool *is_tmpfs)
{
    char *rest = strstr(line, " - ");
    char *field = strtok(line, " ");
    for (int i = 1; field && i < 5; i++)
        field = strtok(NULL, " ");
    if (!rest || !field || strcmp(field, point) != 0)
        return false;
    *is_tmpfs = strncmp(rest + 3, "tmpfs ", 6) == 0;
    return true;
}

bool mountinfo_has_tmpfs(FILE *mountinfo, const char *point)
{
    char *line = NULL;
    size_t room = 0;
    bool last = false, is_tmpfs;
    while (getline(&line, &room, mountinfo) >= 0)
        if (line_mounts_at(line, point, &is_tmpfs))
            last = is_tmpfs; /* a later mount covers an earlier one */
    free(line);
    return last;
}

bool container_has_private_folder(void)
{
    FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
    bool found = mountinfo && mountinfo_has_tmpfs(mountinfo, PRIVATE_FOLDER);
    if (mountinfo)
        fclose(mountinfo);
    if (!found)
        fprintf(stderr, "holder: refused: " PRIVATE_FOLDER " is not a tmpfs of this container\n");
    return found;
}

bool container_is_ours(void)
{
    if (getpid() != 1) {
        fprintf(stderr, "holder: init must be process 1 of a session container\n");
        return false;
    }
    return container_has_private_folder();
}

static bool make_folder(const char *path, mode_t mode)
{
    struct stat status;
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return false;
    if (lstat(path, &status) < 0)
        return false;
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid()) {
        errno = EEXIST;
        return false;
    }
    return chmod(path, mode) == 0;
}

bool container_prepare(void)
{
    const char *failed = !make_folder(RUN_FOLDER, 0700) ? RUN_FOLDER : !make_folder("/run/lock", 01777) ? "/run/lock" : NULL;
    if (failed)
        fprintf(stderr, "holder: refusing to start: cannot prepare %s: %s\n", failed, strerror(errno));
    return !failed;
}
