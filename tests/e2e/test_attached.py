# SPDX-License-Identifier: BSD-2-Clause
"""Attached means switched on: what keeps the probes of a process from being reached is found out, mended or said.

Each program counts what it sends while its semaphores are up; that is what has to be seen.
"""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys

import harness
from harness import EXIT_NO_PROBES, EXIT_NO_PROCESS
from ticking import LIBRARY_FLAGS, Ticking


class Linked(Ticking):
    """Linkers that fold identical code, and what strips files."""

    def check(self, program):
        target = self.target(program)
        self.assertRegex(self.doctor(target.pid), r"ready +%d \(.*\) has 10 probes" % target.pid)
        tool = self.attach(target.pid)
        self.assertEqual(self.tick(target), [50] * 3)
        self.finish(target, tool)

    def folded(self, cc, linker, how):
        self.need(cc, "ld." + linker if linker != "mold" else "mold")
        self.check(self.ticking("-ffunction-sections", "-fuse-ld=" + linker, "-Wl,--icf=" + how, cc=cc,
                           name="ticking-%s-%s-%s" % (cc, linker, how)))

    def test_lld_has_the_semaphores_page_twice(self):
        """At the end of what is read-only after relocation, which is writable until then: there the kernel raises them."""
        self.need("clang", "ld.lld")
        program = harness.build("numbered-lld", "numbered.c", cc="clang", counted=False, flags=("-O2", "-fuse-ld=lld"))
        trace, tool = self.launched(program, 1000)
        self.assertEqual([a["n"] for a in trace.samples_of("numbered")], list(range(1000)))
        self.assertNotIn("not traced", tool.messages())
        target = self.target(program, 1000, "wait")
        tool = self.attach(target.pid)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.assertEqual([a["n"] for a in self.load().samples_of("numbered")], list(range(1000)))
        self.assertNotIn("not traced", tool.messages())

    def test_lld_folds_identical_code(self):
        self.folded("clang", "lld", "all")

    def test_lld_folds_identical_code_that_it_may(self):
        self.folded("clang", "lld", "safe")

    def test_mold_folds_identical_code(self):
        self.folded("gcc", "mold", "all")

    def test_gold_folds_identical_code(self):
        self.folded("gcc", "gold", "all")

    def stripped(self, *command):
        self.need(command[0])
        path = self.dir / "stripped"
        harness.copy(self.ticking(), path)
        done = harness.run(*command, path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def test_stripped(self):
        for command in (["strip"], ["llvm-strip"], ["llvm-strip", "--strip-all"], ["objcopy", "-R", ".note.stapsdt"],
                        ["llvm-objcopy", "--strip-sections"]):
            if shutil.which(command[0]):
                with self.subTest(command=command):
                    self.armed = [0, 0, 0]
                    self.check(self.stripped(*command))

    def test_a_file_without_section_headers(self):
        path = self.dir / "bare"
        data = bytearray(self.ticking().read_bytes())
        struct.pack_into("<Q", data, 40, 0)
        struct.pack_into("<HHH", data, 58, 0, 0, 0)
        (self.dir / "bare.new").write_bytes(data)
        harness.copy(self.dir / "bare.new", path)
        path.chmod(0o755)
        self.check(path)

    def test_a_file_that_lost_its_notes_is_told_so(self):
        path = self.stripped("objcopy", "-R", ".note.stapsdt", "-R", ".note.viz")
        target = self.target(path)
        tool = self.tool("-p", target.pid, "-o", "trace.json")
        self.end(tool, EXIT_NO_PROBES, with_signal=None)
        for said in (tool.messages(), self.doctor(target.pid, EXIT_NO_PROBES), self.list(target.pid)):
            self.assertIn("stripped", said)
            self.assertIn("--keep-section=.note.stapsdt", said)


class Memory(Ticking):
    """What a process does to its own memory."""

    def test_code_that_was_copied_before(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("copy code 0"), "1")
        tool = self.tool("-p", target.pid, "-o", "trace.json")
        self.end(tool, EXIT_NO_PROBES, with_signal=None)
        for said in (tool.messages(), self.doctor(target.pid, EXIT_NO_PROBES), self.list(target.pid)):
            self.assertIn("copied to memory that is not the file's", said)
        self.tick(target)
        self.assertEqual(self.armed, [0, 0, 0])

    def test_code_that_is_copied_in_part(self):
        """The first page stays the file's, the stubs do not."""
        target = self.target(self.ticking("-DPAD", "-Wl,-z,noseparate-code", name="ticking-part"))
        self.assertEqual(target.ask("copy code 4096"), "1")
        self.assertIn("copied to memory that is not the file's", self.doctor(target.pid, EXIT_NO_PROBES))
        tool = self.attach(target.pid)
        self.assertTrue(tool.err.wait_for(b"copied to memory that is not the file's"), tool.messages())
        self.tick(target)
        trace = self.finish(target, tool)
        self.assertEqual([s["cause"] for s in trace.metadata["not_switched_on"]], ["copied code"])
        self.assertIn("no events: probes were not switched on: its code was copied", tool.messages())

    def test_code_that_is_writable_meanwhile(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("writable code"), "0")
        self.assertIn("writable at the moment", self.doctor(target.pid, EXIT_NO_PROBES))
        tool = self.attach(target.pid)
        self.assertTrue(tool.err.wait_for(b"writable at the moment"), tool.messages())
        self.assertEqual(self.tick(target), [0, 0, 0])
        self.assertEqual(target.ask("plain code"), "0")
        self.assertTrue(tool.err.wait_for(b"are traced from here on"), tool.messages())
        self.assertEqual(self.tick(target), [50, 50, 50])
        trace = self.finish(target, tool)
        said = trace.metadata["not_switched_on"]
        self.assertEqual([(s["pid"], s["file"], s["cause"]) for s in said], [(target.pid, "ticking", "writable code")])
        self.assertIn("set", said[0]["probes"])

    def test_semaphores_that_are_read_only(self):
        library = self.a_library()
        target = self.target(self.ticking())
        self.assertEqual(target.ask("call %s" % library), "100 0")
        self.assertEqual(target.ask("read-only %s" % library), "0")
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: target.ask("call %s" % library).split()[1] != "0"))
        self.armed[1] = int(target.ask("call %s" % library).split()[1])
        self.finish(target, tool)

    def test_data_that_was_moved(self):
        """The semaphores are in memory that is no file's, where the kernel does not find them."""
        for how in "private", "shared":
            with self.subTest(how=how):
                self.armed = [0, 0, 0]
                target = self.target(self.ticking())
                self.assertEqual(target.ask("move data " + how), "1")
                tool = self.attach(target.pid)
                self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
                self.end(tool)
                self.expect_seen(self.load())
                self.quiet(target)

    def test_data_that_is_moved_meanwhile(self):
        target = self.target(self.ticking())
        tool = self.attach(target.pid)
        self.tick(target)
        self.assertEqual(target.ask("move data private"), "1")
        self.assertEqual(self.tick(target), [50, 50, 50])
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)

    def test_its_own_file_mapped_a_second_time_before(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        self.assertIn("mapped the file a second time", self.doctor(target.pid))
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)

    def test_its_own_file_mapped_a_second_time_meanwhile(self):
        target = self.target(self.ticking())
        tool = self.attach(target.pid)
        self.tick(target)
        self.assertEqual(target.ask("map itself"), "1")
        self.assertEqual(self.tick(target), [50, 50, 50])
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)
        self.assertEqual(self.tick(target), [0, 0, 0])

    def test_libdw_maps_the_programs_files(self):
        try:
            program = harness.build("symbolizing", "symbolizing.c", libs=("-ldw", "-lpthread"))
        except harness.BuildError as error:
            if "libdw" not in str(error) and "-ldw" not in str(error):
                raise
            self.skipTest("libdw-dev is not installed")
        target = self.target(program)
        self.assertIn("tick_many", target.ask("symbolize"))
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        self.finish(target, tool)


