# SPDX-License-Identifier: BSD-2-Clause
"""A traced program is never harmed: programs that would notice, in 8 threads with signals, the tool coming and going."""
import ctypes
import itertools
import os
import pathlib
import platform
import re
import signal
import struct
import time
import unittest

import harness
import tracefile

# At each site. A further run of them all on the same machine may do with fewer than what their names say.
HITS = int(os.environ.get("TORTURE_HITS", 10_000_000))
SECONDS = 0.4  # between attaching and detaching
BUILDS = list(itertools.product(("gcc", "clang"), ("-O0", "-O1", "-O2", "-O3"), ("static", "shared")))
# What the tool does with the hits is to differ: report them, lose most of them, or leave them out in the kernel.
OPTIONS = (("--ring-size", "64k"), ("--ring-size", "64k", "--exclude", "*"), ("--max-size", "4M"))
NOP5, CALL = b"\x0f\x1f\x44\x00\x00", 0xE8
PERF_EVENT_OPEN = 298  # on x86-64
UPROBES = pathlib.Path("/sys/bus/event_source/devices/uprobe")


def build(cc, level, link, leaves="torture_macros.c"):
    name = "%s-%s%s" % (pathlib.Path(leaves).stem, cc, level)
    libs = ("-lpthread", "-lm")
    if link == "static":
        return harness.build(name + "-static", "torture.c", leaves, cc=cc, flags=(level, "-static"), libs=libs,
                             counted=False)  # they look at the stubs themselves
    library = harness.build("lib" + name + ".so", leaves, cc=cc, flags=(level, "-shared", "-fPIC"), counted=False)
    return harness.build(name + "-shared", "torture.c", library, cc=cc, flags=(level,), libs=libs, counted=False)


def metadata(path):
    """Of a trace that may be large; it comes before the events."""
    with open(path, "rb") as f:
        head = f.read(1 << 16)
    return tracefile.parse(head[:head.index(b'"traceEvents":[')].decode() + '"traceEvents":[]}')["metadata"]


def place_in_file(pid, address):
    """(path, offset) of what a process has there."""
    for line in harness.mapped(pid).splitlines():
        start, end, perms, offset = re.match(r"(\w+)-(\w+) (\S+) (\w+)", line).groups()
        if int(start, 16) <= address < int(end, 16) and "x" in perms:
            return line.split(None, 5)[5], address - int(start, 16) + int(offset, 16)
    raise AssertionError("nothing at %x" % address)


def trace_with_uprobe(pid, path, offset):
    """A tracer of no more than one perf event, for what the tool itself never touches. Its descriptor."""
    path = ctypes.create_string_buffer(os.fsencode(path))
    # struct perf_event_attr: type, size; uprobe_path and probe_offset at 56 and 64.
    attr = bytearray(112)
    struct.pack_into("<II", attr, 0, int((UPROBES / "type").read_text()), len(attr))
    struct.pack_into("<QQ", attr, 56, ctypes.addressof(path), offset)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(PERF_EVENT_OPEN, (ctypes.c_char * len(attr)).from_buffer(attr), pid, -1, -1, 8)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "perf_event_open")
    return fd


class Torture(harness.Case):
    def setUp(self):
        super().setUp()
        self.options = itertools.cycle(OPTIONS)
        for cc in ("gcc", "clang"):
            if not harness.have(cc):
                self.skipTest("no " + cc)

    def attach_and_detach(self, pid, site, number):
        """Once; how many hits there were."""
        path = self.dir / "trace.json"
        by_signal = number % 2
        tool = self.tool("-p", pid, "-o", path, "--probe-site", site, *next(self.options),
                         *(() if by_signal else ("-d", SECONDS)))
        if by_signal and tool.attached():
            time.sleep(SECONDS)
            tool.signal(signal.SIGINT)
        if tool.wait() == harness.EXIT_KERNEL and site != "nop1":
            self.skipTest("this kernel does not take " + site)
        self.end(tool, with_signal=None)
        return metadata(path)["events"]["seen"]

    def torment(self, program, site, hits):
        """Attach to the program and detach again until its probes were hit that often. (how often, what it said)"""
        target = self.target(program)
        seen = 0
        for number in itertools.count():
            seen += self.attach_and_detach(target.pid, site, number)
            if seen >= hits and number:
                break
        target.tell()
        self.assertEqual(target.wait(), 0, "%s at %s: %s" % (program.name, site, target.out.text()))
        return seen, target.out.text()

    def every_build_at(self, site):
        runs = [self.torment(build(*b), site, HITS // len(BUILDS) + 1) for b in BUILDS]
        self.assertGreaterEqual(sum(seen for seen, _ in runs), HITS)
        interrupted = sum(int(re.search(r"(\d+) in a leaf", said)[1]) for _, said in runs)
        self.assertGreater(interrupted, 0, "no signal arrived where it matters")

    def test_every_macro_at_nop1_over_10_million_hits(self):
        self.every_build_at("nop1")
    test_every_macro_at_nop1_over_10_million_hits.order = -2

    def test_every_macro_at_nop5_over_10_million_hits(self):
        self.every_build_at("nop5")
    test_every_macro_at_nop5_over_10_million_hits.order = -2

    def test_every_macro_at_nop10_over_10_million_hits(self):
        self.every_build_at("nop10")
    test_every_macro_at_nop10_over_10_million_hits.order = -2

    def inline(self, cc, link):
        """Trace the variant with an inline nop: (what the kernel made of the nop, exit code, what the program said)"""
        program = build(cc, "-O2", link, "torture_inline.c")
        alone = self.target(program)
        time.sleep(0.2)
        alone.tell()
        self.assertEqual(alone.wait(), 0, "untraced: " + alone.out.text())
        target = self.target(program, ready=None)
        site = int(re.search(r"site (\w+)", target.await_step())[1], 16)
        with open("/proc/%d/mem" % target.pid, "rb", 0) as memory:
            def code():
                memory.seek(site)
                return memory.read(len(NOP5))
            self.assertEqual(code(), NOP5)
            uprobe = trace_with_uprobe(target.pid, *place_in_file(target.pid, site))
            try:
                harness.wait_until(lambda: code()[0] == CALL, 2)
                time.sleep(0.3)
                patched = code()
            finally:
                os.close(uprobe)
        target.tell()
        return patched, target.wait(), target.out.text()

    @unittest.skipUnless(platform.machine() == "x86_64" and UPROBES.exists(), "no 5-byte nop or no uprobes here")
    def test_an_inline_5_byte_nop_is_caught_doing_harm(self):
        for cc, link in itertools.product(("gcc", "clang"), ("static", "shared")):
            with self.subTest(cc=cc, link=link):
                patched, code, said = self.inline(cc, link)
                if patched[0] != CALL:
                    self.assertEqual(code, 0, said)
                    self.skipTest("this kernel does not patch a 5-byte nop")
                self.assertEqual(code, 1, "no harm was done, or none was seen: " + said)
                self.assertIn("locals around inline", said)
