# SPDX-License-Identifier: BSD-2-Clause
"""A virtual machine that runs init.sh on a kernel and hands back what that left in /out.

Software emulation and nothing else: the programs, the libraries they need and busybox are in the initramfs, the way
out is the second serial port. No disk, no network, no modules, no root.
"""
import base64
import binascii
import gzip
import io
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile
import time

HERE = pathlib.Path(__file__).resolve().parent
QEMU = "qemu-system-x86_64"
APPLETS = ("sh", "mount", "cat", "uname", "dmesg", "tar", "gzip", "base64", "poweroff", "sleep", "kill", "grep", "seq",
           "mkfifo", "rm")
# The emulation of cmpxchg16b in qemu 7.2 is broken: later kernels would panic. Two processors: rings for each of them.
MACHINE = ("-accel", "tcg,thread=multi", "-cpu", "Nehalem,-cx16", "-smp", "2", "-m", "768")
DIRECTORY, FILE, LINK, DEVICE = 0o040755, 0o100755, 0o120777, 0o020600


class Failed(Exception):
    pass


def missing():
    """What there is not, by Debian's names of packages."""
    if platform.machine() != "x86_64":
        return ["an x86-64 processor"]
    return [package for program, package in ((QEMU, "qemu-system-x86"), ("busybox", "busybox-static"))
            if not shutil.which(program)]


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
    """What the dynamic loader would load for it, itself included."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", said)


def initramfs(programs, output):
    cpio = Cpio()
    for folder in ("proc", "sys", "dev", "tmp", "out"):
        cpio.add(folder, DIRECTORY)
    cpio.add("dev/console", DEVICE, device=(5, 1))
    cpio.add("init", FILE, (HERE / "init.sh").read_bytes())
    busybox = shutil.which("busybox")
    for name, program in [("bin/busybox", busybox)] + [("app/" + p.name, p) for p in programs]:
        cpio.add(name, FILE, pathlib.Path(program).read_bytes())
        for library in libraries(program):
            cpio.add(library.lstrip("/"), FILE, pathlib.Path(library).read_bytes())
    for applet in APPLETS:
        cpio.add("bin/" + applet, LINK, b"busybox")
    output.write_bytes(gzip.compress(cpio.bytes(), 1))


def boot(kernel, image, folder, timeout):
    """Run it; the seconds it took. What init.sh left is in `folder` then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    console, result = folder / "console", folder / "result"
    start = time.monotonic()
    command = [QEMU, *MACHINE, "-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 panic=-1 quiet",
               "-display", "none", "-nodefaults", "-no-reboot", "-serial", "file:%s" % console,
               "-serial", "file:%s" % result]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as machine:
        try:
            said = machine.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            machine.kill()
            said = "still running after %d s" % timeout
    try:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(result.read_bytes()))) as tar:
            tar.extractall(folder)
    except (OSError, EOFError, tarfile.TarError, binascii.Error) as e:
        last = console.read_text("utf-8", "replace")[-1500:] if console.exists() else ""
        raise Failed("no result (%s). %s\nThe console's last lines:\n%s" % (e, said.strip(), last)) from None
    return time.monotonic() - start
