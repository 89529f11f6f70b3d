# SPDX-License-Identifier: BSD-2-Clause
"""Would this kernel give us a uprobe, with the capabilities that we have? Prints "yes", or why not.

CAP_BPF and CAP_PERFMON get one as a link for many uprobes, where such a link's PID means a process (Linux 6.10). As a perf
event it takes CAP_SYS_ADMIN since July 2025, and CAP_PERFMON before that. Asked without the tool, so that a test can tell
what the tool should be able to do.
"""
import ctypes
import errno
import os
import platform
import struct
import sys

BPF, PERF_EVENT_OPEN = {"x86_64": (321, 298), "aarch64": (280, 241)}[platform.machine()]
PROG_LOAD, LINK_CREATE = 5, 28
KPROBE, UPROBE_MULTI = 2, 48  # types of program and of link
ATTR_SIZE = 112
libc = ctypes.CDLL(None, use_errno=True)


def syscall(*args):
    """What it returns, or -errno."""
    done = libc.syscall(*args)
    return done if done >= 0 else -ctypes.get_errno()


def bpf(command, attr):
    return syscall(BPF, command, ctypes.create_string_buffer(attr, len(attr)), len(attr))


def program_for_links():
    code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xb7, 0, 0, 0, 0x95, 0, 0, 0))  # return 0
    name = ctypes.create_string_buffer(b"GPL")
    return bpf(PROG_LOAD, struct.pack("=IIQQIIQII16sII", KPROBE, 2, ctypes.addressof(code), ctypes.addressof(name), 0, 0, 0,
                                      0, 0, b"", 0, UPROBE_MULTI))


def link_says(program, pid):
    """What it thinks of one in a directory, which has no code: such a link has to be understood to be refused for that."""
    path, offset = ctypes.create_string_buffer(b"/"), ctypes.c_uint64(0)
    return bpf(LINK_CREATE, struct.pack("=IIIIQQQQIIiI", program, 0, UPROBE_MULTI, 0, ctypes.addressof(path),
                                        ctypes.addressof(offset), 0, 0, 1, 0, pid, 0))


def has_links():
    program = program_for_links()
    if program < 0:
        return False
    # The change that made the PID a process's looks at it first.
    return (link_says(program, 0), link_says(program, -1)) == (-errno.EBADF, -errno.EINVAL)


def perf_event_says():
    with open("/sys/bus/event_source/devices/uprobe/type", encoding="ascii") as f:
        kind = int(f.read())
    path = ctypes.create_string_buffer(os.path.realpath(sys.executable).encode())
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    struct.pack_into("=II", attr, 0, kind, ATTR_SIZE)
    struct.pack_into("=Q", attr, 40, 1)  # disabled
    # The file's first byte is no instruction: what is not refused for want of a right is refused for that, or taken.
    struct.pack_into("=QQ", attr, 56, ctypes.addressof(path), 0)
    return syscall(PERF_EVENT_OPEN, attr, os.getpid(), -1, -1, 8)


def main():
    error = 0 if has_links() else -perf_event_says()
    print(os.strerror(error) if error in (errno.EPERM, errno.EACCES) else "yes")


if __name__ == "__main__":
    main()
