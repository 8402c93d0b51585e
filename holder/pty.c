#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool pty_resize(int fd, struct size size)
{
    struct winsize window = {.ws_col = size.cols, .ws_row = size.rows};
    return ioctl(fd, TIOCSWINSZ, &window) == 0;
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

bool pty_open(struct pty *pty, struct size size)
{
    pty->fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pty->fd < 0)
        return false;
    pty->slave = open_slave(pty->fd);
    if (pty->slave >= 0 && set_utf8(pty->fd) && pty_resize(pty->fd, size))
        return true;
    int error = errno;
    if (pty->slave >= 0)
        close(pty->slave);
    close(pty->fd);
    errno = error;
    return false;
}
