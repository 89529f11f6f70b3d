# SPDX-License-Identifier: BSD-2-Clause
"""--config: a file that says what to do, and says it anew at SIGHUP; and what a service manager and the journal are told."""
import os
import re
import signal
import socket
import time

import harness
import tracefile
from recording import Recording, States


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

    def reload(self, tool, says="reloaded", more=""):
        before = tool.messages().count(says)
        tool.signal(signal.SIGHUP)
        self.assertTrue(harness.wait_until(lambda: tool.messages().count(says) > before), tool.messages())
        self.assertIn(more, tool.messages())

    def test_a_file_says_what_the_command_line_would(self):
        target = self.recorded(100, 2000)
        self.write("# of the queue, and nothing else", "", "pid = %d" % target.pid, "  keep 10s  ", "dump-to=%s" % self.dumps,
                   "include = step", "include queue", "include = c*", "no-methods", "format = perfetto", "quiet")
        # What may be said once is the command line's, what may be said often is both's.
        tool = self.tool("--config", "app.conf", "--keep", "5s", "--exclude", "c0", "--format", "chrome")
        self.assertTrue(harness.wait_until(lambda: self.ctl(target, "--show").returncode == 0))
        shown = self.ctl(target, "--show").stdout
        self.assertEqual(shown.split(), "--include step --include queue --include c* --exclude c0 --no-methods".split())
        target.tell()
        target.await_step("done")
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
        for owner, group, mode, caller, trusted in (
                (0, 0, 0o644, None, True), (0, 0, 0o646, None, False), (0, 0, 0o664, None, True),
                (0, 65534, 0o664, None, False), (0, 65534, 0o664, "65534", True), (65534, 65534, 0o644, None, False),
                (65534, 65534, 0o644, "65534", True), (65534, 65534, 0o644, "1000", False)):
            with self.subTest(owner=owner, group=group, mode=mode, caller=caller):
                self.write("no such word")
                os.chmod(self.config, mode)
                os.chown(self.config, owner, group)
                environment = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
                if caller:
                    environment.update(SUDO_UID=caller, SUDO_GID=caller)
                done = harness.run(harness.TOOL, "--config", self.config, env=environment)
                self.assertEqual(done.returncode, harness.EXIT_USAGE)
                self.assertIn("unknown word" if trusted else "can be written by others than root", done.stderr)

    def names(self, tool, wanted):
        """What dumps of the last 200 ms have, in which there is nothing of what was before, until all that is wanted is there."""
        found, end = set(), time.monotonic() + harness.TIMEOUT
        while not wanted <= found and time.monotonic() < end:  # a busy machine may have given the target nothing in that time
            time.sleep(0.4)
            n = len(self.files()) + 1
            tool.signal(signal.SIGUSR1)
            trace = self.read(self.await_dumps(n)[-1])
            found |= {e["name"] for e in trace.events if e["ph"] in "CBbi" and tracefile.ns(e["ts"]) and "viz" not in e}
        return found

    def test_a_reload_takes_filters(self):
        target = self.recorded(100)
        common = ["pid = %d" % target.pid, "keep = 200ms", "dump-to = %s" % self.dumps]
        self.write(*common, "no-methods", "exclude = queue")
        tool = self.configured("--exclude", "c0")
        target.tell()
        names = self.names(tool, {"step"})
        self.assertIn("step", names)
        self.assertFalse({"queue", "s0", "c0"} & names, names)
        self.write(*common, "exclude = c1")
        self.reload(tool)
        names = self.names(tool, {"queue", "s0", "c2"})
        self.assertTrue({"queue", "s0", "c2"} <= names, names)
        self.assertFalse({"c0", "c1"} & names, names)
        # What ctl has said in between is no more; what the command line has said still is.
        self.assertEqual(self.ctl(target, "--exclude", "step", "--no-methods").returncode, 0)
        self.reload(tool)
        self.assertEqual(self.ctl(target, "--show").stdout.strip().split(), "--exclude c1 --exclude c0".split())
        self.assertNotIn("takes a restart", tool.messages())
        self.end(tool)

    def test_a_reload_that_is_wrong_changes_nothing(self):
        target = self.recorded(100)
        good = ["pid = %d" % target.pid, "keep = 1s", "dump-to = %s" % self.dumps, "exclude = queue", "when = step.n < 0"]
        self.write(*good)
        tool = self.configured()
        target.tell()
        shown = self.ctl(target, "--show").stdout
        self.write(*good, "include = x", "when = step.n >")
        self.reload(tool, "nothing was reloaded")
        self.assertIn("%s:7: --when: " % self.config, tool.messages())
        self.config.unlink()
        self.reload(tool, "nothing was reloaded")
        self.assertEqual(tool.messages().count("warning: "), 2, tool.messages())
        self.assertEqual(self.ctl(target, "--show").stdout, shown)
        self.write(*good)
        self.reload(tool)
        self.assertTrue(tool.running())
        self.end(tool)

    def test_what_takes_a_restart_is_named_once(self):
        target = self.recorded(100)
        self.write("pid = %d" % target.pid, "keep = 1s", "dump-to = %s" % self.dumps, "memory = 64M")
        tool = self.configured()
        self.write("pid = %d" % os.getpid(), "keep = 2s", "keep = 20M", "dump-to = %s" % self.dumps, "follow", "exclude = queue")
        self.reload(tool, "takes a restart")
        said, = re.findall("warning: .*", tool.messages())
        self.assertEqual(said, "warning: %s: what has changed of these takes a restart: pid, keep, memory, follow" % self.config)
        self.assertIn("--exclude queue", self.ctl(target, "--show").stdout, "the rest is taken")
        self.end(tool)

    def test_a_reload_takes_triggers(self):
        """Also those of a kind that nobody waited for, of what has appeared long ago; what has fired often enough stays so."""
        target = self.recorded(10, 0, "value")
        common = ["pid = %d" % target.pid, "keep = 100ms", "keep = 1M", "dump-to = %s" % self.dumps]  # in small blocks
        self.write(*common)
        tool = self.configured()
        target.signal(signal.SIGUSR1)  # bug.level and all others are known
        target.tell()
        self.assertTrue(harness.wait_until(lambda: self.ctl(target, "--dump=known").returncode == 0))
        time.sleep(0.2)  # all of what it keeps before that is there
        n = len(self.files())
        self.write(*common, "when = bug.level > 1000", "when = silent(nothing) > 1000s", "after = 600ms", "at-most = 1")
        self.reload(tool)
        target.signal(signal.SIGUSR1)
        path = self.await_dumps(n + 1)[-1]
        trace = self.read(path)
        self.assertEqual(trace.metadata["dump"]["cause"], "bug.level > 1000")
        self.assertEqual(round(trace.metadata["end_us"] * 1000), 700_000_000)
        self.assertIn(100_000_000, [tracefile.ns(e["ts"]) for e in trace.events if e["name"] == "bug"])
        self.compare(trace, States())
        # It has had its dump, a signal has not.
        self.write(*common, "when = signal", "when = bug.level > 1000", "at-most = 1")
        self.reload(tool)
        target.signal(signal.SIGUSR1)
        time.sleep(0.5)
        target.child.kill()
        self.end(tool, with_signal=None)
        causes = [self.read(path).metadata["dump"]["cause"] for path in self.files()[n + 1:]]
        self.assertEqual(causes, ["signal"])

    def test_triggers_that_are_gone_do_not_fire(self):
        target = self.recorded(200, 0, "value")
        common = ["pid = %d" % target.pid, "keep = 100ms", "dump-to = %s" % self.dumps]
        self.write(*common, "when = bug.level > 1000", "when = exit")
        tool = self.configured()
        target.tell()
        self.write(*common)
        self.reload(tool)
        target.signal(signal.SIGUSR1)
        time.sleep(0.3)
        target.child.kill()
        self.end(tool, with_signal=None)
        self.assertEqual(self.files(), [])

    def test_without_a_file_it_ends(self):
        target = self.recorded(100)
        tool = self.record(target, "--keep", "1s")
        self.end(tool, with_signal=signal.SIGHUP)

    def test_a_service_manager_is_told_of_reloads(self):
        target = self.recorded(100)
        name = str(self.dir / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(harness.TIMEOUT)
            manager.bind(name)
            self.write("pid = %d" % target.pid, "keep = 1s")
            tool = self.tool("--config", self.config, env={**os.environ, "NOTIFY_SOCKET": name})
            self.assertEqual(manager.recv(1000), b"READY=1")
            for line in ("exclude = queue", "no such word"):
                self.write("pid = %d" % target.pid, "keep = 1s", line)
                before = time.monotonic_ns() // 1000
                tool.signal(signal.SIGHUP)
                said = manager.recv(1000)
                match = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=(\d+)", said)
                self.assertTrue(match, said)
                self.assertTrue(before <= int(match.group(1)) <= time.monotonic_ns() // 1000)
                self.assertEqual(manager.recv(1000), b"READY=1")
            self.end(tool)
            self.assertEqual(manager.recv(1000), b"STOPPING=1")

    def test_lines_for_the_journal_say_their_level(self):
        """If stderr is what $JOURNAL_STREAM says, and not if that is somebody else's."""
        target = self.recorded(100)
        log = self.dir / "log"
        for is_it in (True, False):
            with self.subTest(is_it=is_it), open(log, "wb") as file:
                at = os.fstat(file.fileno())
                stream = "%d:%d" % (at.st_dev, at.st_ino + (not is_it))
                tool = self.tool("-v", "-p", target.pid, "--exclude", "nothing", "-o", "trace.json", stderr=file,
                                 env={**os.environ, "JOURNAL_STREAM": stream})
                self.assertTrue(harness.wait_until(lambda: b"tracing process" in log.read_bytes()))
                tool.signal(signal.SIGINT)
                self.assertEqual(tool.wait(), 0)
                lines = log.read_text().splitlines()
                if is_it:
                    self.assertTrue(all(re.match("<[3467]>", line) for line in lines), lines)
                    self.assertIn("<4>viztrace-bpf: warning: --exclude nothing matched nothing", lines)
                    self.assertTrue([line for line in lines if line.startswith("<6>tracing process")])
                    self.assertTrue([line for line in lines if line.startswith("<7>")])
                else:
                    self.assertFalse([line for line in lines if line.startswith("<")])
        done = harness.run("sh", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec \"$0\" --keep 3 -p 1 2>&2", harness.TOOL)
        self.assertRegex(done.stderr, "^<3>viztrace-bpf: --keep takes")

    def test_the_unit_is_understood(self):
        """By the systemd that is here; what it says of the rights that the unit leaves is printed."""
        self.need("systemd-analyze")
        unit = self.dir / "viztrace-bpf@.service"
        text = (harness.ROOT / "user" / "systemd" / unit.name).read_text()
        unit.write_text(text.replace("/usr/bin/viztrace-bpf", str(harness.TOOL)))
        done = harness.run("systemd-analyze", "verify", "--man=no", unit)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        done = harness.run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", unit)
        print("config: the unit: " + done.stdout.strip().splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
