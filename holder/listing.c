#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "processes.h"
#include "terminal.h"

/* Length of the well-formed UTF-8 character at `at`, 0 when there is none. */
static size_t character_size(const uint8_t *at)
{
    size_t size = *at < 0x80 ? 1 : *at >= 0xc2 && *at < 0xe0 ? 2 : (*at & 0xf0) == 0xe0 ? 3 : *at >= 0xf0 && *at < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) /* the closing zero ends it too */
            return 0;
    bool overlong = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90);
    bool surrogate = *at == 0xed && at[1] >= 0xa0, beyond = *at == 0xf4 && at[1] >= 0x90;
    return size > 2 && (overlong || surrogate || beyond) ? 0 : size;
}

/* Quoted and escaped; what is not UTF-8 becomes U+FFFD. */
static void add_string(struct bytes *out, const char *text)
{
    bytes_add(out, "\"", 1);
    for (const uint8_t *at = (const uint8_t *)text; *at;) {
        size_t size = character_size(at);
        if (size == 0)
            bytes_text(out, "\xef\xbf\xbd");
        else if (*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\')
            bytes_text(out, "\\u%04x", *at);
        else
            bytes_add(out, at, size);
        at += size ? size : 1;
    }
    bytes_add(out, "\"", 1);
}

/* Names what has the terminal, "" for nothing; returns whether that is another process than its shell. */
static bool foreground_name(const struct terminal *terminal, char *name, size_t size)
{
    pid_t leader = 0;
    *name = 0;
    if (!terminal->ended && ioctl(terminal->pty.fd, TIOCGPGRP, &leader) == 0)
        process_name(leader, name, size);
    return leader > 0 && leader != terminal->pid;
}

static void add_terminal(struct bytes *out, const struct terminal *terminal)
{
    char name[64];
    struct size size = history_size(&terminal->history);
    bool busy = foreground_name(terminal, name, sizeof name);
    bytes_text(out, "{\"id\":\"%s\",\"epoch\":\"%016" PRIx64 "\",\"pid\":%d,\"running\":%s,\"status\":", terminal->id,
               terminal->epoch, (int)terminal->pid, terminal->ended ? "false" : "true");
    if (terminal->ended)
        bytes_text(out, "%d", terminal->status);
    else
        bytes_text(out, "null");
    bytes_text(out, ",\"offset\":%" PRIu64 ",\"cols\":%u,\"rows\":%u,\"viewers\":%u,\"driver\":%s",
               terminal->history.ring.head, size.cols, size.rows, terminal->link_count, terminal->driver ? "true" : "false");
    bytes_text(out, ",\"idle_ms\":%" PRId64 ",\"title\":", (loop_now_us() - terminal->active_us) / 1000);
    add_string(out, terminal->history.at_head.title);
    bytes_text(out, ",\"foreground\":");
    add_string(out, name);
    bytes_text(out, ",\"busy\":%s}", busy ? "true" : "false");
}

void list_terminals(struct bytes *out)
{
    const char *between = "[";
    for (const struct terminal *terminal = terminal_first(); terminal; terminal = terminal->next) {
        bytes_text(out, "%s", between);
        add_terminal(out, terminal);
        between = ",\n";
    }
    bytes_text(out, "%s]\n", *between == '[' ? "[" : "");
}
