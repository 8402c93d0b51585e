/*
 * The filter of a read session, by an interpreter of its own for every processor, and by the kernel for this one; then
 * what may be opened for writing, in each version of Landlock up to the kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "unit.h"

enum { X86_64, I386, AARCH64, ARM, PROCESSORS };

static const struct calls {
    uint32_t processor, socket, socketpair, socketcall, fcntl, fcntl64; /* 0: there is none */
} CALLS[PROCESSORS] = {
    [X86_64] = {0xc000003e, 41, 53, 0, 72, 0},
    [I386] = {0x40000003, 359, 360, 102, 55, 221},
    [AARCH64] = {0xc00000b7, 198, 199, 0, 25, 0},
    [ARM] = {0x40000028, 281, 288, 102, 55, 221},
};

struct call {
    uint32_t number, processor;
    uint64_t instruction, arguments[6];
};

/* Follows the program as the kernel does, and leaves it only by a RETURN within its bounds. */
static uint32_t run(const struct call *call)
{
    size_t count;
    const struct instruction *filter = confine_filter(&count);
    uint32_t value = 0;
    for (size_t at = 0;; at++) {
        CHECK(at < count);
        const struct instruction *now = &filter[at];
        switch (now->code) {
        case 0x20:
            CHECK(now->value % 4 == 0 && now->value < sizeof *call);
            value = ((const uint32_t *)call)[now->value / 4];
            break;
        case 0x54: value &= now->value; break;
        case 0x15: at += value == now->value ? now->if_true : now->if_false; break;
        case 0x06: return now->value;
        default: CHECK(!"an instruction that the filter has no need of");
        }
    }
}

static bool allows(uint32_t processor, uint32_t number, uint64_t first, uint64_t second)
{
    /* What an int does not hold counts for the kernel as little as for the filter. */
    const uint64_t noise = 0xdeadbeef00000000;
    struct call call = {number, processor, 0, {first | noise, second | noise, 0, 0, 0, 0}};
    uint32_t answer = run(&call);
    CHECK(answer == 0x7fff0000 || answer == (0x00050000 | EACCES));
    return answer == 0x7fff0000;
}

static void each_processor_refuses_unix_sockets(void)
{
    for (const struct calls *calls = CALLS; calls < CALLS + PROCESSORS; calls++) {
        for (int kind = 0; kind < 0x10; kind++) {
            int flags = kind | SOCK_CLOEXEC | SOCK_NONBLOCK;
            CHECK(!allows(calls->processor, calls->socket, AF_UNIX, (uint64_t)flags));
            bool is_pair = kind == SOCK_STREAM || kind == SOCK_SEQPACKET;
            CHECK(allows(calls->processor, calls->socketpair, AF_UNIX, (uint64_t)flags) == is_pair);
        }
        for (uint32_t family = 0; family < 64; family++) {
            CHECK(allows(calls->processor, calls->socket, family, SOCK_DGRAM) == (family != AF_UNIX));
            CHECK(allows(calls->processor, calls->socketpair, family, SOCK_DGRAM) == (family != AF_UNIX));
        }
    }
}

static void nothing_else_is_touched(void)
{
    for (const struct calls *calls = CALLS; calls < CALLS + PROCESSORS; calls++)
        for (uint32_t number = 0; number < 1024; number++)
            if (number != calls->socket && number != calls->socketpair && number != calls->socketcall)
                CHECK(allows(calls->processor, number, AF_UNIX, SOCK_DGRAM));
}

static void leases_are_refused_and_other_locks_are_not(void)
{
    for (const struct calls *calls = CALLS; calls < CALLS + PROCESSORS; calls++)
        for (uint64_t command = 0; command < 2048; command++) {
            CHECK(allows(calls->processor, calls->fcntl, 3, command) == (command != F_SETLEASE));
            if (calls->fcntl64)
                CHECK(allows(calls->processor, calls->fcntl64, 3, command) == (command != F_SETLEASE));
        }
}

static void the_other_doors_are_shut(void)
{
    const uint32_t x32 = 0x40000000;
    CHECK(!allows(CALLS[X86_64].processor, x32 | 41, AF_UNIX, SOCK_STREAM));
    CHECK(!allows(CALLS[X86_64].processor, x32 | 53, AF_UNIX, SOCK_DGRAM));
    CHECK(allows(CALLS[X86_64].processor, x32 | 41, AF_INET, SOCK_STREAM));
    for (uint64_t call = 0; call < 32; call++) {
        CHECK(allows(CALLS[I386].processor, 102, call, 0) == (call != 1 && call != 8));
        CHECK(allows(CALLS[ARM].processor, 102, call, 0) == (call != 1 && call != 8));
    }
    CHECK(!allows(0xc00000f3, 0, 0, 0)); /* riscv64: not one of ours */
}

