# SPDX-License-Identifier: BSD-2-Clause
"""Processes whose code something else runs than the processor: valgrind, qemu."""
import os

import harness
from harness import EXIT_HARM
from ticking import Ticking


class Emulated(Ticking):
    """A probe would kill what is not run by the processor itself."""

    EMULATORS = {"valgrind": ("valgrind", "--quiet", "--tool=none"), "qemu": ("qemu-x86_64",)}

    def emulated(self, name, program):
        command = self.EMULATORS[name]
        self.need(command[0])
        if os.uname().machine != "x86_64":
            self.skipTest("for x86-64")
        target = harness.Target([*command, program])
        self.addCleanup(target.clean_up)
        target.await_step()
        return target

    def ends_well(self, target):
        self.assertEqual(self.tick(target), [0, 0, 0])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def refused(self, name):
        program = self.ticking()
        target = self.emulated(name, program)
        for args in (["-p", target.pid], ["-x", program], ["-f", "-p", target.pid]):
            tool = self.tool(*args, "-o", "trace.json")
            self.end(tool, EXIT_HARM, with_signal=None)
            self.assertIn("run by ", tool.messages())
            self.assertIn(str(target.pid), tool.messages())
            self.assertFalse((self.dir / "trace.json").exists())
        self.assertIn("run by", self.doctor(target.pid, EXIT_HARM))
        self.assertIn("run by", self.list(target.pid))
        self.ends_well(target)

    def test_valgrind_is_refused(self):
        self.refused("valgrind")

    def test_qemu_is_refused(self):
        self.refused("qemu")

    def comes_later(self, name):
        """To what was attached to for all."""
        program = self.ticking()
        tool = self.attach_to("-x", program, "-o", "trace.json")
        self.ends_well(self.emulated(name, program))
        self.assertTrue(tool.err.wait_for(b"our probes were taken out of it"), tool.messages())
        target = self.target(program)
        self.assertEqual(self.tick(target), [50, 50, 50])
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)

    def test_valgrind_that_comes_later_lives(self):
        self.comes_later("valgrind")

    def test_qemu_that_comes_later_lives(self):
        self.comes_later("qemu")

    def test_a_command_under_valgrind_is_not_traced(self):
        self.need("valgrind")
        program = self.ticking()
        for options in ((), ("-f",)):
            tool = self.launch("valgrind", "--quiet", "--tool=none", program, options=options)
            self.ends_well_with(tool, EXIT_HARM)

    def ends_well_with(self, tool, code):
        self.assertEqual(self.tick(tool), [0, 0, 0])
        tool.tell()
        self.assertEqual(tool.wait(), code, tool.messages())
        self.assertIn("run by", tool.messages())

    def test_another_file_of_the_same_number(self):
        """What was attached to for all is one file; on another device another one has its number."""
        disks = [self.disk(name) for name in ("one", "other")]
        program, data = disks[0] / "ticking", disks[1] / "data"
        harness.copy(self.ticking(), program)
        data.write_bytes(b"\x55" * program.stat().st_size)
        self.assertEqual(program.stat().st_ino, data.stat().st_ino)
        emulator = self.dir / "none-amd64-linux"
        harness.copy(harness.build("mapping"), emulator)
        tool = self.attach_to("-x", program, "-o", "trace.json")
        target = self.target(program)
        other = harness.Target([emulator, data])
        self.addCleanup(other.clean_up)
        other.await_step("ok")
        self.tick(target)
        self.assertFalse(tool.err.wait_for(b"our probes were taken out of it", 1), tool.messages())
        self.assertEqual(other.ask("same?"), "yes")
        other.tell("end")
        self.assertEqual(other.wait(), 0)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool)
        self.expect_seen(self.load())