class Killed(Ticking):
    """The tool, by kill -9, when it had switched on by hand what the kernel does not switch off."""

    def ends_well(self, target):
        """It has nothing to do any more, and does not die of what is left behind."""
        self.quiet(target)
        self.assertEqual(self.tick(target), [0, 0, 0])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def attach_by_hand(self, target):
        tool = self.attach(target.pid, "-v", start_new_session=True)
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        return tool

    def test_strangers_are_looked_at_and_not_named(self):
        """Whoever has forked from the target has its raised semaphores, so all are looked at in the end."""
        self.target(self.own("steady"))
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach_by_hand(target)
        trace = self.finish(target, tool)
        self.assertEqual([os.path.basename(f["path"]) for f in trace.metadata["files"]], ["ticking"])

    def test_its_own_file_mapped_a_second_time_before(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        self.kill(self.attach_by_hand(target))
        self.ends_well(target)

    def test_its_own_file_mapped_a_second_time_meanwhile(self):
        target = self.target(self.ticking())
        tool = self.attach_by_hand(target)
        self.assertEqual(target.ask("map itself"), "1")
        self.assertTrue(tool.err.wait_for(b"what the kernel takes for the semaphore"), tool.messages())
        self.kill(tool)
        self.ends_well(target)

    def test_a_child_that_was_forked_meanwhile(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach_by_hand(target)
        target.ask("fork", word="child")
        self.assertGreater(target.semaphores(), 0)
        self.kill(tool)
        self.quiet(target)
        target.tell()
        target.await_step("ok")
        self.ends_well(target)

    def test_the_first_thread_has_left(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        target.ask("leave")
        self.assertTrue(harness.wait_until(lambda: harness.mapped(target.pid) == ""))
        self.kill(self.attach_by_hand(target))
        self.ends_well(target)

    def test_the_first_thread_leaves_meanwhile(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach_by_hand(target)
        target.ask("leave")
        self.assertTrue(harness.wait_until(lambda: harness.mapped(target.pid) == ""))
        self.kill(tool)
        self.ends_well(target)

    def test_data_that_was_moved(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("move data private"), "1")
        self.kill(self.attach_by_hand(target))
        self.ends_well(target)

    def test_a_uprobe_of_somebody_else_stays(self):
        program = self.ticking()
        self.set_uprobe(program, "set")
        target = self.target(program)
        self.kill(self.attach_by_hand(target))
        self.ends_well(target)

    def test_nobody_is_left_when_it_ends_by_itself(self):
        target = self.target(self.ticking())
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach_by_hand(target)
        self.assertTrue(harness.wait_until(lambda: len(self.guards(tool)) == 1))
        guards = self.guards(tool)
        self.end(tool)
        self.assertFalse(os.path.exists("/proc/%d" % guards[0]))
        self.ends_well(target)

    def guards(self, tool):
        return [pid for pid in harness.children(tool.pid)
                if pathlib.Path("/proc/%d/comm" % pid).read_text(encoding="utf-8") == "viztrace-guard\n"]


class Threads(Ticking):
    def test_first_thread_leaves_when_it_was_switched_on_by_hand(self):
        """And with it the number as which its memory was found. It loads nothing, upon which it would be looked at."""
        target = self.target(self.ticking(), env={**os.environ, "LD_PRELOAD": "libgcc_s.so.1"})
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        target.ask("leave")
        self.assertTrue(harness.wait_until(lambda: harness.mapped(target.pid) == ""))
        self.tick(target)
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)
        self.assertEqual(self.tick(target), [0, 0, 0])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def test_first_thread_has_left_before(self):
        target = self.target(self.ticking())
        target.ask("leave")
        self.assertTrue(harness.wait_until(lambda: harness.mapped(target.pid) == ""))
        self.assertIn("first thread has left", self.doctor(target.pid))
        tool = self.attach(target.pid, "--collect", "batch")
        self.assertIn("no batches, each event is a trap: the first thread of the process has left", tool.messages())
        self.assertEqual(self.tick(target), [50] * 3)
        self.finish(target, tool)

    def test_first_thread_leaves_meanwhile(self):
        target = self.target(self.ticking())
        tool = self.attach(target.pid)
        self.tick(target)
        target.ask("leave")
        self.assertTrue(harness.wait_until(lambda: harness.mapped(target.pid) == ""))
        self.assertEqual(self.tick(target), [50] * 3)
        self.finish(target, tool)

    def test_exec_by_another_thread(self):
        target = self.target(self.ticking())
        tool = self.attach(target.pid)
        self.tick(target)
        target.ask("exec", word="ready")
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        self.tick(target)
        self.finish(target, tool)

    def is_said_to_be_held(self, target, how):
        """It is attached to all the same: what it does when it is let go is there."""
        tool = self.attach(target.pid, "-d", "0.3")
        self.end(tool, with_signal=None)
        for said in (tool.messages(), self.doctor(target.pid)):
            self.assertRegex(said, r"%d %s" % (target.pid, how))

    def test_a_process_that_is_stopped(self):
        target = self.target(self.ticking())
        target.signal(signal.SIGSTOP)
        self.assertTrue(harness.wait_until(lambda: harness.state(target.pid) == "T"))
        self.is_said_to_be_held(target, "is stopped by a signal; kill -CONT %d continues it" % target.pid)
        tool = self.attach(target.pid)
        target.signal(signal.SIGCONT)
        self.tick(target)
        self.finish(target, tool)

    def test_a_process_that_a_debugger_holds(self):
        self.need("gdb")
        target = self.target(self.ticking())
        gdb = subprocess.Popen(["gdb", "-q", "-nx", "-p", str(target.pid)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.addCleanup(gdb.communicate, b"detach\nquit\n")
        self.assertTrue(harness.wait_until(lambda: harness.state(target.pid) == "t"))
        self.is_said_to_be_held(target, "is held by its debugger, process %d" % gdb.pid)

    def test_a_process_that_is_frozen(self):
        """As docker pause does, in either version of cgroups."""
        target = self.target(self.ticking())
        tried = 0
        for root, switch, on, off in (("/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED"),
                                      ("/sys/fs/cgroup/unified", "cgroup.freeze", "1", "0"),
                                      ("/sys/fs/cgroup", "cgroup.freeze", "1", "0")):
            group = pathlib.Path(root) / ("viztest-%d" % target.pid)
            if root == "/sys/fs/cgroup" and not os.path.exists(root + "/cgroup.procs"):
                continue
            try:
                group.mkdir()
            except OSError:
                continue
            tried += 1
            with self.subTest(root):
                try:
                    (group / "cgroup.procs").write_text(str(target.pid))
                    (group / switch).write_text(on)
                    self.assertTrue(harness.wait_until(lambda: self.is_frozen(group)))
                    self.is_said_to_be_held(target, "is frozen with its cgroup")
                finally:
                    (group / switch).write_text(off)
                    (pathlib.Path(root) / "cgroup.procs").write_text(str(target.pid))
                    group.rmdir()
        if not tried:
            self.skipTest("no cgroup with a freezer can be made here")

    def is_frozen(self, group):
        said = [group / name for name in ("freezer.state", "cgroup.events") if (group / name).exists()]
        return any(word in said[0].read_text() for word in ("FROZEN", "frozen 1"))

    def test_a_process_that_has_ended(self):
        """Its parent has not waited for it: there is its number, and nothing else."""
        ended = subprocess.Popen(["true"])
        self.addCleanup(ended.wait)
        self.assertTrue(harness.wait_until(lambda: harness.state(ended.pid) == "Z"))
        tool = self.tool("-p", ended.pid, "-o", "trace.json")
        self.end(tool, EXIT_NO_PROCESS, with_signal=None)
        for said in (tool.messages(), self.doctor(ended.pid, EXIT_NO_PROCESS)):
            self.assertIn("%d has ended" % ended.pid, said)


class Others(Ticking):
    """Somebody else is at the probes."""

    def test_a_uprobe_without_the_semaphore(self):
        program = self.ticking()
        self.set_uprobe(program, "set")
        target = self.target(program)
        self.assertIn("somebody else's uprobe", self.doctor(target.pid))
        tool = self.attach(target.pid)
        self.assertIn("somebody else's uprobe is on viz:set", tool.messages())
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        self.end(tool)
        self.expect_seen(self.load())
        self.quiet(target)

    def test_another_tracer_that_stays_longer(self):
        """It does not know of the semaphore that was raised by hand, nor does the kernel lower it with that one's trap."""
        self.need("bpftrace")
        program = self.ticking()
        target = self.target(program)
        self.assertEqual(target.ask("map itself"), "1")
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: self.tick(target, 1) == [1, 1, 1]), tool.messages())
        other = harness.Process(["bpftrace", "-p", target.pid, "-e",
                                 'BEGIN { printf("begun\\n"); } usdt:%s:viz:set { @ = count(); }' % program])
        self.addCleanup(other.clean_up)
        if not other.out.wait_for(b"begun"):
            self.skipTest("bpftrace cannot attach here: " + other.err.text())
        self.tick(target)
        self.end(tool)
        other.signal(signal.SIGINT)
        other.wait()
        self.quiet(target)
        self.assertEqual(self.tick(target), [0, 0, 0])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def test_a_debuggers_breakpoint_on_the_probe(self):
        self.need("gdb")
        program = self.ticking("-no-pie", name="ticking-no-pie")
        target = self.target(program)
        gdb = harness.Process(["gdb", "-q", "-nx", "-p", target.pid, "-batch", "-ex",
                               "break *%#x" % self.probe_offset(program, "set")[0], "-ex", "continue"])
        self.addCleanup(gdb.clean_up)
        self.assertTrue(gdb.out.wait_for(b"Breakpoint 1"))
        self.assertTrue(harness.wait_until(lambda: "a debugger holds" in harness.run(
            harness.TOOL, "doctor", "-p", target.pid).stdout))
        tool = self.attach(target.pid)
        self.assertTrue(tool.err.wait_for(b"viz:set of ticking-no-pie are not traced: a debugger"), tool.messages())
        self.assertEqual(self.tick(target), [0, 50, 50])
        gdb.signal(signal.SIGINT)
        gdb.wait()
        self.assertTrue(tool.err.wait_for(b"viz:set of ticking-no-pie are traced from here on"), tool.messages())
        self.assertEqual(self.tick(target), [50, 50, 50])
        self.finish(target, tool)


class Times(Ticking):
    """Time namespaces."""

    def namespace(self, seconds=100000):
        command = ["unshare", "-T", "--monotonic", str(seconds), "--boottime", str(seconds)]
        if harness.run(*command, "true").returncode:
            self.skipTest("no time namespaces")
        return command

    def check(self, trace):
        self.expect_seen(trace)
        times = [float(e["ts"]) for e in trace.events if e["ph"] == "B"]
        self.assertGreater(times[-1], times[0])
        self.assertLess(times[-1], float(trace.metadata["end_us"]) + 1)

    def test_tool_in_another_one(self):
        self.finds_a_library(self.namespace())

    def test_tool_in_one_that_is_behind(self):
        """What processes do is not in its future."""
        self.finds_a_library(self.namespace(-20))

    def finds_a_library(self, prefix):
        library = self.a_library()
        target = self.target(self.ticking())
        tool = self.attach(target.pid, prefix=prefix)
        self.tick(target)
        self.assertTrue(harness.wait_until(lambda: target.ask("call %s" % library).split()[1] != "0"))
        self.armed[1] += int(target.ask("call %s" % library).split()[1])
        self.check(self.finish(target, tool))

    def test_target_in_another_one(self):
        target = harness.Target([*self.namespace(), self.ticking()])
        self.addCleanup(target.clean_up)
        target.await_step()
        tool = self.attach(target.pid)
        self.tick(target)
        self.check(self.finish(target, tool))


class Said(Ticking):
    def test_forced_site_that_kills_children(self):
        target = self.target(self.ticking())
        verbose = harness.run(harness.TOOL, "-v", "-p", target.pid, "-d", "0.1", "-o", self.dir / "a.json")
        tool = self.attach(target.pid, "--probe-site", "nop5")
        said = tool.messages()
        self.finish(target, tool)
        deadly = "probe site nop5: this kernel patches it into a call that kills children" in verbose.stderr
        self.assertEqual("on this kernel children die" in said, deadly, said)

    def test_a_trace_without_events(self):
        target = self.target(self.ticking())
        done = harness.run(harness.TOOL, "-p", target.pid, "-d", "0.1", "-o", self.dir / "a.json")
        self.assertIn("no events: the probes were switched on", done.stderr)
        self.assertEqual(target.ask("writable code"), "0")
        done = harness.run(harness.TOOL, "-p", target.pid, "-d", "0.5", "-o", self.dir / "a.json")
        self.assertIn("no events: probes were not switched on: its code is writable", done.stderr)
        done = harness.run(harness.TOOL, "-x", self.ticking(name="ticking-other"), "-d", "0.1", "-o",
                           self.dir / "a.json")
        self.assertIn("no events: no process ran", done.stderr)

    def test_a_file_that_was_copied_up(self):
        """overlayfs: the process runs the lower layer's file, and its path leads to the upper layer's."""
        program = self.ticking()
        folders = [self.dir / name for name in ("lower", "upper", "work", "merged")]
        for folder in folders:
            folder.mkdir()
        program = program.rename(folders[0] / "ticking")
        if harness.run("mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % tuple(folders[:3]),
                       folders[3]).returncode:
            self.skipTest("no overlayfs on this file system")
        self.addCleanup(harness.run, "umount", "-l", folders[3])
        target = self.target(folders[3] / "ticking")
        (folders[3] / "ticking").chmod(0o700)
        tool = self.attach(target.pid, "-d", "0.01")
        self.assertEqual(self.tick(target), [0, 0, 0])
        self.end(tool, with_signal=None)
        self.assertIn("the kernel has not put a trap there", tool.messages())
        self.assertNotIn("came to none of them", tool.messages())
        self.assertEqual(self.load().metadata["not_switched_on"][0]["cause"], "no trap")

    def test_all_filtered(self):
        target = self.target(self.ticking())
        tool = self.attach(target.pid, "--methods", "nothing", "--include", "nothing")
        self.tick(target)
        self.finish(target, tool)
        self.assertIn("no events: all 200 were filtered", tool.messages())


class Later(Ticking):
    """Probes that come with what a process loads later."""

    def test_a_process_without_probes_is_waited_for(self):
        library = self.a_library()
        target = self.target(harness.build("loading", libs=("-ldl",), counted=False))
        tool = self.tool("-p", target.pid, "--no-wait", "-o", "trace.json")
        self.end(tool, EXIT_NO_PROBES, with_signal=None)
        tool = self.attach(target.pid)
        self.assertIn("waiting until it loads some (--no-wait refuses it)", tool.messages())
        self.assertTrue(harness.wait_until(lambda: int(target.ask("call %s" % library).split()[1]) > 0))
        armed = int(target.ask("call %s" % library).split()[1])
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.assertEqual(self.load().probe("value")["seen"], armed)

    def test_an_interpreter_that_imports_an_extension(self):
        python, flags = "/usr/bin/python3", harness.run("/usr/bin/python3-config", "--includes") if os.path.exists(
            "/usr/bin/python3-config") else None
        if flags is None or flags.returncode:
            self.skipTest("python3-dev is not installed")
        extension = harness.build("vizext.so", "vizext.c", flags=(*LIBRARY_FLAGS, *flags.stdout.split()), libs=())
        script = self.dir / "app.py"
        script.write_text(
            "import sys\nprint('ready', flush=True)\ninput()\nsys.path.insert(0, %r)\nimport vizext\n"
            "while input():\n    vizext.tick()\n    print(*vizext.counts())\n    print('ok', flush=True)\n" % str(
                extension.parent))
        for launch in (False, True):
            if launch:
                target = tool = self.launch(python, script)
            else:
                target = self.target(python, script, ready="ready")
                self.assertRegex(self.doctor(target.pid, EXIT_NO_PROBES),
                                 r"(?s)has no viz probes.*if it loads them later, -p waits for that")
                tool = self.attach(target.pid)
            target.tell("import")
            self.assertTrue(harness.wait_until(lambda: target.ask("tick").split()[1] != "0"), tool.messages())
            armed = int(target.ask("tick").split()[1])
            target.tell()
            self.assertEqual(target.wait(), 0, tool.messages())
            if not launch:
                self.end(tool, with_signal=None)
            self.assertEqual(self.load().probe("value")["seen"], armed)
