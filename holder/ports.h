/* Which TCP ports something listens on, in this session's network, and how that changes. */
#ifndef HOLDER_PORTS_H
#define HOLDER_PORTS_H

enum port_frame {
    /* requests, at any time: u16 milliseconds between looks, 100 at least; 0: look once and end */
    PORT_WATCH = 0x60,
    /* answers */
    PORT_OPEN = 0x61,   /* u16 port, u8 flags, u32 pid of a process of this session or 0, name of its program */
    PORT_CLOSED = 0x62, /* u16 port */
    PORT_LOOKED = 0x63, /* empty: what was told since the last one is all there was at this look */
};

/* ONLY_LOCAL: it listens on the machine's own address alone, and not on all. */
enum port_flags { PORT_ONLY_LOCAL = 1 };

/* Answers over this socket until the other side goes away. */
void ports_serve(int fd);

#endif
