#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a small file of /proc as text; false when the process is gone. */
static bool read_proc(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

/* Field 6 of stat. The name in field 2 may hold spaces and brackets: count from the last closing one. */
static pid_t session_of(pid_t pid)
{
    char stat[512];
    if (!read_proc(pid, "stat", stat, sizeof stat))
        return -1;
    const char *rest = strrchr(stat, ')');
    for (int field = 2; rest && field < 6; field++)
        rest = strchr(rest + 1, ' ');
    return rest ? (pid_t)atoi(rest + 1) : -1;
}

int session_signal(pid_t session, int signal)
{
    DIR *proc = opendir("/proc");
    if (!proc) /* without /proc the shell's own group is all there is to see */
        return kill(-session, signal) == 0;
    int found = 0;
    for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && session_of(pid) == session && kill(pid, signal) == 0)
            found++;
    }
    closedir(proc);
    return found;
}

void process_name(pid_t pid, char *name, size_t size)
{
    if (pid <= 0 || !read_proc(pid, "comm", name, size))
        *name = 0;
    name[strcspn(name, "\n")] = 0;
}
