# SPDX-License-Identifier: BSD-2-Clause
"""A program that counts what it sends while its semaphores are up: that is what has to be seen."""
import os
import pathlib
import re
import sys

import harness

LIBRARY_FLAGS = ("-O2", "-fPIC", "-shared")
TRACEFS = pathlib.Path("/sys/kernel/tracing")


class Ticking(harness.Case):
    def setUp(self):
        super().setUp()
        self.armed = [0, 0, 0]

    def ticking(self, *flags, cc="cc", name="ticking"):
        """A file of its own: at its end the tool switches off what it finds in whoever has it mapped."""
        return self.own(name, "ticking.c", cc=cc, flags=("-O2", *flags), libs=("-lpthread", "-ldl"))

    def a_library(self):
        return self.own("libticking.so", "ticking_library.c", flags=LIBRARY_FLAGS)

    def tick(self, target, n=50):
        """Let it tick, and count what it says it sent while somebody listened."""
        words = re.search(r"armed (\d+) (\d+) (\d+)", target.ask("tick %d" % n))
        now = list(map(int, words.groups()))
        self.armed = [a + b for a, b in zip(self.armed, now)]
        return now

    def expect_seen(self, trace):
        """What it counted is what was seen."""
        self.assertEqual([trace.probe(kind)["seen"] for kind in ("set", "value", "enter")], self.armed)
        self.assertEqual(trace.probe("exit")["seen"], trace.probe("enter")["seen"])
        return trace

    def finish(self, target, tool, code=0):
        """The target ends, then the tool; the trace."""
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, code, with_signal=None)
        return self.expect_seen(self.load())

    def doctor(self, pid, code=0):
        done = harness.run(harness.TOOL, "doctor", "-p", pid)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def list(self, pid):
        done = harness.run(harness.TOOL, "list", "-p", pid)
        return done.stdout + done.stderr

    def quiet(self, target):
        """Nothing stays switched on."""
        self.assertTrue(harness.wait_until(lambda: target.semaphores() == 0), target.semaphores())

    def probe_offset(self, program, kind):
        sys.path.insert(0, str(harness.ROOT / "tests" / "header"))
        from elf import Elf  # noqa: the tests of the header have a reader of notes
        elf = Elf(program)
        address = next(n.address for n in elf.notes() if n.name == kind)
        section = elf.section_at(address)
        return address, address - section.address + section.offset

    def uprobe_event(self, line):
        fd = os.open(TRACEFS / "uprobe_events", os.O_WRONLY | os.O_APPEND)
        os.write(fd, line.encode() + b"\n")
        os.close(fd)

    def set_uprobe(self, program, kind):
        """Somebody else's, without the semaphore."""
        if not (TRACEFS / "uprobe_events").exists():
            harness.run("mount", "-t", "tracefs", "nodev", TRACEFS)
        if not os.access(TRACEFS / "uprobe_events", os.W_OK):
            self.skipTest("no tracefs with uprobe_events")
        name = "viztest/p%d" % os.getpid()
        self.uprobe_event("p:%s %s:%#x" % (name, program, self.probe_offset(program, kind)[1]))
        self.addCleanup(self.uprobe_event, "-:" + name)
        enable = TRACEFS / "events" / name / "enable"
        enable.write_text("1")
        self.addCleanup(enable.write_text, "0")
