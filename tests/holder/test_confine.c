/* The filter of a read session, by an interpreter of its own for every processor, and by the kernel for this one. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "unit.h"

enum { X86_64, I386, AARCH64, ARM, PROCESSORS };

static const struct calls {
    uint32_t processor, socket, socketpair, socketcall; /* 0: there is none */
} CALLS[PROCESSORS] = {
    [X86_64] = {0xc000003e, 41, 53, 0},
    [I386] = {0x40000003, 359, 360, 102},
    [AARCH64] = {0xc00000b7, 198, 199, 0},
    [ARM] = {0x40000028, 281, 288, 102},
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

/* In a child: for the kernel it is for good. */
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
#ifdef __x86_64__
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "0"(359), "b"(AF_UNIX), "c"(SOCK_STREAM), "d"(0) : "memory");
    CHECK(answer == -EACCES || answer == -ENOSYS); /* ENOSYS: a kernel without 32 bit programs */
#endif
    _exit(0);
}

static void the_kernel_takes_it(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        probe();
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    each_processor_refuses_unix_sockets();
    nothing_else_is_touched();
    the_other_doors_are_shut();
    the_kernel_takes_it();
    return 0;
}
