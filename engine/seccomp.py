"""The system calls a session may make: a list of what is allowed, everything else is refused with EPERM.

It is Docker's default for a container with our capabilities, and less: no io_uring (a kernel interface with a
long record of escapes, which Docker refused only from version 23 on), no sockets to the hypervisor. Calls that
Docker allows only together with a capability that sessions do not have (mount, unshare, setns, bpf, chroot,
ptrace on old kernels, clock_settime, …) are not in the list at all.
Source: Docker manual, "Seccomp security profiles for Docker"; profile format: OCI runtime specification, "Seccomp".
"""

import json
from functools import cache
from typing import Any

ALLOWED = {
    "files": """
        access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
        fadvise64 fadvise64_64 fanotify_mark fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat
        fcntl fcntl64
        fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
        ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init
        inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat listxattr llistxattr _llseek
        lremovexattr lseek lsetxattr lstat lstat64 memfd_create mkdir mkdirat mknod mknodat name_to_handle_at
        newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
        readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile sendfile64 setxattr splice
        stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64
        umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev
        getxattrat setxattrat listxattrat removexattrat cachestat
    """,
    "memory": """
        brk madvise mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap msync munlock munlockall munmap
        pkey_alloc pkey_free pkey_mprotect remap_file_pages map_shadow_stack memfd_secret membarrier mseal
        process_mrelease
    """,
    "processes": """
        capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getegid getegid32 geteuid
        geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getresgid
        getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid getuid32 ioprio_get ioprio_set
        kill landlock_add_rule landlock_create_ruleset landlock_restrict_self nice pidfd_open
        pidfd_send_signal pause prctl prlimit64 process_vm_readv process_vm_writev ptrace restart_syscall rseq
        sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
        sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
        sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid
        setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32
        setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setuid setuid32 sysinfo tgkill
        tkill ugetrlimit uname vfork wait4 waitid waitpid getcpu getrandom
    """,
    "signals and waiting": """
        alarm epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old
        eventfd eventfd2 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake io_cancel io_destroy
        io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6
        pselect6_time64 rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
        rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo select sigaltstack signalfd signalfd4 sigprocmask
        sigreturn
    """,
    "time": """
        adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
        clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create
        timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
        timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
    """,
    "sockets": """
        accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg
        recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair
    """,
    "System V": """
        ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
        mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt
        shmget
    """,
    "one processor only": """
        arch_prctl arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush modify_ldt set_tls sync_file_range2
    """,
}

# Namespaces that clone(2) could make: mount, cgroup, UTS, IPC, user, process, network.
NEW_NAMESPACES = 0x7E020000
# 32 bit programs still get one by socketcall(2), whose arguments lie behind a pointer and cannot be looked at.
AF_VSOCK = 40
# Kinds of sockets, with room for some to come: Linux 6.12 has 46.
FAMILIES = 64
ENOSYS = 38

# The personalities that exist for ordinary programs: Linux, without randomised addresses, 32 bit, and "which is it?".
PERSONALITIES = (0x0, 0x0008, 0x20000, 0x20008, 0xFFFFFFFF)

ARCHITECTURES = (
    ("SCMP_ARCH_X86_64", ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]),
    ("SCMP_ARCH_AARCH64", ["SCMP_ARCH_ARM"]),
)


@cache
def profile() -> str:
    """Return the profile in the JSON format that the engine takes."""
    names = sorted({name for group in ALLOWED.values() for name in group.split()})
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "archMap": [{"architecture": name, "subArchitectures": more} for name, more in ARCHITECTURES],
            "syscalls": [
                _allow(names),
                *(_allow(["personality"], _equal(0, value)) for value in PERSONALITIES),
                *(_allow(["socket"], _low_half_equal(0, family)) for family in range(FAMILIES) if family != AF_VSOCK),
                _allow(["clone"], _without_bits(0, NEW_NAMESPACES)),
                # Its flags are behind a pointer and cannot be looked at: programs are told to use clone.
                {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS},
            ],
        }
    )


def _allow(names: list[str], *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(conditions)}


def _equal(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def _low_half_equal(index: int, value: int) -> dict[str, Any]:
    """For an int: the kernel takes the low half of its register, whatever the other one holds."""
    return {"index": index, "value": 0xFFFFFFFF, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}


def _without_bits(index: int, bits: int) -> dict[str, Any]:
    return {"index": index, "value": bits, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
