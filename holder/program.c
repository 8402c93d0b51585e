#include "program.h"

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
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "limits.h"
#include "shell.h"

/* A program that does not start within this time is taken for started: the loop must go on. */
#define EXEC_WAIT_MS 2000

/* What a child reports when it does not get as far as its program. */
struct failure {
    int error;
    bool at_folder;
};

static struct rlimit files_at_start;
static bool only_read;

void programs_only_read(void)
{
    only_read = true;
}

bool programs_may_write(void)
{
    return !only_read;
}

void programs_keep_file_limit(void)
{
    if (getrlimit(RLIMIT_NOFILE, &files_at_start) < 0)
        return;
    struct rlimit raised = {files_at_start.rlim_max, files_at_start.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
}

/* ---- read ---- */

static bool without_zero(const uint8_t *text, size_t size)
{
    return text && (size == 0 || !memchr(text, 0, size));
}

static char *copy_text(const uint8_t *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy)
        return NULL;
    *put_bytes((uint8_t *)copy, text, size) = 0;
    return copy;
}

static void free_words(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}

/* NULL when malformed or out of memory. */
static char **read_words(struct reader *reader, size_t most)
{
    size_t count = read_u16(reader);
    if (reader->bad || count > most)
        return NULL;
    char **words = calloc(count + 1, sizeof *words);
    for (size_t i = 0; words && i < count; i++) {
        size_t size = read_u32(reader);
        const uint8_t *text = read_bytes(reader, size);
        if (!without_zero(text, size) || !(words[i] = copy_text(text, size))) {
            free_words(words);
            return NULL;
        }
    }
    return words;
}

static bool all_assignments(char **env)
{
    for (; *env; env++)
        if (!strchr(*env, '=') || **env == '=')
            return false;
    return true;
}

bool program_read(struct reader *reader, struct program *program)
{
    size_t size = read_u16(reader);
    const uint8_t *cwd = read_bytes(reader, size);
    *program = (struct program){0};
    if (!without_zero(cwd, size))
        return false;
    program->cwd = copy_text(cwd, size);
    program->argv = read_words(reader, ARGS_MAX);
    program->env = program->argv ? read_words(reader, ENV_MAX) : NULL;
    if (program->cwd && program->env && all_assignments(program->env))
        return true;
    program_free(program);
    return false;
}

void program_free(struct program *program)
{
    free(program->cwd);
    free_words(program->argv);
    free_words(program->env);
    *program = (struct program){0};
}

/* ---- in the child: nothing comes back ---- */

static void take_stdio(const struct stdio *stdio)
{
    setsid();
    if (stdio->is_terminal)
        ioctl(stdio->fds[0], TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(stdio->fds[fd], fd);
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

/* A person at a terminal is better off in another folder than nowhere; a command must not run in the wrong one. */
static bool enter_folder(const char *cwd, bool or_another)
{
    if (!*cwd || chdir(cwd) == 0)
        return true;
    if (!or_another)
        return false;
    const char *instead = chdir("/root") == 0 ? "/root" : "/";
    if (strcmp(instead, "/") == 0 && chdir("/") < 0)
        return true;
    dprintf(2, "sandlot: cannot enter ");
    print_safely(cwd);
    dprintf(2, " (%s), starting in %s\n", strerror(errno), instead);
    return true;
}

/* Comes back only when it could not: errno. */
static void become(const struct program *program)
{
    environ = program->env;
    if (only_read && !confine_reader())
        return;
    if (program->argv[0])
        execvp(program->argv[0], program->argv);
    else
        shell_run();
}

static void run_child(const struct program *program, const struct stdio *stdio, int report)
{
    struct failure failure = {0};
    take_stdio(stdio);
    reset_signals();
    setrlimit(RLIMIT_NOFILE, &files_at_start);
    umask(022);
    failure.at_folder = !enter_folder(program->cwd, stdio->is_terminal);
    if (!failure.at_folder)
        become(program);
    failure.error = errno;
    if (write(report, &failure, sizeof failure) < 0)
        _exit(126);
    _exit(127);
}

/* ---- in the holder ---- */

/* The report pipe closes when the program runs; else it brings what failed. */
static struct failure wait_for_exec(int report)
{
    struct failure failure = {0};
    struct pollfd wait = {report, POLLIN, 0};
    if (poll(&wait, 1, EXEC_WAIT_MS) <= 0 || read(report, &failure, sizeof failure) != sizeof failure)
        return (struct failure){0};
    return failure;
}

static pid_t fork_child(const struct program *program, const struct stdio *stdio, struct failure *failure)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) {
        failure->error = errno;
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        run_child(program, stdio, report[1]);
    failure->error = pid < 0 ? errno : 0;
    close(report[1]);
    if (pid > 0)
        *failure = wait_for_exec(report[0]);
    close(report[0]);
    return pid;
}

static enum error_code code_of(const struct failure *failure)
{
    if (failure->error == ENOENT || failure->error == ENOTDIR)
        return ERROR_NO_PROGRAM;
    if (failure->error == EACCES || failure->error == ENOEXEC || failure->error == EISDIR)
        return ERROR_NOT_EXECUTABLE;
    return ERROR_CANNOT_START;
}

pid_t program_start(const struct program *program, const struct stdio *stdio, struct refusal *why)
{
    struct failure failure = {0};
    pid_t pid = fork_child(program, stdio, &failure);
    if (pid > 0 && !failure.error)
        return pid;
    const char *name = program->argv[0] ? program->argv[0] : "the login shell";
    if (failure.at_folder)
        refuse(why, ERROR_NO_FOLDER, "the folder %.200s cannot be entered: %s", program->cwd, strerror(failure.error));
    else
        refuse(why, code_of(&failure), "%.100s could not be started: %s", name, strerror(failure.error));
    return -1;
}
