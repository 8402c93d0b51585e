/* Random terminal output that is dense in what the mode tracker must know. Each piece is one format with up to 4 numbers. */
#ifndef SEQUENCES_H
#define SEQUENCES_H

#include <string.h>

#include "unit.h"

static const char *const SEQUENCES[] = {
    "plain text\r\n", "é中🙂", "\t", "\033[%uA", "\033[%u;%uH", "\033[2J", "\033[K",
    "\033[?1h", "\033[?1l", "\033[?5h", "\033[?5l", "\033[?6h", "\033[?6l", "\033[?7l", "\033[?7h", "\033[?12h", "\033[?12l",
    "\033[?25l", "\033[?25h", "\033[?45h", "\033[?66h", "\033[?66l", "\033[?9h", "\033[?1000h", "\033[?1002h", "\033[?1003h",
    "\033[?1000l", "\033[?1003l", "\033[?1004h", "\033[?1004l", "\033[?1005h", "\033[?1006h", "\033[?1006l", "\033[?1015h",
    "\033[?1016h", "\033[?1007h", "\033[?1007l", "\033[?1002;1006h", "\033[?1049h", "\033[?1049l", "\033[?1047h", "\033[?1047l",
    "\033[?47h", "\033[?47l", "\033[?1048h", "\033[?1048l", "\033[?2004h", "\033[?2004l", "\033[?2026h", "\033[?2026l",
    "\033[?2031h", "\033[4h", "\033[4l", "\033[20h", "\033[20l", "\033=", "\033>", "\0337", "\0338", "\033[s", "\033[u",
    "\033[m", "\033[0m", "\033[1m", "\033[3%um", "\033[4%um", "\033[9%um", "\033[38;5;%um", "\033[48;2;%u;%u;%um",
    "\033[38:2::%u:%u:%um", "\033[58:5:%um", "\033[4:3m", "\033[4m", "\033[21m", "\033[24m", "\033[22;23;27m", "\033[53;7;9m",
    "\033[1;2;3;5;8m", "\033[39;49;59m", "\033[38;5m", "\033[38m", "\033(0", "\033(B", "\033)0", "\033*A", "\033+4", "\033-A",
    "\016", "\017", "\033n", "\033o", "\033~", "\033%%G", "\033[%u;%ur", "\033[r", "\033[%u q", "\033[!p", "\033c",
    "\033]0;title %u\007", "\033]2;títle %u\033\\", "\033]1;icon\007", "\033]7;file:///tmp/%u\007", "\033]8;;http://x/%u\007",
    "\033]8;;\007", "\033]4;%u;rgb:12/34/56\007", "\033]4;%u;#abc;%u;#123456\007", "\033]104\007", "\033]104;%u\007",
    "\033]10;#fff\007", "\033]11;rgb:1/2/3;rgb:ffff/0/8000\007", "\033]110\007", "\033]111\007", "\033]112\007", "\033]11;?\007",
    "\033]52;c;aGk=\007", "\033[>%uu", "\033[<u", "\033[<%uu", "\033[=%u;%uu", "\033[>4;%um", "\033[>4m", "\033[>4n",
    "\033[c", "\033[6n", "\033P1$r0m\033\\", "\033_apc string\033\\", "\033Pq#0;2;0;0;0~~\033\\", "\302\2331m", "\302\235\062;c1\302\234",
    "\030", "\032", "\033[12;34", "\033", "\302", "\360\237", "\200", "\033[?", "\033]2;half", "\033P", "\033[1 ", "\033#8",
};

/* Writes one random piece, at most 128 bytes; returns its size. */
static inline size_t random_sequence(uint8_t *out)
{
    char text[128];
    const char *format = SEQUENCES[chance(sizeof SEQUENCES / sizeof SEQUENCES[0])];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    int size = snprintf(text, sizeof text, format, chance(30), chance(30), chance(256), chance(8));
#pragma GCC diagnostic pop
    memcpy(out, text, (size_t)size);
    return (size_t)size;
}

#endif
