#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "confine.h"

/* A program that does not start within this time is taken for started: the loop must go on. */
#define EXEC_WAIT_MS 2000
/* Read by the first shell of a terminal in the place of its own start files. */
#define PROFILE "/.sandlot/profile.sh"

static struct rlimit files_at_start;
static bool for_reading;

void shell_only_for_reading(void)
{
    for_reading = true;
}

void shell_raise_file_limit(void)
{
    if (getrlimit(RLIMIT_NOFILE, &files_at_start) < 0)
        return;
    struct rlimit raised = {files_at_start.rlim_max, files_at_start.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
}

bool pty_resize(int pty, struct size size)
{
    struct winsize window = {.ws_col = size.cols, .ws_row = size.rows};
    return ioctl(pty, TIOCSWINSZ, &window) == 0;
}

static bool set_utf8(int pty)
{
    struct termios settings;
    if (tcgetattr(pty, &settings) < 0)
        return false;
    settings.c_iflag |= IUTF8; /* erase takes a whole character */
    return tcsetattr(pty, TCSANOW, &settings) == 0;
}

static int open_slave(int pty)
{
    int number, zero = 0;
    char path[32];
    if (ioctl(pty, TIOCSPTLCK, &zero) < 0 || ioctl(pty, TIOCGPTN, &number) < 0)
        return -1;
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static bool open_pty(struct shell *shell, struct size size)
{
    shell->pty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (shell->pty < 0)
        return false;
    shell->slave = open_slave(shell->pty);
    if (shell->slave >= 0 && set_utf8(shell->pty) && pty_resize(shell->pty, size))
        return true;
    int error = errno;
    if (shell->slave >= 0)
        close(shell->slave);
    close(shell->pty);
    errno = error;
    return false;
}

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

/* In the child: nothing comes back. The slave is the controlling terminal and all three standard descriptors. */
static void take_terminal(int slave)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(slave, fd);
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void print_safely(const char *text)
{
    for (; *text; text++)
        dprintf(2, "%c", (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void enter_folder(const char *cwd)
{
    if (!*cwd || chdir(cwd) == 0)
        return;
    const char *instead = chdir("/root") == 0 ? "/root" : "/";
    if (strcmp(instead, "/") == 0 && chdir("/") < 0)
        return;
    dprintf(2, "sandlot: cannot enter ");
    print_safely(cwd);
    dprintf(2, " (%s), starting in %s\n", strerror(errno), instead);
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

/* Root's own, else one that is there: an image or a person that breaks root's shell leaves a way in. */
static void run_login_shell(void)
{
    char path[256];
    const char *before = getenv("SHELL");
    if (roots_shell(path, sizeof path))
        run_as_login_shell(path, before);
    const char *const others[] = {"/bin/bash", "/bin/sh"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        run_as_login_shell(others[i], before);
}

/* Comes back only when it could not: errno. */
static void run_program(const struct link_request *request)
{
    if (request->argv[0])
        execvp(request->argv[0], request->argv);
    else
        run_login_shell();
}

static void run_child(const struct link_request *request, int slave, int report)
{
    take_terminal(slave);
    reset_signals();
    setrlimit(RLIMIT_NOFILE, &files_at_start);
    umask(022);
    enter_folder(request->cwd);
    environ = request->env;
    if (!for_reading || confine_reader())
        run_program(request);
    int error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* The report pipe closes when the program runs; else it brings errno. */
static int wait_for_exec(int report)
{
    int error = 0;
    struct pollfd wait = {report, POLLIN, 0};
    if (poll(&wait, 1, EXEC_WAIT_MS) <= 0 || read(report, &error, sizeof error) != sizeof error)
        return 0;
    return error;
}

static pid_t fork_child(const struct link_request *request, int slave, int *error)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) {
        *error = errno;
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        run_child(request, slave, report[1]);
    *error = pid < 0 ? errno : 0;
    close(report[1]);
    if (pid > 0)
        *error = wait_for_exec(report[0]);
    close(report[0]);
    return pid;
}

bool shell_start(const struct link_request *request, struct size size, struct shell *shell, char *why, size_t why_size)
{
    if (!open_pty(shell, size)) {
        snprintf(why, why_size, "no terminal could be opened: %s", strerror(errno));
        return false;
    }
    int error;
    shell->pid = fork_child(request, shell->slave, &error);
    if (shell->pid > 0 && !error)
        return true;
    snprintf(why, why_size, "%.100s could not be started: %s", request->argv[0] ? request->argv[0] : "the login shell",
             strerror(error));
    close(shell->slave);
    close(shell->pty);
    return false;
}
