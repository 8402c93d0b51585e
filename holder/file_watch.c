/* Folders that are watched: what appears, changes and goes in them, told together every so often. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "file_operations.h"
#include "file_talk.h"

#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct change {
    enum file_what what;
    uint16_t index;
    char name[FILE_NAME_BYTES + 1];
};

static int watches[FILE_PATHS_MAX];
static struct change changes[FILE_EVENTS_TOLD];
static unsigned change_count;
static bool too_many;

static enum file_what what_of(uint32_t mask)
{
    if (mask & (IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
        return FILE_GONE;
    return mask & (IN_CREATE | IN_MOVED_TO) ? FILE_APPEARED : FILE_CHANGED;
}

/* Of one name the last change counts, but one that has just appeared stays new when it changes. */
static void note(enum file_what what, uint16_t index, const char *name)
{
    for (unsigned i = 0; i < change_count; i++) {
        struct change *change = &changes[i];
        if (change->index != index || strcmp(change->name, name) != 0)
            continue;
        if (!(change->what == FILE_APPEARED && what == FILE_CHANGED))
            change->what = what;
        return;
    }
    if (change_count == FILE_EVENTS_TOLD) {
        too_many = true;
        return;
    }
    struct change *change = &changes[change_count++];
    *change = (struct change){.what = what, .index = index};
    snprintf(change->name, sizeof change->name, "%s", name);
}

static void note_event(const struct inotify_event *event, uint16_t count)
{
    too_many |= event->mask & IN_Q_OVERFLOW;
    for (uint16_t i = 0; i < count; i++)
        if (watches[i] == event->wd)
            note(what_of(event->mask), i, event->len ? event->name : "");
}

/* All that are there. False: there will be none any more. */
static bool read_events(int fd, uint16_t count)
{
    char data[16 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got;
    while ((got = read(fd, data, sizeof data)) > 0)
        for (char *at = data; at < data + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            note_event(event, count);
            at += sizeof *event + event->len;
        }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Too many to tell them all: whoever shows the folders reads them anew. */
static bool tell_changes(void)
{
    if (too_many)
        talk_event(FILE_RELOAD, 0, "");
    for (unsigned i = 0; i < change_count && !too_many; i++)
        talk_event(changes[i].what, changes[i].index, changes[i].name);
    change_count = 0;
    too_many = false;
    return talk_flush();
}

static bool watch_folders(int fd, const struct file_request *request)
{
    for (uint16_t i = 0; i < request->count; i++) {
        watches[i] = inotify_add_watch(fd, request->paths[i], EVENTS);
        if (watches[i] >= 0)
            continue;
        if (errno == ENOSPC)
            talk_failed(FILE_OTHER, "%.200s: the machine watches too many folders already", request->paths[i]);
        else
            talk_error(request->paths[i]);
        return false;
    }
    return true;
}

static void wait_a_moment(void)
{
    const struct timespec pause = {0, FILE_TOLD_EVERY_US * 1000};
    nanosleep(&pause, NULL);
}

void file_watch(const struct file_request *request)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        talk_failed(FILE_OTHER, "nothing more can be watched on this machine: %s", strerror(errno));
        return;
    }
    if (!watch_folders(fd, request))
        return;
    talk_event(FILE_WATCHING, 0, "");
    struct pollfd both[] = {{fd, POLLIN, 0}, {0, POLLIN, 0}};
    both[1].fd = talk_in();
    while (talk_flush() && !talk_is_over()) {
        if (poll(both, 2, -1) < 0 && errno != EINTR)
            return;
        if (both[0].revents) {
            wait_a_moment();
            if (!read_events(fd, request->count) || !tell_changes())
                return;
        } else {
            wait_a_moment(); /* the other side went, or says something that nobody waits for */
        }
    }
}
