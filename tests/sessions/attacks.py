"""What a hostile program tries in a session. Runs inside, as `python3 -c`; each attempt ends in a word.

The word is "works", or the name of the error that the kernel gave: `attempts_of` gives name -> word.
"""

from __future__ import annotations

import json

from tests.engine_fixtures import Place

# What every script begins with. An attempt that gives back something false has found nothing.
TOOLS = """
import ctypes, errno, json, os, shutil, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
met = {}

def attempt(name, action, *arguments):
    try:
        met[name] = "works" if action(*arguments) is not False else "nothing"
    except OSError as error:
        met[name] = errno.errorcode.get(error.errno, str(error))

def call(function, *arguments):
    \"\"\"Call a function of the C library, or a system call by its number; its -1 becomes an OSError.\"\"\"
    ctypes.set_errno(0)
    calls = (libc.syscall, function, *arguments) if isinstance(function, int) else (getattr(libc, function), *arguments)
    result = calls[0](*calls[1:])
    if result == -1:
        raise OSError(ctypes.get_errno(), "")
    return result
"""
REPORT = "\nprint(json.dumps(met))\n"


async def attempts_of(place: Place, container: str, script: str, *words: str) -> dict[str, str]:
    """Run a script of attempts in a session and return what it met."""
    argv = ["python3", "-c", TOOLS + script + REPORT, *words]
    result = await place.engine.exec_run(container, argv, deadline_s=60)
    assert result.status == 0, result.stderr.decode()
    met: dict[str, str] = json.loads(result.stdout)
    return met


# Ways to another place than the one a session was put in, as root: new mounts, other namespaces, devices, other
# sessions' memory, and files by their number on the disk instead of by a path.
WAYS_OUT = """
NS_NEW_USER, NS_NEW_MOUNT, AT_FDCWD = 0x10000000, 0x00020000, -100
MS_BIND, MS_REMOUNT, MS_MOVE, MNT_DETACH = 4096, 32, 8192, 2
here = sys.argv[1].encode()

def mount(source, target, kind=None, flags=0):
    call("mount", source, target, kind, ctypes.c_ulong(flags), None)

def in_a_child(action, *arguments):
    \"\"\"For what changes the process that tries it.\"\"\"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            action(*arguments)
            os.write(writer, b"0")
        except OSError as error:
            os.write(writer, b"%d" % error.errno)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    number = int(os.read(reader, 9) or b"38")  # killed before it could answer: there is no such door
    os.close(reader)
    if number:
        raise OSError(number, "")

def by_the_32_bit_door(number, argument):
    \"\"\"mov eax, NUMBER; mov ebx, ARGUMENT; int 0x80; ret: where the numbers of the calls are others.\"\"\"
    import mmap
    number, argument = number.to_bytes(4, "little"), argument.to_bytes(4, "little")
    code = b"\\x53\\xb8" + number + b"\\xbb" + argument + b"\\xcd\\x80\\x5b\\xc3"
    page = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    start = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    result = start()
    if result < 0:
        raise OSError(-result, "")

def by_number(path):
    \"\"\"name_to_handle_at, then open_by_handle_at: the way out of a container that is known as "shocker".\"\"\"
    handle = ctypes.create_string_buffer((128).to_bytes(4, "little") + bytes(132), 136)
    mount_id = ctypes.c_int()
    try:
        call("name_to_handle_at", AT_FDCWD, path, handle, ctypes.byref(mount_id), 0)
    except OSError:
        handle = ctypes.create_string_buffer((8).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8), 16)
    call("open_by_handle_at", os.open("/", os.O_RDONLY), handle, os.O_RDONLY)

attempt("bind", mount, here, b"/mnt", None, MS_BIND)
attempt("bind over", mount, b"/tmp", here, None, MS_BIND)
attempt("tmpfs over", mount, b"none", here, b"tmpfs")
attempt("move", mount, here, b"/mnt", None, MS_MOVE)
attempt("remount", mount, None, here, None, MS_REMOUNT)
attempt("remount bind", mount, None, here, None, MS_REMOUNT | MS_BIND)
attempt("overlay", mount, b"overlay", b"/mnt", b"overlay")
attempt("proc", mount, b"proc", b"/mnt", b"proc")
attempt("unmount", call, "umount2", here, 0)
attempt("unmount lazily", call, "umount2", here, MNT_DETACH)
# The newer interface, by numbers that all architectures have in common.
attempt("open_tree", call, 428, AT_FDCWD, here, 1)
attempt("move_mount", call, 429, AT_FDCWD, here, AT_FDCWD, b"/mnt", 0)
attempt("fsopen", call, 430, b"tmpfs", 0)
attempt("fspick", call, 433, AT_FDCWD, here, 0)
attempt("mount_setattr", call, 442, AT_FDCWD, here, 0, ctypes.create_string_buffer(32), 32)
attempt("unshare mounts", in_a_child, call, "unshare", NS_NEW_MOUNT)
attempt("unshare user", in_a_child, call, "unshare", NS_NEW_USER)
attempt("clone3", call, 435, ctypes.create_string_buffer(88), 88)
attempt("setns", in_a_child, lambda: call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
attempt("chroot", in_a_child, os.chroot, "/")
attempt("pidfd_getfd", call, 438, 0, 0, 0)
attempt("io_uring", call, 425, 8, 0)
attempt("open_by_handle_at", by_number, here)
attempt("block device", os.mknod, "/tmp/disk", 0o60600, os.makedev(8, 0))
attempt("kernel memory", os.mknod, "/tmp/mem", 0o20600, os.makedev(1, 1))
attempt("overlay whiteout", os.mknod, "/root/.private-gone", 0o20000, os.makedev(0, 0))
if os.uname().machine == "x86_64":
    attempt("unshare, 32 bit", in_a_child, by_the_32_bit_door, 310, NS_NEW_USER | NS_NEW_MOUNT)
    attempt("clone, 32 bit", in_a_child, by_the_32_bit_door, 120, NS_NEW_USER | signal.SIGCHLD)
    attempt("unshare, x32", in_a_child, call, 0x40000000 + 272, NS_NEW_USER)
attempt("a process of the machine", os.stat, "/proc/1/root/var/lib/docker")
"""
REFUSED = {"EPERM", "EACCES", "ENOSYS", "EROFS", "ENOENT", "EBUSY"}
