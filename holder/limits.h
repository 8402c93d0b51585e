/* Every bound of the holder, each with its reason. README.md shows the same table. */
#ifndef HOLDER_LIMITS_H
#define HOLDER_LIMITS_H

/* 1 MiB of output kept per terminal, about 10,000 full lines, replayed to a viewer that joins. */
#define OUTPUT_KEPT_BYTES (1024 * 1024)
/* Marks of where lines begin are at least this far apart, and less than twice as far, all over the kept output. */
#define LINE_MARK_BYTES (16 * 1024)
#define LINE_MARKS (OUTPUT_KEPT_BYTES / LINE_MARK_BYTES)
/* A new ring starts with one page, so that idle terminals cost little; it doubles up to OUTPUT_KEPT_BYTES. */
#define RING_FIRST_BYTES 4096
/* Sent and not yet acknowledged per link: covers 10 ms at 25 MB/s, yet Ctrl-C never waits behind megabytes. */
#define WINDOW_BYTES (256 * 1024)
/* A viewer that reads slower than WINDOW_BYTES in WINDOW_US has less on the way: Ctrl-C waits for this long, not for more.
 * The page acknowledges every 32 KiB: with fewer than two of these it would stand still between them. */
#define WINDOW_LEAST_BYTES (64 * 1024)
#define WINDOW_US (40 * 1000)
/* Long enough to hold a few acknowledgements of a slow page, short beside what a person notices. */
#define WINDOW_LOOK_US (50 * 1000)
/* The largest OUTPUT body: what one websocket message carries comfortably. */
#define OUTPUT_FRAME_BYTES (64 * 1024)
/* Enough output to be worth a frame of its own while a program writes without pause. */
#define COALESCE_BYTES (32 * 1024)
/* How long output may wait for more of it while busy; one sixtieth of a second would be seen, this is not. */
#define COALESCE_US 4000
/* More frames or bytes than this within COALESCE_US, and the terminal counts as busy. */
#define BUSY_FRAMES 4
#define BUSY_BYTES (8 * 1024)
/* Below this much credit a stream waits for the next ACK instead of sending crumbs. */
#define CREDIT_CRUMB_BYTES (16 * 1024)
/* A viewer that fell out of the ring starts again this far behind the head: it has 768 KiB of slack before the next gap. */
#define CATCH_UP_BYTES (256 * 1024)
/* An INPUT_ACK waits this long for an OUTPUT to travel with, unless ACK_FRAMES are due: one wake-up of the chain saved. */
#define ACK_DELAY_US 2000
#define ACK_FRAMES 4

/* One INPUT frame, and how many of one client may wait for the PTY: 256 KiB, the client's own window. */
#define INPUT_FRAME_BYTES (16 * 1024)
#define INPUT_FRAMES_PER_CLIENT 16
/* Pieces of input waiting per terminal, over all clients that drove it: 1 MiB. */
#define INPUT_PIECES 64
/* Clients whose input numbers are remembered per terminal; twice the links, so that a live one is never forgotten. */
#define CLIENTS_REMEMBERED 128
/* An answer to a key press is short: only input up to this size makes the next output urgent. */
#define KEYSTROKE_BYTES 256

/* LINK carries a whole environment; every other frame is at most one INPUT. */
#define LINK_FRAME_BYTES (1024 * 1024)
#define FRAME_BYTES (1 + 4 + INPUT_FRAME_BYTES)
#define NAME_BYTES 64
#define CLIENT_ID_BYTES 16
#define ARGS_MAX 1024
#define ENV_MAX 4096

#define TERMINAL_ID_BYTES 64
#define TERMINALS_MAX 256
/* Ended terminals kept for late viewers. */
#define ENDED_KEPT 16
#define LINKS_PER_TERMINAL 64
#define LINKS_MAX 1024
/* Connections that have not said what they want yet. */
#define CALLERS_MAX 64

#define COLS_MIN 2
#define COLS_MAX 1000
#define ROWS_MIN 1
#define ROWS_MAX 500
#define COLS_DEFAULT 80
#define ROWS_DEFAULT 24
/* Size changes remembered inside the kept output: dragging a window makes dozens, one per program repaint. */
#define SIZES_KEPT 128

/* Room asked of the pipes of a link, so that a whole window fits. */
#define PIPE_BYTES (256 * 1024)
/* Most that one turn of the loop reads from one descriptor: no terminal starves another. */
#define TURN_BYTES (64 * 1024)

/*
 * Terminals that nobody paces are read one at a time, for 4 ms. While others wait, none is read for as long again per
 * waiting one, at most seven times: beside 20 `yes` a session keeps most of a processor for those who type, and
 * a build that nobody looks at is not slowed at all. The timers count milliseconds.
 */
#define SLOT_US 4000
#define SLOT_PAUSES 7
/* Who has said nothing for so long passes its slot on. */
#define SLOT_IDLE_US 1000

