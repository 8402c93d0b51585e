#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callers.h"
#include "command.h"
#include "confine.h"
#include "container.h"
#include "follower.h"
#include "limits.h"
#include "link.h"
#include "program.h"
#include "terminal.h"

/* Children taken per turn; a fork bomb that ends at once must not hold up the others. */
#define REAPED_PER_TURN 256
/* While shutting down: is everybody gone? */
#define SHUTDOWN_LOOK_US (20 * 1000)

static struct watch signals;
static struct timer more_children, shutdown_look;
static int64_t shutdown_began_us;

static void reap(struct timer *timer)
{
    int status;
    pid_t pid = 1;
    (void)timer;
    for (int i = 0; i < REAPED_PER_TURN && (pid = waitpid(-1, &status, WNOHANG)) > 0; i++)
        if (!terminal_reaped(pid, status))
            command_reaped(pid, status);
    if (pid > 0)
        timer_set(&more_children, 1000, reap);
}

static void look_whether_all_ended(struct timer *timer)
{
    if (terminals_running() + commands_running() > 0 && loop_now_us() - shutdown_began_us < SHUTDOWN_US)
        timer_set(timer, SHUTDOWN_LOOK_US, look_whether_all_ended);
    else
        loop_stop();
}

static void shut_down(void)
{
    if (shutdown_look.armed)
        return;
    shutdown_began_us = loop_now_us();
    callers_stop();
    terminals_hang_up();
    commands_end();
    timer_set(&shutdown_look, SHUTDOWN_LOOK_US, look_whether_all_ended);
}

static void signal_arrived(struct watch *watch, uint32_t events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(watch->fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(NULL);
    else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
        shut_down();
}

static bool watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    const int taken[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        sigaddset(&set, taken[i]);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 && watch_start(&signals, fd, EPOLLIN, signal_arrived);
}

/* Ourselves too: what is beneath us inherits it, and a shell that turned us to its ends would gain nothing. */
static bool only_read(void)
{
    programs_only_read();
    if (confine_files(landlock_version()))
        return true;
    fprintf(stderr, "holder: refusing to start: cannot be confined to reading: %s\n", strerror(errno));
    return false;
}

static void send_what_is_due(void)
{
    links_pump();
    followers_pump();
}

static int serve(const char *folder, bool for_reading)
{
    programs_keep_file_limit();
    if (!loop_open() || !watch_signals()) {
        fprintf(stderr, "holder: cannot set up its event loop: %s\n", strerror(errno));
        return EXIT_REFUSED;
    }
    if (!callers_listen(folder) || (for_reading && !only_read()))
        return EXIT_REFUSED;
    loop_run(send_what_is_due);
    terminals_kill();
    commands_kill();
    return 0;
}

int server_serve(const char *folder, bool for_reading)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us, as they come to PID 1 */
    return serve(folder, for_reading);
}

int server_init(bool for_reading)
{
    if (!container_is_ours() || !container_prepare())
        return EXIT_REFUSED;
    if (for_reading && landlock_version() == 0)
        fprintf(stderr, "holder: no Landlock here: programs of this session can write into named pipes of others\n");
    int status = serve(RUN_FOLDER, for_reading);
    kill(-1, SIGKILL);
    return status;
}
