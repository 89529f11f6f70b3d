# SPDX-License-Identifier: BSD-2-Clause
"""--keep: what a dump holds, that it begins with the state of its first moment, and what happens to it when somebody ends."""
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import time

import harness
import tracefile
from recording import Recording, States, memory_of

MOMENTS = 100
# Before and after it, and in which time it comes. RECORDER_SECONDS="5 2 60" is a run as long as in life.
BUG_SECONDS = [float(text) for text in os.environ.get("RECORDER_SECONDS", "1 0.5 1").split()]


class Recorder(Recording):
    def test_a_dump_begins_with_the_state_of_its_first_moment(self):
        target = self.recorded(20)
        tool = self.record(target, "--keep", "200ms")
        target.tell()
        moments = random.Random(7)
        for i in range(12):
            time.sleep(moments.uniform(0, 0.4))
            if i % 2:
                tool.signal(signal.SIGUSR1)
            else:
                self.assertEqual(self.ctl(target, "--dump").returncode, 0)
            self.await_dumps(i + 1)
        self.end(tool)
        states, began = States(), 0
        for path in self.files():
            trace = self.read(path)
            step, steps = self.compare(trace, states)
            began += step > 0
            self.assertTrue(steps)
            self.assertEqual(trace.metadata["dump"]["shortened"], False)
            self.assertLessEqual(tracefile.ns(trace.metadata["end_us"]), 200_000_000)
            self.assertEqual(trace.metadata["events"]["lost"], 0)
        self.assertGreater(began, 5, "in the middle of all, most of them")
        print("recorder: state and events of %d dumps are right, bytes for each event: %s" % (
            len(self.files()), re.search(r"kept .*", tool.messages()).group(0)))

    def test_the_bound_holds_and_the_state_is_right_beyond_it(self):
        target = self.recorded(0, 150000)
        tool = self.record(target, "--keep", "1M", "--keep", "60s")
        target.tell()
        target.await_step("done")
        before = memory_of(tool.pid)
        done = self.ctl(target, "--dump=over and over")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("over-and-over", done.stdout)
        trace = self.read(self.dir / done.stdout.strip())
        step, steps = self.compare(trace, States())
        self.assertGreater(step, 50000, "most of it has gone")
        self.assertEqual(steps[-1], 150000)
        self.assertEqual(trace.metadata["dump"]["shortened"], True)
        self.assertEqual(trace.metadata["dump"]["cause"], "over and over")
        self.assertIn("has room for the last", tool.messages())
        self.assertLess(before, 40 << 20)
        self.end(tool)
        print("recorder: 300,000 events through --keep 1M, memory %.1f MB; %s" % (
            before / 1e6, re.search(r"kept .*", tool.messages()).group(0)))

    def test_memory_is_flat(self):
        target = self.recorded(0, 1000000)
        # What the tool has not read yet takes up to twice the rings more, where others have the processors.
        tool = self.record(target, "--keep", "4M", "--ring-size", "256k")
        target.tell()
        sizes = []
        while b"\ndone\n" not in target.out.data and target.running():
            sizes.append(memory_of(tool.pid))
            time.sleep(0.05)
        target.await_step("done")
        sizes.append(memory_of(tool.pid))
        self.end(tool)
        half = len(sizes) // 2
        self.assertLess(max(sizes), (4 << 20) + (24 << 20))
        self.assertLess(max(sizes[half:]), max(sizes[:half]) + (2 << 20), "it grows: %r" % sizes)
        print("recorder: 2 million events through --keep 4M, memory at most %.1f MB, in the second half %.1f" % (
            max(sizes) / 1e6, max(sizes[half:]) / 1e6))

    def test_the_target_is_killed(self):
        target = self.recorded(20)
        tool = self.record(target, "--keep", "10s")
        target.tell()
        time.sleep(0.3)
        tool.signal(signal.SIGUSR1)
        target.child.kill()
        self.end(tool, with_signal=None)
        path, = self.files()
        self.assertTrue(self.compare(self.read(path), States())[1])

    def stopped_in_the_middle(self, tool):
        """Have a dump written, and stop who writes it when a part is on the disk."""
        def has_written():
            for fd in pathlib.Path("/proc/%d/fd" % writer).iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if "dumps" in os.readlink(fd) and os.stat(fd).st_size > 100000:
                        return True
            return False

        tool.signal(signal.SIGUSR1)
        self.assertTrue(harness.wait_until(lambda: harness.children(tool.pid)))
        writer, = harness.children(tool.pid)
        self.assertTrue(harness.wait_until(has_written))
        os.kill(writer, signal.SIGSTOP)
        self.assertEqual(self.files(), [])
        return writer

    def full(self):
        """A tool that keeps all of 40,000 steps, and their program."""
        target = self.recorded(0, 40000)
        tool = self.record(target, "--keep", "100M")
        target.tell()
        target.await_step("done")
        return target, tool

    def expect_all(self, path):
        self.assertEqual(self.compare(self.read(path), States()), (0, list(range(1, 40001))))

    def test_the_tool_is_told_to_end_while_it_writes(self):
        tool = self.full()[1]
        writer = self.stopped_in_the_middle(tool)
        tool.signal(signal.SIGTERM)
        self.assertTrue(tool.running())
        os.kill(writer, signal.SIGCONT)
        self.end(tool, with_signal=None)
        path, = self.files()
        self.expect_all(path)

    def test_nothing_half_is_left(self):
        tool = self.full()[1]
        os.kill(self.stopped_in_the_middle(tool), signal.SIGKILL)
        self.assertTrue(tool.err.wait_for(b"its process was killed"))
        self.assertEqual(self.files(), [])
        # The tool itself: the other process goes on.
        writer = self.stopped_in_the_middle(tool)
        tool.child.kill()
        tool.child.wait()
        self.assertEqual(self.files(), [])
        os.kill(writer, signal.SIGCONT)
        path, = self.await_dumps(1)
        self.expect_all(path)

    def test_the_probes_are_not_held_by_who_writes(self):
        """What is killed lets go of them at once, also while a dump of it is being written."""
        target, tool = self.full()
        self.assertGreater(target.semaphores(), 0)
        writer = self.stopped_in_the_middle(tool)
        tool.child.kill()
        tool.child.wait()
        self.assertTrue(harness.wait_until(lambda: target.semaphores() == 0))
        os.kill(writer, signal.SIGKILL)
        # Whose child it is by now may take its time to hear of its end.
        self.assertTrue(harness.wait_until(lambda: not os.path.exists("/proc/%d" % writer) or harness.state(writer) == "Z"))
        self.assertEqual(self.files(), [])

    def test_at_a_hundred_random_moments(self):
        target = self.recorded(10)
        tool = self.record(target, "--keep", "100ms")
        target.tell()
        moments, states, seconds, began = random.Random(11), States(), time.monotonic(), 0
        for i in range(MOMENTS):
            time.sleep(moments.uniform(0, 0.1))
            tool.signal(signal.SIGUSR1)
            path, = self.await_dumps(1)
            trace = self.read(path)
            step, steps = self.compare(trace, states)
            began += step > 0
            self.assertTrue(steps)
            self.assertEqual(trace.metadata["events"]["lost"], 0)
            path.unlink()
        seconds = time.monotonic() - seconds
        self.end(tool)
        self.assertGreater(began, MOMENTS * 9 // 10, "in the middle of all")
        print("recorder: state and events are right at %d random moments of %.1f s" % (MOMENTS, seconds))
    test_at_a_hundred_random_moments.order = -2

    def test_a_bug_at_full_speed(self):
        """Counted in the text, as there may be millions: all steps of the window are there, or lost and said so."""
        keep, after, within = BUG_SECONDS
        target = self.recorded(0, 0, "value")
        tool = self.record(target, "--keep", "%gs" % keep, "--keep", "500M", "--after", "%gs" % after, "--when", "bug.level > 1000")
        target.tell()
        time.sleep(keep + random.Random(5).uniform(0, within))
        target.signal(signal.SIGUSR1)
        path, = self.await_dumps(1)
        self.end(tool)
        self.assertEqual(self.files(), [path])
        first, missing, steps, bug = 0, 0, 0, []
        with open(path, encoding="utf-8") as f:
            metadata = json.loads(f.readline() + "]}")["metadata"]
            for line in f:
                if '"name":"step"' in line and '"viz"' not in line and '"ts":0.000,' not in line:
                    step = int(line[line.rindex(":") + 1:line.rindex("}}")])
                    missing += step - first - 1 if first else 0
                    first, steps = step, steps + 1
                elif '"name":"bug"' in line and '"viz"' not in line:
                    bug.append(round(json.loads(line.rstrip(",\n"))["ts"] * 1000))
        events = metadata["events"]
        self.assertEqual(bug, [int(keep * 1e9)])
        self.assertEqual(round(metadata["end_us"] * 1000), int((keep + after) * 1e9))
        self.assertFalse(metadata["dump"]["shortened"])
        self.assertLessEqual(missing, events["lost"])
        self.assertGreater(steps, 1000)
        print("recorder: a bug at full speed, the %g s before it and %g s behind: %.0f events a second, of %d steps %d are missing, lost %d; %.1f MB" % (
            keep, after, events["seen"] / (keep + after), steps + missing, missing, events["lost"], path.stat().st_size / 1e6))
    test_a_bug_at_full_speed.order = -1

    def test_a_service_manager_is_told(self):
        """Of a socket with a file and of one without; nobody is there behind the third, which changes nothing."""
        for name in (str(self.dir / "notify"), "@viztrace-test-%d" % os.getpid(), "/nonexistent/socket"):
            with self.subTest(name=name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.settimeout(harness.TIMEOUT)
                if "nonexistent" not in name:
                    manager.bind(name.replace("@", "\0"))
                target = self.recorded(0, 1)
                target.tell()
                target.await_step("done")
                tool = self.tool("-p", target.pid, "--keep", "1s", env={**os.environ, "NOTIFY_SOCKET": name})
                if "nonexistent" not in name:
                    self.assertEqual(manager.recv(1000), b"READY=1")
                    self.assertGreater(target.semaphores(), 0)
                else:
                    self.assertTrue(tool.attached())
                self.end(tool)
                if "nonexistent" not in name:
                    self.assertEqual(manager.recv(1000), b"STOPPING=1")

    def test_perfetto_and_the_callers_command(self):
        target = self.recorded(100)
        os.chmod(self.dir, 0o755)
        os.chmod(self.dumps, 0o777)
        environment = {**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534"}
        tool = self.record(target, "--keep", "1s", "--format", "perfetto", "--on-dump", "id -u > $1.who", env=environment)
        target.tell()
        time.sleep(0.2)
        done = self.ctl(target, "--dump=../../x")
        self.assertEqual(done.returncode, 0, done.stderr)
        path = self.dir / done.stdout.strip()
        self.assertEqual(path.parent, self.dumps)
        self.assertTrue(path.name.endswith("._x.pftrace") or path.name.endswith("..-..-x.pftrace"), path.name)
        self.assertEqual(path.stat().st_uid, 65534)
        who = pathlib.Path(str(path) + ".who")
        self.assertTrue(harness.wait_until(lambda: who.exists() and who.read_text().strip()))
        self.assertEqual(who.read_text().strip(), "65534")
        report = harness.run(harness.TOOL, "report", path)
        self.assertEqual(report.returncode, 0, report.stderr)
        self.assertIn("request", report.stdout)
        self.end(tool)

    def test_without_a_dump_nothing_is_written_and_that_is_said(self):
        target = self.recorded(100)
        tool = self.record(target, "--keep", "1s", "--report")
        target.tell()
        self.assertEqual(os.listdir(self.dir), ["dumps", "recorded"] if os.listdir(self.dir)[0] == "dumps" else ["recorded", "dumps"])
        time.sleep(0.1)
        self.end(tool)
        self.assertEqual(self.files(), [])
        self.assertIn("nothing was dumped", tool.messages())
        self.assertIn("queue", tool.out.text())

    def test_what_is_not_kept_is_not_dumped(self):
        target = self.recorded(100)
        tool = self.attach(target.pid)
        done = self.ctl(target, "--dump")
        self.assertEqual(done.returncode, harness.EXIT_USAGE)
        self.assertIn("start the tool with --keep", done.stderr)
        self.end(tool)

    def bug(self, what, *options):
        """It shows itself at a random moment: the tool has ended, and the program."""
        target = self.recorded(20, 0, what)
        tool = self.record(target, "--keep", "300ms", "--after", "100ms", *options)
        target.tell()
        time.sleep(random.Random(what).uniform(0.5, 1))
        target.signal(signal.SIGUSR1)
        return target, tool

    def test_a_bug_leaves_one_file_with_the_time_around_it(self):
        for what, expression in (("value", "bug.level > 1000"), ("instant", 'instant("out of*")'), ("slice", "slice(slow) >= 50ms"),
                                 ("value", "count(bug) > 0")):
            with self.subTest(expression=expression):
                target, tool = self.bug(what, "--when", expression, "--when", "step.n < 0", "--when", "exit")
                path, = self.await_dumps(1)
                trace = self.read(path)
                self.assertEqual(trace.metadata["dump"], {"cause": expression, "kept_us": trace.metadata["end_us"], "shortened": False})
                step, steps = self.compare(trace, States())
                self.assertGreater(step, 0)
                self.assertEqual(trace.metadata["events"]["lost"], 0)
                name = {"value": "bug", "instant": "out of memory", "slice": "slow"}[what]
                at, = [tracefile.ns(e["ts"]) for e in trace.events if e["name"] == name and e["ph"] in "Cie" and e.get("viz") != "closing"]
                if "count" not in expression:  # which is found out a little later
                    self.assertEqual(at, 300_000_000)
                    self.assertEqual(tracefile.ns(trace.metadata["end_us"]), 400_000_000)
                self.assertGreater(len([e for e in trace.events if e["ph"] != "M" and tracefile.ns(e["ts"]) > at]), 10)
                # The other one comes now.
                target.child.kill()
                self.end(tool, with_signal=None)
                other, = set(self.files()) - {path}
                self.assertEqual(self.read(other).metadata["dump"]["cause"], "exit")
                self.compare(self.read(other), States())
            for path in self.files():
                path.unlink()

    def test_the_program_crashes(self):
        target, tool = self.bug("segv", "--when", "exit")
        self.assertEqual(target.wait(), -signal.SIGSEGV)
        self.end(tool, with_signal=None)
        path, = self.files()
        trace = self.read(path)
        step, steps = self.compare(trace, States())
        self.assertGreater(step, 0)
        self.assertGreater(tracefile.ns(trace.metadata["end_us"]), 290_000_000)
        self.assertGreater(len(steps), 100)

    def test_states_of_objects_and_silence(self):
        for what, expression in (("state", 'conn.state == "broken"'), ("state", "db.retries > 3"), ("silence", "silent(heartbeat) > 150ms")):
            with self.subTest(expression=expression):
                target, tool = self.bug(what, "--when", expression, "--when", 'conn.state == "unknown"')
                path, = self.await_dumps(1)
                trace = self.read(path)
                self.compare(trace, States())
                self.assertEqual(trace.metadata["dump"]["cause"], expression)
                if what == "state":
                    at, = [tracefile.ns(e["ts"]) for e in trace.events if e["ph"] == "O" and e["args"]["snapshot"].get("state") == "broken"]
                    self.assertEqual(at, 300_000_000)
                else:
                    last = max(tracefile.ns(e["ts"]) for e in trace.events if e["name"] == "heartbeat")
                    self.assertEqual(last, 150_000_000)
                self.assertEqual(tracefile.ns(trace.metadata["end_us"]), 400_000_000)
                target.child.kill()
                self.end(tool, with_signal=None)
                self.assertEqual(self.files(), [path], "once")
                path.unlink()

    def test_states_and_silence_are_checked_too(self):
        wanted = ['conn.state != "broken"', "conn.retries < 9", 'db.state != "other"', "silent(heartbeat) < 1000s"]
        target = self.recorded(100, 4000, "state")
        tool = self.attach(target.pid, *[word for check in wanted for word in ("--check", check)])
        target.signal(signal.SIGUSR1)
        target.tell()
        target.await_step("done")
        self.end(tool, harness.EXIT_CHECK)
        said = re.findall("check: .*", tool.out.text())
        self.assertRegex(said[0], r'NOT HELD: "broken" \(db.state\), first at [0-9.]+ s$')
        self.assertEqual([line.split(": ", 2)[2].split(":")[0] for line in said], ["NOT HELD", "held", "held", "NOT HELD"])
        self.assertEqual(len([e for e in self.load().events if e["name"].startswith("check: conn.state")]), 1)
        again = harness.run(harness.TOOL, "check", "trace.json", *wanted, cwd=self.dir)
        self.assertEqual(again.stdout.splitlines(), said, again.stderr)
        # The mark is not in the middle of a report.
        done = harness.run(harness.TOOL, "convert", "trace.json", "new.pftrace", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_end_by_a_signal_and_no_other(self):
        target, tool = self.bug("segv", "--when", "signal")
        self.assertEqual(target.wait(), -signal.SIGSEGV)
        self.end(tool, with_signal=None)
        path, = self.files()
        trace = self.read(path)
        self.assertEqual(trace.metadata["dump"]["cause"], "signal")
        self.assertGreater(self.compare(trace, States())[0], 0)
        said, = [e for e in trace.events if e["name"].startswith("ended by")]
        self.assertEqual((said["name"], said["ph"]), ("ended by signal 11 (Segmentation fault)", "i"))
        path.unlink()
        target, tool = self.bug("value", "--when", "signal")
        target.child.kill()
        self.end(tool, with_signal=None)
        self.assertIn("ended by signal 9", self.files()[0].read_text())
        self.files()[0].unlink()
        target = self.recorded(10, 1000)
        tool = self.record(target, "--keep", "1s", "--when", "signal")
        target.tell()
        target.await_step("done")
        target.child.stdin.close()
        target.wait()
        self.end(tool, with_signal=None)
        self.assertEqual(self.files(), [])

    def test_children_that_a_signal_ends(self):
        """One that is gone at once, too, and not one that ends by itself."""
        program = self.own("recorded", counted=False)
        script = ("for i in 1 2 3; do printf '\\n' | %s 10 50 >/dev/null; done; "
                  "printf '\\n' | %s 10 0 >/dev/null & sleep 0.2; kill -ABRT $!; wait; exit 0")
        tool = self.tool("-f", "--keep", "10s", "--dump-to", self.dumps, "--when", "signal", "--", "sh", "-c", script % (program, program))
        self.end(tool, with_signal=None)
        path, = self.files()
        said, = [e["name"] for e in self.read(path).events if e["name"].startswith("ended by")]
        self.assertEqual(said, "ended by signal 6 (Aborted)")

    def test_so_many_of_each_and_no_sooner(self):
        target = self.recorded(200)
        tool = self.record(target, "--keep", "50ms", "--when", "step.n > 100", "--at-most", "3", "--again-after", "200ms")
        target.tell()
        files = self.await_dumps(3)
        time.sleep(0.5)
        self.end(tool)
        self.assertEqual(self.files(), files)
        starts = [t.metadata["start_clock_ns"] for t in map(self.read, files)]
        self.assertTrue(all(b - a >= 200_000_000 for a, b in zip(starts[1:], starts[2:])), starts)
