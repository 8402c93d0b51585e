#include "shell.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read by the first shell of a terminal in the place of its own start files. */
#define PROFILE "/.sandlot/profile.sh"

static bool is_one_of(const char *name, const char *const names[])
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static bool is_program(const char *path)
{
    struct stat found;
    return *path == '/' && access(path, X_OK) == 0 && stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* Programs that images give root to keep it from logging in: whoever has a session is to have a shell. */
static bool is_shell(const char *path)
{
    static const char *const none[] = {"nologin", "false", "true", "sync", "halt", "shutdown", "poweroff", "reboot",
                                       NULL};
    const char *name = strrchr(path, '/');
    return !(name && is_one_of(name + 1, none)) && is_program(path);
}

/* The fields of root's line are name:password:uid:gid:comment:home:shell. */
static bool roots_shell(char *path, size_t size)
{
    char line[512];
    bool found = false;
    FILE *file = fopen("/etc/passwd", "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *last = strrchr(line, ':');
        if (strncmp(line, "root:", 5) != 0 || !last)
            continue;
        last[1 + strcspn(last + 1, "\n")] = 0;
        found = (size_t)snprintf(path, size, "%s", last + 1) < size && is_shell(path);
    }
    if (file)
        fclose(file);
    return found;
}

/* Has the shell read PROFILE, which keeps what the image and the session set; false when it can only be a login shell. */
static bool read_profile(const char *name)
{
    static const char *const by_env[] = {"sh", "dash", "ash", "ksh", "mksh", NULL};
    if (access(PROFILE, R_OK) < 0)
        return false;
    if (strcmp(name, "bash") == 0)
        return true;
    if (!is_one_of(name, by_env))
        return false;
    const char *own = getenv("ENV");
    setenv("SANDLOT_ENV_FILE", own ? own : "", 1);
    setenv("ENV", PROFILE, 1);
    return true;
}

/* Comes back only when it cannot run. SHELL is what tools start another shell by; one that was set stays. */
static void run_as_login_shell(const char *path, const char *shell_before)
{
    char dashed[260];
    if (!is_program(path))
        return;
    if (!shell_before)
        setenv("SHELL", path, 1);
    char *name = strrchr(path, '/') + 1;
    snprintf(dashed, sizeof dashed, "-%s", name); /* the dash makes it a login shell */
    char *as_login[] = {dashed, NULL}, *plain[] = {name, NULL}, *bash[] = {name, "--rcfile", PROFILE, NULL};
    bool reads = read_profile(name);
    execve(path, !reads ? as_login : strcmp(name, "bash") == 0 ? bash : plain, environ);
}

void shell_run(void)
{
    char path[256];
    const char *before = getenv("SHELL");
    if (roots_shell(path, sizeof path))
        run_as_login_shell(path, before);
    const char *const others[] = {"/bin/bash", "/bin/sh"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        run_as_login_shell(others[i], before);
}
