# SPDX-License-Identifier: BSD-2-Clause
"""What the tool says: list, the summary, quiet, verbose, a status line."""
import os
import platform
import pty
import re
import subprocess
import unittest

import harness


class List(harness.Case):
    def check(self, text, path):
        self.assertIn(str(path), text)
        self.assertRegex(text, r"probes +init destroy set log enter exit value instant")
        for line in (r"counter gauge", r"ticks +int64", r"half +double", r"object machine", r"round +int64",
                     r"state +string", r"list +int32\[3\]", r"counter sum", r"value +uint64"):
            self.assertRegex(text, r"(?m)^ *%s$" % line)

    def test_a_file(self):
        program = harness.build("steady")
        done = harness.run(harness.TOOL, "list", program)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check(done.stdout, program)

    def test_a_process(self):
        program = harness.build("steady")
        target = self.target(program)
        done = harness.run(harness.TOOL, "list", "-p", target.pid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check(done.stdout, program)
        self.assertEqual(target.semaphores(), 0)

    def lines_of_all(self, *prefix):
        """What `list` says of all processes: {PID: its line}."""
        done = harness.run(*prefix, harness.TOOL, "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        title, *lines = done.stdout.splitlines()
        self.assertEqual(title.split(), ["PID", "NAME", "COUNTERS", "AND", "OBJECTS", "PROGRAM"])
        pids = [int(line.split()[0]) for line in lines]
        self.assertEqual(pids, sorted(set(pids)))
        self.assertFalse([line for line in lines if line.endswith(" " + harness.TOOL)], "it lists itself")
        return dict(zip(pids, lines))

    def test_every_process(self):
        program = self.own("steady")
        targets = [self.target(program) for _ in range(2)]
        found = self.lines_of_all()
        for target in targets:
            self.assertRegex(found[target.pid], r"^ *%d +steady +[a-z, ]+ +%s$" % (
                target.pid, re.escape(str(program))))
            self.assertEqual(set(re.findall(r"\b(gauge|machine|sum)\b", found[target.pid])), {"gauge", "machine", "sum"})
            self.assertEqual(target.semaphores(), 0)
        self.assertNotIn(os.getpid(), found)

    def test_every_process_that_a_user_may_look_at(self):
        os.chmod(self.dir, 0o755)
        program = self.own("steady")
        nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        if not harness.have("setpriv"):
            self.skipTest("setpriv is not installed")
        root, own = self.target(program), self.target(nobody[0], *nobody[1:], program)
        tool = harness.copy(harness.TOOL, self.dir / "viztrace-bpf")
        done = harness.run(*nobody, tool, "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^ *%d +steady " % own.pid)
        self.assertNotRegex(done.stdout, r"(?m)^ *%d " % root.pid)
        self.assertRegex(done.stderr, r"\d+ process(es)? may not be looked at; use sudo")

    def test_names_of_processes_cannot_command_the_terminal(self):
        program = self.dir / "a\x1b[31m\tb"
        target = self.target(harness.copy(harness.build("steady"), program))
        self.assertRegex(self.lines_of_all()[target.pid], r"^ *%d +a\\x1b\[31m\\tb +\w+,.*/a\\x1b\[31m\\tb$" % target.pid)

    def test_every_kind_of_attribute(self):
        done = harness.run(harness.TOOL, "list", harness.build("late"))
        for line in (r"object account", r"lim +dict limits", r"rates +double\[2\]", r"note +string",
                     r"_hidden +int32 +\(private.*\)", r"object savings", r"balance +int32", r"interest +double"):
            self.assertRegex(done.stdout, r"(?m)^ *%s$" % line)

    def test_every_type(self):
        done = harness.run(harness.TOOL, "list", harness.build("garbage"))
        for line in (r"d +double", r"f +float", r"u +uint64", r"i +int64", r"u8 +uint8", r"i8 +int8", r"b +bool",
                     r"list +double\[3\]", r"s +string\[32\]", r"rows +string\[2\]", r"j +JSON"):
            self.assertRegex(done.stdout, r"(?m)^ *%s$" % line)

    def test_a_process_with_a_library(self):
        library = harness.build("library.so", "library.c", flags=("-O2", "-shared", "-fPIC"))
        target = self.target(harness.build("uses_library", libs=("-ldl",)), library)
        done = harness.run(harness.TOOL, "list", "-p", target.pid)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("uses_library", "library.so", "counter app", "counter cache"):
            self.assertIn(word, done.stdout)

    @unittest.skipUnless(platform.machine() == "x86_64", "the 5-byte nop is x86-64's")
    def test_sites_of_others_at_which_locals_are_overwritten(self):
        program = harness.build("steady-inline", "steady.c", "torture_inline.c")
        for what in (program,), ("-p", self.target(program).pid):
            with self.subTest(what=what):
                done = harness.run(harness.TOOL, "list", *what)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.check(done.stdout, program)
                self.assertRegex(done.stderr, r"(?m)\A.*warning: %s has 1 inline USDT site .*\(torture:inline\).*red-zone.*\n\Z"
                                 % re.escape(str(program)))
        library = harness.build("libinline.so", "torture_inline.c", flags=("-O2", "-shared", "-fPIC"), counted=False)
        done = harness.run(harness.TOOL, "list", library)
        self.assertEqual(done.returncode, harness.EXIT_NO_PROBES)
        self.assertIn("%s has 1 inline USDT site" % library, done.stderr)
        # A target's library that has no other probes.
        user = harness.build("steady-with-inline", "steady.c", library, flags=("-O2", "-Wl,--no-as-needed"))
        done = harness.run(harness.TOOL, "list", "-p", self.target(user).pid)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(done.stdout, user)
        self.assertNotIn(str(library), done.stdout)
        self.assertIn("%s has 1 inline USDT site" % library, done.stderr)


class Messages(harness.Case):
    def run_tool(self, *options, output="trace.json"):
        target = self.target(harness.build("steady"), "--still")
        tool = self.tool("-p", target.pid, "-o", output, *options)
        self.assertTrue(harness.wait_until(lambda: target.semaphores() == 9))
        target.ask("work 7")
        target.tell("quit")
        self.assertEqual(tool.wait(), 0)
        return target, tool

    def test_the_summary(self):
        target, tool = self.run_tool()
        said = tool.messages()
        trace = self.load()
        self.assertIn("tracing process %d (steady), 9 probes" % target.pid, said)
        self.assertRegex(said, r"(?m)^trace\.json: [\d.]+ \w+, [\d.]+ s, 28 events of 1 threads \(the target ended\)$")
        self.assertRegex(said, r"\blost 0\b")
        self.assertRegex(said, r"open trace\.json in https://ui\.perfetto\.dev or chrome://tracing")
        self.assertEqual(trace.total["written"], 28)
        self.assertNotIn("warning", said)
        self.assertEqual(tool.out.data, b"")

    def test_quiet(self):
        _, tool = self.run_tool("-q")
        self.assertEqual(tool.messages(), "")
        self.load()

    def test_verbose_says_more(self):
        _, tool = self.run_tool("-v")
        self.assertGreater(len(tool.messages().splitlines()), 6)

    def test_no_status_line_where_there_is_no_terminal(self):
        target = self.target(harness.build("steady"))
        tool = self.attach(target.pid, "-d", "1.5")
        self.end(tool, with_signal=None)
        self.assertNotIn("\r", tool.messages())
        self.assertNotIn("\033", tool.messages())

    def on_terminal(self, *options):
        target = self.target(harness.build("steady"))
        main, side = pty.openpty()
        tool = self.tool("-p", target.pid, "-o", "trace.json", *options, stderr=side)
        os.close(side)
        with os.fdopen(main, "rb", buffering=0) as file:
            pump = harness.Pump(file)
            if "-q" not in options:
                self.assertTrue(pump.wait_for(b"(Ctrl-C ends)"), pump.text())
            self.end(tool, with_signal=harness.signal.SIGINT if "-q" not in options else None)
            pump.thread.join(10)
            return pump.text()

    def test_a_status_line_on_a_terminal(self):
        said = self.on_terminal()
        self.assertRegex(said, r"\r\x1b\[K[\d.]+ s +\d+ events +\d+/s +lost \d+ ")
        # It is gone before the summary is said.
        self.assertTrue(re.search(r"\r\x1b\[K(trace\.json: )", said) or re.search(r"\r\x1b\[K\r\x1b\[Ktrace", said),
                        repr(said))
        self.load()

    def test_quiet_on_a_terminal(self):
        self.assertEqual(self.on_terminal("-q", "-d", "1.2"), "")

class Terminals(harness.Case):
    """What others have named is shown, but the terminal does not obey it."""

    NAME = b"\x1b[31m\xc2\x9b2J\xff"  # 15 bytes at most are a process's name
    SHOWN = r"\x1b[31m\xc2\x9b2J\xff"

    def setUp(self):
        super().setUp()
        self.program = harness.copy(harness.build("steady"), self.dir / os.fsdecode(self.NAME))

    def harmless(self, data, shown=SHOWN):
        self.assertIn(shown, data.decode())  # UTF-8 all of it
        for control in b"\x1b", b"\xc2\x9b", b"\x7f":
            self.assertNotIn(control, data)

    def run_tool(self, *args):
        done = subprocess.run([harness.TOOL, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=harness.TIMEOUT, check=False)
        self.assertNotIn(done.returncode, (-6, -11))
        return done

    def test_names_of_files_and_processes(self):
        target = self.target(self.program)
        self.harmless(self.run_tool("list", self.program).stdout)
        self.harmless(self.run_tool("list", "-p", target.pid).stdout)
        self.harmless(self.run_tool("list", str(self.program) + "?").stderr)
        self.harmless(self.run_tool("doctor", "-p", target.pid).stdout)
        self.harmless(self.run_tool("-v", "-p", target.pid, "-o", str(self.program) + ".json", "-d", "0.2").stderr)

    def test_what_ctl_shows(self):
        target = self.target(self.program)
        tool = self.attach(target.pid)
        done = self.run_tool("ctl", "-p", target.pid, "--exclude", os.fsdecode(self.NAME))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.harmless(self.run_tool("ctl", "-p", target.pid, "--show").stdout)
        self.end(tool)
        self.harmless(tool.err.data)  # that it matched nothing
