#include "confine.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's numbers stand here because musl comes without the kernel's headers. They never change. */
enum { LOAD = 0x20, AND = 0x54, IF_EQUAL = 0x15, RETURN = 0x06 };
enum { SECCOMP_FILTER = 2 };
#define ALLOW 0x7fff0000u
#define REFUSE (0x00050000u | EACCES)

/* Where struct seccomp_data has what is looked at. Of an argument the low half counts: the kernel takes an int. */
enum { AT_CALL = 0, AT_PROCESSOR = 4, AT_FIRST = 16, AT_SECOND = 24 };

#define X86_64 0xc000003eu
#define I386 0x40000003u
#define AARCH64 0xc00000b7u
#define ARM 0x40000028u
/* x32 programs call with the numbers of x86_64 and this bit. */
#define WITHOUT_X32 0xbfffffffu
#define NO_SUCH_CALL 0xffffffffu

/* socketcall(2) puts many calls into one, whose arguments lie behind a pointer: with these two nothing can be told apart. */
enum { SOCKETCALL_SOCKET = 1, SOCKETCALL_SOCKETPAIR = 8 };
#define KIND_OF_SOCKET 0xf

/*
 * One processor's calls. A pair of datagram sockets is refused as well: each end can still send to any address. Stream
 * and sequenced packet pairs are connected for good.
 */
#define PROCESSOR_LENGTH 21
#define PROCESSOR(processor, socket, socketpair, socketcall)                      \
    /*  0 */ {LOAD, 0, 0, AT_PROCESSOR},                                          \
    /*  1 */ {IF_EQUAL, 0, PROCESSOR_LENGTH - 2, processor},                       \
    /*  2 */ {LOAD, 0, 0, AT_CALL},                                               \
    /*  3 */ {AND, 0, 0, WITHOUT_X32},                                            \
    /*  4 */ {IF_EQUAL, 8 - 5, 0, socket},                                        \
    /*  5 */ {IF_EQUAL, 10 - 6, 0, socketpair},                                   \
    /*  6 */ {IF_EQUAL, 16 - 7, 0, socketcall},                                   \
    /*  7 */ {RETURN, 0, 0, ALLOW},                                               \
    /*  8: socket */ {LOAD, 0, 0, AT_FIRST},                                      \
    /*  9 */ {IF_EQUAL, 20 - 10, 19 - 10, AF_UNIX},                               \
    /* 10: socketpair */ {LOAD, 0, 0, AT_FIRST},                                  \
    /* 11 */ {IF_EQUAL, 0, 19 - 12, AF_UNIX},                                     \
    /* 12 */ {LOAD, 0, 0, AT_SECOND},                                             \
    /* 13 */ {AND, 0, 0, KIND_OF_SOCKET},                                         \
    /* 14 */ {IF_EQUAL, 19 - 15, 0, SOCK_STREAM},                                 \
    /* 15 */ {IF_EQUAL, 19 - 16, 20 - 16, SOCK_SEQPACKET},                        \
    /* 16: socketcall */ {LOAD, 0, 0, AT_FIRST},                                  \
    /* 17 */ {IF_EQUAL, 20 - 18, 0, SOCKETCALL_SOCKET},                           \
    /* 18 */ {IF_EQUAL, 20 - 19, 0, SOCKETCALL_SOCKETPAIR},                       \
    /* 19 */ {RETURN, 0, 0, ALLOW},                                               \
    /* 20 */ {RETURN, 0, 0, REFUSE}

static const struct instruction FILTER[] = {
    PROCESSOR(X86_64, 41, 53, NO_SUCH_CALL),
    PROCESSOR(I386, 359, 360, 102),
    PROCESSOR(AARCH64, 198, 199, NO_SUCH_CALL),
    PROCESSOR(ARM, 281, 288, 102),
    {RETURN, 0, 0, REFUSE}, /* a processor whose numbers we do not know may do nothing at all */
};

const struct instruction *confine_filter(size_t *count)
{
    *count = sizeof FILTER / sizeof FILTER[0];
    return FILTER;
}

static bool install_filter(void)
{
    struct {
        unsigned short count;
        const struct instruction *instructions;
    } program = {sizeof FILTER / sizeof FILTER[0], FILTER};
    return prctl(PR_SET_SECCOMP, SECCOMP_FILTER, &program) == 0;
}

/*
 * The kernel lets nobody trace, or write into the memory of, a process that may do more than oneself. Our own
 * processes (process 1, `attach`) have unix sockets and run as the same user, so the shells give up one capability that
 * they cannot miss: keeping set-user-id bits of a file that one writes. no_new_privs holds it back over every exec.
 */
static bool drop_one_capability(void)
{
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2];
    const uint32_t kept = ~(1u << 4); /* CAP_FSETID */
    if (syscall(SYS_capget, &header, sets) < 0)
        return false;
    sets[0].effective &= kept;
    sets[0].permitted &= kept;
    sets[0].inheritable &= kept;
    return syscall(SYS_capset, &header, sets) == 0;
}

bool confine_reader(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_one_capability() && install_filter();
}
