# SPDX-License-Identifier: BSD-2-Clause
"""Would this kernel give us a uprobe, with the capabilities that we have? Prints "yes", or why not.

Since Linux 6.16, and the stable kernels that took this over, it takes CAP_SYS_ADMIN; from 5.8 on until then CAP_PERFMON.
Asked without the tool, so that a test can tell what the tool should be able to do.
"""
import ctypes
import os
import platform
import struct
import sys

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
ATTR_SIZE = 112


def main():
    with open("/sys/bus/event_source/devices/uprobe/type", encoding="ascii") as f:
        kind = int(f.read())
    path = ctypes.create_string_buffer(os.path.realpath(sys.executable).encode())
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    struct.pack_into("=II", attr, 0, kind, ATTR_SIZE)
    struct.pack_into("=Q", attr, 40, 1)  # disabled
    # The file's first byte is no instruction: what is not refused for want of a right is refused for that, or taken.
    struct.pack_into("=QQ", attr, 56, ctypes.addressof(path), 0)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(PERF_EVENT_OPEN[platform.machine()], attr, os.getpid(), -1, -1, 8)
    error = ctypes.get_errno()
    print("yes" if fd >= 0 or error not in (1, 13) else os.strerror(error))


if __name__ == "__main__":
    main()