/* For the kernel it is for good. */
static void probe(void)
{
    int pair[2];
    CHECK(confine_reader());
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EACCES);
    CHECK(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES);
    CHECK(syscall(SYS_socket, AF_UNIX | 1ull << 32, SOCK_STREAM, 0) < 0 && errno == EACCES);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 && errno == EACCES);
    CHECK(socketpair(AF_UNIX, SOCK_RAW, 0, pair) < 0 && errno == EACCES);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    CHECK(socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
    CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    int file = open("/proc/self/exe", O_RDONLY);
    CHECK(fcntl(file, F_SETLEASE, F_RDLCK) < 0 && errno == EACCES);
    CHECK(fcntl(file, F_SETFD, FD_CLOEXEC) == 0 && flock(file, LOCK_SH) == 0);
#ifdef __x86_64__
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "0"(359), "b"(AF_UNIX), "c"(SOCK_STREAM), "d"(0) : "memory");
    CHECK(answer == -EACCES || answer == -ENOSYS); /* ENOSYS: a kernel without 32 bit programs */
#endif
}

static void in_a_child(void (*act)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        act();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void only_what_changes_something_is_taken_away(void)
{
    const uint64_t reading = 1 << 0 | 1 << 2 | 1 << 3; /* execute, read a file, read a folder */
    const uint64_t first = 0x1fff & ~reading, refer = 1 << 13, truncate = 1 << 14;
    CHECK(landlock_rights(0) == 0);
    CHECK(landlock_rights(1) == first);
    CHECK(landlock_rights(2) == (first | refer));
    for (int version = 3; version < 20; version++)
        CHECK(landlock_rights(version) == (first | refer | truncate));
}

/* Beside the own folders, as the shared files are: with a named pipe and a file. */
static char shared[] = "/var/tmp/confine-XXXXXX";
static int version;

static bool opens(const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", shared, name);
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool refuses(const char *name, int flags)
{
    return !opens(name, flags) && errno == EACCES;
}

static void own_folders_are_as_ever(void)
{
    char folder[] = "/tmp/confine-XXXXXX", file[64], other[64];
    int ends[2], fd;
    CHECK(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    CHECK((fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
    CHECK(truncate(file, 0) == 0 && rename(file, other) == 0 && mkfifo(file, 0600) == 0);
    CHECK(opens("pipe", O_RDONLY) && opens("file", O_RDONLY) && opens(".", O_RDONLY | O_DIRECTORY));
    CHECK(unlink(file) == 0 && unlink(other) == 0 && rmdir(folder) == 0);
    CHECK((fd = open("/dev/null", O_WRONLY)) >= 0 && close(fd) == 0);
    CHECK((fd = open("/dev/ptmx", O_RDWR | O_NOCTTY)) >= 0 && close(fd) == 0);
    /* As a shell opens what stands for its pipes. */
    CHECK(pipe(ends) == 0);
    snprintf(file, sizeof file, "/proc/self/fd/%d", ends[1]);
    CHECK((fd = open(file, O_WRONLY)) >= 0 && write(fd, "x", 1) == 1);
}

static void only_own_folders_can_be_written_to(void)
{
    char again[64];
    CHECK(confine_files(version));
    CHECK(refuses("pipe", O_WRONLY) && refuses("pipe", O_RDWR));
    CHECK(refuses("file", O_WRONLY) && refuses("file", O_RDWR | O_APPEND) && refuses("new", O_WRONLY | O_CREAT));
    snprintf(again, sizeof again, "%s/pipe", shared);
    for (int flags = O_RDONLY; flags != -1; flags = flags == O_RDONLY ? O_PATH : -1) {
        char by_number[64];
        int fd = open(again, flags | O_NONBLOCK);
        CHECK(fd >= 0);
        snprintf(by_number, sizeof by_number, "/proc/self/fd/%d", fd);
        CHECK(open(by_number, O_WRONLY | O_NONBLOCK) < 0 && errno == EACCES);
    }
    CHECK(unlink(again) < 0 && errno == EACCES);
    own_folders_are_as_ever();
}

static void without_landlock_everything_is_as_ever(void)
{
    CHECK(confine_files(0));
    CHECK(opens("pipe", O_RDWR) && opens("file", O_WRONLY));
}

/* The kernel's own answer to old programs, or an engine's profile that does not know the call. */
static void a_kernel_that_does_not_answer_has_none(void)
{
    const struct instruction refuse[] = {
        {0x20, 0, 0, offsetof(struct call, number)}, {0x15, 0, 1, 444}, {0x06, 0, 0, 0x00050000 | EPERM}, {0x06, 0, 0, 0x7fff0000}};
    struct {
        unsigned short count;
        const struct instruction *instructions;
    } program = {sizeof refuse / sizeof refuse[0], refuse};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, 2, &program) == 0);
    CHECK(landlock_version() == 0);
}

static void files_are_confined_in_each_version(void)
{
    char path[64];
    CHECK(mkdtemp(shared));
    snprintf(path, sizeof path, "%s/pipe", shared);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(opens("file", O_WRONLY | O_CREAT));
    for (version = landlock_version(); version > 0; version--)
        in_a_child(only_own_folders_can_be_written_to);
    in_a_child(without_landlock_everything_is_as_ever);
    in_a_child(a_kernel_that_does_not_answer_has_none);
    CHECK(unlink(path) == 0);
    snprintf(path, sizeof path, "%s/file", shared);
    CHECK(unlink(path) == 0 && rmdir(shared) == 0);
}

int main(void)
{
    each_processor_refuses_unix_sockets();
    nothing_else_is_touched();
    leases_are_refused_and_other_locks_are_not();
    the_other_doors_are_shut();
    in_a_child(probe);
    only_what_changes_something_is_taken_away();
    files_are_confined_in_each_version();
    return 0;
}