/* Questions of programs that wait for a driver: a program asks for a few things at its start, and then waits. */
#define QUERIES_KEPT 16
/* The longest is a mode's number in a DECRQM. */
#define QUERY_BYTES 24

/* The preamble of a RESET: titles, colours, tab stops and modes together stay below this. */
#define PREAMBLE_BYTES (40 * 1024)

/* What `holder private` takes: keys, tokens, git settings and an environment are a few KiB each, and few. */
#define PRIVATE_PATH_BYTES 255
#define PRIVATE_FILE_BYTES (256 * 1024)
#define PRIVATE_RECORDS_MAX 64
#define PRIVATE_LIST_BYTES (1024 * 1024)

/* Commands that run at once in a session. */
#define COMMANDS_MAX 256
/* Ended commands kept for whoever comes late: a few calls of a program, and not more memory than a few terminals have. */
#define COMMANDS_ENDED_KEPT 32
#define COMMANDS_ENDED_BYTES (8 * 1024 * 1024)
#define FOLLOWERS_MAX 1024
/* Changes between standard output and error inside the kept output; programs that change at every line stay below. */
#define STRETCHES_KEPT 4096
/* Sent to a follower and perhaps not read: the credit of its channel, and what sockets and pipes hold on the way. */
#define FOLLOWER_IN_FLIGHT_BYTES (512 * 1024)
/* One INPUT frame of a command: nobody types it, so it may be as large as what an OUTPUT carries. */
#define COMMAND_INPUT_FRAME_BYTES (64 * 1024)
/* Input that waits for its command. More stays in the socket, then in the channel. */
#define COMMAND_INPUT_BYTES (256 * 1024)
/* A paced command whose output is full waits for its reader for so long: a server is started again within seconds. */
#define COMMAND_WAITS_US (30 * 1000 * 1000)
/* Outputs that background programs hold open after their command has ended: read and thrown away, these many, so often. */
#define LEFTOVERS_MAX 256
#define LEFTOVERS_US (50 * 1000)

/* A request on files has two paths at most, or a list of them; DATA is the largest frame. */
#define FILE_FRAME_BYTES (64 * 1024 + 64)
#define FILE_PATHS_MAX 256
/* The kernel's own, with the zero byte at the end of a path. */
#define FILE_PATH_BYTES 4096
#define FILE_NAME_BYTES 255
/* What is looked for, and where a listing goes on. */
#define FILE_TEXT_BYTES 1024
/* Folders within folders: each holds a descriptor while a walk is beneath it. */
#define FILE_DEPTH_MAX 256
/* What a search shows of a line, and how large a file it looks into: code is smaller. */
#define FILE_LINE_BYTES 400
#define FILE_SEARCHED_BYTES (1024 * 1024)
/* Entries that FIND and SEARCH look at, and for how long: people wait for these. */
#define FILE_LOOKED_AT 200000
#define FILE_LOOKS_US (2 * 1000 * 1000)
/* Changes in watched folders are told together: a build makes thousands. */
#define FILE_TOLD_EVERY_US (100 * 1000)
#define FILE_EVENTS_TOLD 256

/* One DATA frame of a line, and what may be on the way in one direction of a channel: 1 ms of a fast engine's stream. */
#define LINE_DATA_BYTES (64 * 1024)
#define CHANNEL_CREDIT_BYTES (256 * 1024)
/* Credit goes back in lumps: a frame for every few kilobytes would cost more than it is worth. */
#define CREDIT_LUMP_BYTES (64 * 1024)
/* Read from one channel per turn: a channel that floods leaves the others their turn. */
#define CHANNEL_TURN_BYTES (32 * 1024)
#define CHANNELS_MAX 512
/* Processes that work on files or look for ports, per line. */
#define WORKERS_MAX 64
/* Ports that are told of, and the shortest time between two looks. */
#define PORTS_MAX 256
#define PORTS_LEAST_MS 100
/* Frames that wait for a pipe that the server does not read; channels stop long before. */
#define LINE_PENDING_BYTES (4 * 1024 * 1024)

#define HANDSHAKE_US (10 * 1000 * 1000)
/* A link that was refused has this long to take its ERROR frame. */
#define FAREWELL_US (1000 * 1000)
/* Between the two sizes that make a full-screen program repaint: below it programs merge both into nothing. */
#define JIGGLE_US (60 * 1000)
/* After the shell's end its last output is in the PTY within microseconds; a background child may write for ever. */
#define DRAIN_IDLE_US (30 * 1000)
#define DRAIN_MAX_US (500 * 1000)
/* The drain waits for a driver that still reads, but not for ever. */
#define DRAIN_GATED_US (15 * 1000 * 1000)
/* docker stop gives 10 s; what is still there after this is killed. */
#define SHUTDOWN_US (3 * 1000 * 1000)

#endif
