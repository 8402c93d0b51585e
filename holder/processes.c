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

static bool is_one_of(pid_t session, const pid_t *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sessions[i] == session)
            return true;
    return false;
}

static void hang_up(pid_t pid)
{
    kill(pid, SIGHUP);
    kill(pid, SIGCONT);
}

static void terminate(pid_t pid)
{
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
}

static void kill_now(pid_t pid)
{
    kill(pid, SIGKILL);
}

/* As nohup leaves it: bit 0 of SigIgn is SIGHUP. */
static bool ignores_hang_up(pid_t pid)
{
    char status[4096];
    const char *line = read_proc(pid, "status", status, sizeof status) ? strstr(status, "\nSigIgn:") : NULL;
    return line && strtoull(line + strlen("\nSigIgn:"), NULL, 16) & 1;
}

static void kill_unless_it_stays(pid_t pid)
{
    if (!ignores_hang_up(pid))
        kill_now(pid);
}

/* One walk for all of them: with 256 terminals a walk each would take seconds. */
static void for_each_process(const pid_t *sessions, size_t count, void (*act)(pid_t))
{
    DIR *proc = opendir("/proc");
    if (!proc) { /* without /proc the shells' own groups are all there is to see */
        for (size_t i = 0; i < count; i++)
            act(-sessions[i]);
        return;
    }
    for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && is_one_of(session_of(pid), sessions, count))
            act(pid);
    }
    closedir(proc);
}

void sessions_hang_up(const pid_t *sessions, size_t count)
{
    for_each_process(sessions, count, hang_up);
}

void sessions_terminate(const pid_t *sessions, size_t count)
{
    for_each_process(sessions, count, terminate);
}

void sessions_kill(const pid_t *sessions, size_t count)
{
    for_each_process(sessions, count, kill_now);
}

void session_kill_rest(pid_t shell)
{
    for_each_process(&shell, 1, kill_unless_it_stays);
}

void process_name(pid_t pid, char *name, size_t size)
{
    if (pid <= 0 || !read_proc(pid, "comm", name, size))
        *name = 0;
    name[strcspn(name, "\n")] = 0;
}
