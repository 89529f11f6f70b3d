# SPDX-License-Identifier: BSD-2-Clause
"""A virtual machine that runs init.sh on a kernel and hands back what that left in /out.

Software emulation and nothing else: the programs, the libraries they need and busybox are in the initramfs, the way
out is a second serial port. No disk, no network, no modules, no root.
"""
import base64
import binascii
import collections
import gzip
import io
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile
import time

import cross

HERE = pathlib.Path(__file__).resolve().parent
APPLETS = ("sh", "mount", "cat", "uname", "dmesg", "tar", "gzip", "base64", "poweroff", "sleep", "kill", "grep", "seq",
           "mkfifo", "rm")
# Two processors: rings for each of them.
COMMON = ("-accel", "tcg,thread=multi", "-smp", "2", "-m", "768", "-display", "none", "-nodefaults", "-no-reboot")
# `result` is the way out: qemu's options, and the name that it has inside.
Machine = collections.namedtuple("Machine", "qemu package options console result_options result")
MACHINES = {
    # The emulation of cmpxchg16b in qemu 7.2 is broken: later kernels would panic.
    "amd64": Machine("qemu-system-x86_64", "qemu-system-x86", ("-cpu", "Nehalem,-cx16"), "ttyS0",
                     ("-serial", "chardev:result"), "ttyS1"),
    # Its only serial port is the console's.
    "arm64": Machine("qemu-system-aarch64", "qemu-system-arm", ("-M", "virt", "-cpu", "cortex-a57"), "ttyAMA0",
                     ("-device", "pci-serial,chardev=result"), "ttyS0"),
}
DIRECTORY, FILE, LINK, DEVICE = 0o040755, 0o100755, 0o120777, 0o020600


class Failed(Exception):
    pass


def missing(arch):
    """What there is not, by Debian's names of packages."""
    machine = MACHINES[arch]
    programs = [(machine.qemu, machine.package)]
    if arch == "amd64":
        if platform.machine() != "x86_64":
            return ["an x86-64 processor"]
        programs.append(("busybox", "busybox-static"))
    else:
        programs.append((cross.CC, "gcc-aarch64-linux-gnu"))
    return [package for program, package in programs if not shutil.which(program)]


class Cpio:
    """An archive in the format that the kernel unpacks (newc)."""

    def __init__(self):
        self.out = io.BytesIO()
        self.known = set()

    def _add(self, name, mode, data=b"", device=(0, 0)):
        name = name.encode() + b"\0"
        numbers = (len(self.known), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        self.out.write(b"070701" + b"".join(b"%08x" % n for n in numbers) + name)
        self.out.write(b"\0" * (-(110 + len(name)) % 4))
        self.out.write(data + b"\0" * (-len(data) % 4))

    def add(self, name, mode, data=b"", device=(0, 0)):
        parent = name.rpartition("/")[0]
        if parent:
            self.add(parent, DIRECTORY)
        if name not in self.known:
            self.known.add(name)
            self._add(name, mode, data, device)

    def bytes(self):
        self._add("TRAILER!!!", 0)
        return self.out.getvalue()


def libraries(program):
    """What the dynamic loader would load for it, itself included: {path inside: file}."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {path: path for path in re.findall(r"(/\S+) \(0x", said)}


def initramfs(programs, busybox, libraries_of, output):
    cpio = Cpio()
    for folder in ("proc", "sys", "dev", "tmp", "out"):
        cpio.add(folder, DIRECTORY)
    cpio.add("dev/console", DEVICE, device=(5, 1))
    cpio.add("init", FILE, (HERE / "init.sh").read_bytes())
    for name, program in [("bin/busybox", busybox)] + [("app/" + p.name, p) for p in programs]:
        cpio.add(name, FILE, pathlib.Path(program).read_bytes())
        for name, library in libraries_of(program).items():
            cpio.add(name.lstrip("/"), FILE, pathlib.Path(library).read_bytes())
    for applet in APPLETS:
        cpio.add("bin/" + applet, LINK, b"busybox")
    output.write_bytes(gzip.compress(cpio.bytes(), 1))


def boot(arch, kernel, image, folder, timeout):
    """Run it; the seconds it took. What init.sh left is in `folder` then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    console, result = folder / "console", folder / "result"
    start = time.monotonic()
    machine = MACHINES[arch]
    # What the kernel does not know it hands to init, as a variable.
    append = "console=%s panic=-1 quiet result=%s" % (machine.console, machine.result)
    command = [machine.qemu, *COMMON, *machine.options, "-kernel", kernel, "-initrd", image, "-append", append,
               "-serial", "file:%s" % console, "-chardev", "file,id=result,path=%s" % result, *machine.result_options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as qemu:
        try:
            said = qemu.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            qemu.kill()
            said = "still running after %d s" % timeout
    try:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(result.read_bytes()))) as tar:
            tar.extractall(folder)
    except (OSError, EOFError, tarfile.TarError, binascii.Error) as e:
        last = console.read_text("utf-8", "replace")[-1500:] if console.exists() else ""
        raise Failed("no result (%s). %s\nThe console's last lines:\n%s" % (e, said.strip(), last)) from None
    return time.monotonic() - start
