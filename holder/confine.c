#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"

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

/* A lease on a file that can only be read makes everybody who opens it to write wait for 45 s, see fcntl(2). */
enum { SET_LEASE = 1024 };

/*
 * One processor's calls. A pair of datagram sockets is refused as well: each end can still send to any address. Stream
 * and sequenced packet pairs are connected for good.
 */
#define PROCESSOR_LENGTH 25
#define PROCESSOR(processor, socket, socketpair, socketcall, fcntl, fcntl64)      \
    /*  0 */ {LOAD, 0, 0, AT_PROCESSOR},                                          \
    /*  1 */ {IF_EQUAL, 0, PROCESSOR_LENGTH - 2, processor},                       \
    /*  2 */ {LOAD, 0, 0, AT_CALL},                                               \
    /*  3 */ {AND, 0, 0, WITHOUT_X32},                                            \
    /*  4 */ {IF_EQUAL, 10 - 5, 0, socket},                                       \
    /*  5 */ {IF_EQUAL, 12 - 6, 0, socketpair},                                   \
    /*  6 */ {IF_EQUAL, 18 - 7, 0, socketcall},                                   \
    /*  7 */ {IF_EQUAL, 21 - 8, 0, fcntl},                                        \
    /*  8 */ {IF_EQUAL, 21 - 9, 0, fcntl64},                                      \
    /*  9 */ {RETURN, 0, 0, ALLOW},                                               \
    /* 10: socket */ {LOAD, 0, 0, AT_FIRST},                                      \
    /* 11 */ {IF_EQUAL, 24 - 12, 23 - 12, AF_UNIX},                               \
    /* 12: socketpair */ {LOAD, 0, 0, AT_FIRST},                                  \
    /* 13 */ {IF_EQUAL, 0, 23 - 14, AF_UNIX},                                     \
    /* 14 */ {LOAD, 0, 0, AT_SECOND},                                             \
    /* 15 */ {AND, 0, 0, KIND_OF_SOCKET},                                         \
    /* 16 */ {IF_EQUAL, 23 - 17, 0, SOCK_STREAM},                                 \
    /* 17 */ {IF_EQUAL, 23 - 18, 24 - 18, SOCK_SEQPACKET},                        \
    /* 18: socketcall */ {LOAD, 0, 0, AT_FIRST},                                  \
    /* 19 */ {IF_EQUAL, 24 - 20, 0, SOCKETCALL_SOCKET},                           \
    /* 20 */ {IF_EQUAL, 24 - 21, 23 - 21, SOCKETCALL_SOCKETPAIR},                 \
    /* 21: fcntl */ {LOAD, 0, 0, AT_SECOND},                                      \
    /* 22 */ {IF_EQUAL, 24 - 23, 0, SET_LEASE},                                   \
    /* 23 */ {RETURN, 0, 0, ALLOW},                                               \
    /* 24 */ {RETURN, 0, 0, REFUSE}

static const struct instruction FILTER[] = {
    PROCESSOR(X86_64, 41, 53, NO_SUCH_CALL, 72, NO_SUCH_CALL),
    PROCESSOR(I386, 359, 360, 102, 55, 221),
    PROCESSOR(AARCH64, 198, 199, NO_SUCH_CALL, 25, NO_SUCH_CALL),
    PROCESSOR(ARM, 281, 288, 102, 55, 221),
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

/* See landlock(7); its calls have these numbers on every processor. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { ONLY_THE_VERSION = 1, BENEATH_A_FOLDER = 1 };
enum { WRITE_FILE = 1 << 1, REMOVE_AND_MAKE = 0x1ff0, REFER = 1 << 13, TRUNCATE = 1 << 14 };
enum { VERSION_OF_REFER = 2, VERSION_OF_TRUNCATE = 3, VERSION_OF_SCOPES = 6 };
/* No way to abstract unix sockets and no signals to processes that are not of this session. */
enum { SCOPES = 1 << 0 | 1 << 1 };

/* What each session has for itself; engine/storage/shared.py mounts the first three, the engine the others. */
static const char *const OWN[] = {PRIVATE_FOLDER, "/tmp", "/run", "/dev", "/proc"};

int landlock_version(void)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ONLY_THE_VERSION);
    return version < 0 ? 0 : (int)version;
}

uint64_t landlock_rights(int version)
{
    return (version < 1 ? 0 : WRITE_FILE | REMOVE_AND_MAKE) | (version < VERSION_OF_REFER ? 0 : REFER) |
           (version < VERSION_OF_TRUNCATE ? 0 : TRUNCATE);
}

static int create_ruleset(int version)
{
    /* An older kernel takes a longer structure than its own as long as zeros follow. */
    const struct {
        uint64_t files, network, scopes;
    } rules = {landlock_rights(version), 0, version < VERSION_OF_SCOPES ? 0 : SCOPES};
    return (int)syscall(CREATE_RULESET, &rules, sizeof rules, 0);
}

/* A folder that is not there, as outside of a container, needs no rule; a link may lead into the shared files. */
static bool leave_writable(int ruleset, const char *folder, int version)
{
    struct __attribute__((packed)) {
        uint64_t rights;
        int fd;
    } rule = {landlock_rights(version), open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (rule.fd < 0)
        return errno == ENOENT || errno == ENOTDIR;
    bool added = syscall(ADD_RULE, ruleset, BENEATH_A_FOLDER, &rule, 0) == 0;
    close(rule.fd);
    return added;
}

bool confine_files(int version)
{
    if (version < 1)
        return true;
    int ruleset = create_ruleset(version);
    bool ready = ruleset >= 0;
    for (size_t i = 0; ready && i < sizeof OWN / sizeof OWN[0]; i++)
        ready = leave_writable(ruleset, OWN[i], version);
    ready = ready && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(RESTRICT_SELF, ruleset, 0) == 0;
    if (ruleset >= 0)
        close(ruleset);
    return ready;
}

bool confine_reader(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_one_capability() && install_filter();
}
