#include "ports.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_talk.h"
#include "limits.h"
#include "processes.h"

struct port {
    uint16_t number;
    bool only_local, is_new;
    unsigned long inode;
    pid_t pid;
};

static struct port known[PORTS_MAX], seen[PORTS_MAX];
static unsigned known_count, seen_count;

static struct port *port_in(struct port *ports, unsigned count, uint16_t number)
{
    for (unsigned i = 0; i < count; i++)
        if (ports[i].number == number)
            return &ports[i];
    return NULL;
}

/* One that listens on several addresses is one port; on all of them counts more than on its own. */
static void see(uint16_t number, bool only_local, unsigned long inode)
{
    struct port *port = port_in(seen, seen_count, number);
    if (port)
        port->only_local &= only_local;
    else if (seen_count < PORTS_MAX)
        seen[seen_count++] = (struct port){number, only_local, true, inode, 0};
}

/* 127.0.0.0/8, ::1, and the first of these as the last 32 bits of the second: the kernel writes words in its own order. */
static bool is_own_address(const char *address)
{
    size_t size = strlen(address);
    if (size == 8)
        return strcmp(address + 6, "7F") == 0;
    bool mapped = strncmp(address, "0000000000000000FFFF0000", 24) == 0 && strcmp(address + 30, "7F") == 0;
    return mapped || strcmp(address, "00000000000000000000000001000000") == 0;
}

/* The engine answers names at 127.0.0.11, on a port of its choice: nothing that anybody in the sandbox has started. */
static bool is_engines_own(const char *address)
{
    return strcmp(address, "0B00007F") == 0;
}

/* "  0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode": state 0A is LISTEN. */
static void look_into(const char *path)
{
    char line[256], address[33], state[3];
    unsigned number;
    unsigned long inode;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, " %*d: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %2s %*s %*s %*s %*s %*s %lu", address, &number, state, &inode) == 4 &&
            strcmp(state, "0A") == 0 && !is_engines_own(address))
            see((uint16_t)number, is_own_address(address), inode);
    if (file)
        fclose(file);
}

/* ---- whose ---- */

static void note_owner(pid_t pid, const char *link)
{
    unsigned long inode;
    if (sscanf(link, "socket:[%lu]", &inode) != 1)
        return;
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i].is_new && seen[i].inode == inode && !seen[i].pid)
            seen[i].pid = pid;
}

static void look_at_process(pid_t pid)
{
    char path[64], link[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, link, sizeof link - 1);
        if (size > 0) {
            link[size] = 0;
            note_owner(pid, link);
        }
    }
    if (folder)
        closedir(folder);
}

/* Only for those that are new: this reads every descriptor of every process. Another session's are not seen from here. */
static void find_owners(void)
{
    DIR *proc = opendir("/proc");
    for (struct dirent *entry = proc ? readdir(proc) : NULL; entry; entry = readdir(proc)) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0)
            look_at_process(pid);
    }
    if (proc)
        closedir(proc);
}

/* ---- what is told ---- */

static bool tell_open(const struct port *port)
{
    char name[64] = "";
    uint8_t body[7 + sizeof name], *at = put_u16(body, port->number);
    process_name(port->pid, name, sizeof name);
    at = put_u32(put_u8(at, port->only_local ? PORT_ONLY_LOCAL : 0), (uint32_t)port->pid);
    at = put_bytes(at, name, strlen(name));
    return talk_say(PORT_OPEN, body, (size_t)(at - body));
}

static void tell_differences(void)
{
    uint8_t body[2];
    for (unsigned i = 0; i < known_count; i++)
        if (!port_in(seen, seen_count, known[i].number)) {
            put_u16(body, known[i].number);
            talk_say(PORT_CLOSED, body, sizeof body);
        }
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i].is_new)
            tell_open(&seen[i]);
}

/* The same port with another inode is another program's. */
static void look(void)
{
    bool any_new = false;
    seen_count = 0;
    look_into("/proc/net/tcp");
    look_into("/proc/net/tcp6");
    for (unsigned i = 0; i < seen_count; i++) {
        const struct port *before = port_in(known, known_count, seen[i].number);
        seen[i].is_new = !before || before->inode != seen[i].inode || before->only_local != seen[i].only_local;
        seen[i].pid = seen[i].is_new ? 0 : before->pid;
        any_new |= seen[i].is_new;
    }
    if (any_new)
        find_owners();
    tell_differences();
    memcpy(known, seen, seen_count * sizeof *seen);
    known_count = seen_count;
    talk_say(PORT_LOOKED, "", 0);
}

/* Waits for the next look, or for another pace. 0: once more and no more; -1: the other side went away. */
static int next_pace(int fd, int pace_ms)
{
    struct pollfd wait = {fd, POLLIN, 0};
    struct frame frame;
    if (pace_ms > 0 && poll(&wait, 1, pace_ms) == 0)
        return pace_ms;
    if (!talk_next(&frame) || (int)frame.type != PORT_WATCH || frame.size != 2)
        return -1;
    int wanted = frame.body[0] << 8 | frame.body[1];
    return wanted && wanted < PORTS_LEAST_MS ? PORTS_LEAST_MS : wanted;
}

void ports_serve(int fd)
{
    talk_over(fd, fd);
    for (int pace_ms = -1; (pace_ms = next_pace(fd, pace_ms)) >= 0;) {
        look();
        if (!talk_flush() || pace_ms == 0)
            return;
    }
}
