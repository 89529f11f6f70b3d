# SPDX-License-Identifier: BSD-2-Clause
"""--config: a file that says what to do, and what the command line adds."""
import os
import signal
import time

import harness
from recording import Recording


class Config(Recording):
    def setUp(self):
        super().setUp()
        self.config = self.dir / "app.conf"

    def write(self, *lines):
        self.config.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
        return self.config

    def configured(self, *options, **more):
        tool = self.tool("--config", self.config, *options, **more)
        self.assertTrue(tool.err.wait_for(b"tracing "), tool.messages())
        return tool

    def test_a_file_says_what_the_command_line_would(self):
        target = self.recorded(100)
        self.write("# of the queue, and nothing else", "", "pid = %d" % target.pid, "  keep 10s  ", "dump-to=%s" % self.dumps,
                   "include = step", "include queue", "include = c*", "no-methods", "format = perfetto", "quiet")
        # What may be said once is the command line's, what may be said often is both's.
        tool = self.tool("--config", "app.conf", "--keep", "5s", "--exclude", "c0", "--format", "chrome")
        self.assertTrue(harness.wait_until(lambda: self.ctl(target, "--show").returncode == 0))
        shown = self.ctl(target, "--show").stdout
        self.assertEqual(shown.split(), "--include step --include queue --include c* --exclude c0 --no-methods".split())
        target.tell()
        time.sleep(0.3)
        tool.signal(signal.SIGUSR1)
        path, = self.await_dumps(1)
        self.assertEqual(path.suffix, ".json")
        names = {e["name"] for e in self.read(path).events if e["ph"] != "M"}
        self.assertTrue({"step", "queue", "c1", "c2"} <= names, names)
        self.assertFalse({"c0", "o1", "s0", "request"} & names, names)
        self.end(tool)
        self.assertEqual(tool.messages(), "", "quiet")

    def test_targets_and_files_of_the_command_line_win(self):
        first, second = self.recorded(100, 0), self.recorded(100, 0)
        self.write("pid = %d" % first.pid, "output = a.json", "output = b.pftrace", "max-depth = 7")
        tool = self.configured("-p", second.pid, "-o", "c.json")
        self.assertIn("process %d" % second.pid, tool.messages())
        self.end(tool)
        self.assertEqual(sorted(p.name for p in self.dir.glob("*.*")), ["app.conf", "c.json"])
        tool = self.tool("--config", self.config, "--", "true")
        tool.wait()
        self.assertNotIn("either", tool.messages())

    def test_what_is_wrong_has_a_file_and_a_line(self):
        for line, says in (("kep = 10s", "unknown word 'kep'; a line is a long option of --help without its dashes, and its value"),
                           ("list", "unknown word 'list'"), ("[service]", "unknown word '[service]'"), ("mem = 8M", "unknown word 'mem'"),
                           ("--keep 10s", "a word is without its dashes here, not '--keep'"),
                           ("config = x", "a file names no other one"), ("help", "'help' is for the command line"),
                           ("version", "'version' is for the command line"), ("dump = x", "'dump' is for the command line"),
                           ("keep", "'keep' needs a value"), ("keep =  ", "'keep' needs a value"),
                           ("follow = yes", "'follow' takes no value"), ("include = 'a*'", "leave out the quotes"),
                           ("keep = 10", "--keep takes a time as 10s or 5m"), ("when = depth", "--when: expected"),
                           (b"keep = 10\0s", "NUL byte"), ("keep = 10s\r", "ends in CR and LF"),
                           ("# " + 5000 * "x", "longer than 4096 bytes")):
            with self.subTest(line=line):
                self.write("# first", "keep = 1s", line)
                done = harness.run(harness.TOOL, "--config", "app.conf", cwd=self.dir)
                self.assertEqual(done.returncode, harness.EXIT_USAGE, done.stderr)
                self.assertTrue(done.stderr.startswith("viztrace-bpf: app.conf:3: "), done.stderr)
                self.assertIn(says, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 3 if "when" in str(line) else 1, done.stderr)

    def test_files_that_are_none(self):
        self.write("pid = 1")
        os.mkfifo(self.dir / "pipe")
        (self.dir / "large").write_text(70000 * "#")
        for arguments, says in ((["--config", "missing"], "cannot read missing: No such file"), (["--config", "."], "which . is not"),
                                (["--config", "pipe"], "which pipe is not"), (["--config", "large"], "large is longer than 64 KB"),
                                (["--config", "app.conf", "--config", "app.conf"], "given twice"),
                                (["ctl", "--config", "app.conf", "--show"], "--config is for tracing, not for ctl")):
            with self.subTest(says=says):
                done = harness.run(harness.TOOL, *arguments, cwd=self.dir)
                self.assertEqual(done.returncode, harness.EXIT_USAGE)
                self.assertIn(says, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(harness.run(harness.TOOL, "--config", "missing", "--version").returncode, 0)

    def test_root_does_not_do_what_others_say(self):
        """But what who called sudo says, or root; and others may always read it."""
        for owner, mode, caller, trusted in ((0, 0o644, None, True), (0, 0o646, None, False), (65534, 0o644, None, False),
                                             (65534, 0o644, "65534", True), (65534, 0o644, "1000", False)):
            with self.subTest(owner=owner, mode=mode, caller=caller):
                self.write("no such word")
                os.chmod(self.config, mode)
                os.chown(self.config, owner, owner)
                environment = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
                if caller:
                    environment.update(SUDO_UID=caller, SUDO_GID=caller)
                done = harness.run(harness.TOOL, "--config", self.config, env=environment)
                self.assertEqual(done.returncode, harness.EXIT_USAGE)
                self.assertIn("unknown word" if trusted else "can be written by others than root", done.stderr)
