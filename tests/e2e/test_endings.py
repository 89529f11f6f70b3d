# SPDX-License-Identifier: BSD-2-Clause
"""However a trace ends, the file loads and the target is as it was."""
import os
import signal
import stat
import subprocess
import time

import harness
import tracefile
import viewer


class Steady(harness.Case):
    """A target that runs until it is told to stop."""

    def setUp(self):
        super().setUp()
        self.program = harness.build("steady")

    def steady(self, *args):
        t = self.target(self.program, *args)
        self.expected = t.ask("work 1000")
        return t

    def as_before(self, target):
        """It runs on, calculates what it did before, and believes in no tracer."""
        self.assertTrue(harness.wait_until(lambda: target.semaphores() == 0), "semaphores stay up")
        self.assertEqual(target.ask("work 1000"), self.expected)
        self.assertTrue(target.running())
        target.tell("quit")
        self.assertEqual(target.wait(), 0)

    def full(self, trace):
        """Something of everything that the target does is there."""
        for phase in "CObBEi":
            self.assertTrue(trace.counts[phase], "no %s in %r" % (phase, trace.counts))
        self.assertIn("ticker", [n for names in trace.thread_names.values() for n in names])
        for a, b in zip(trace.samples_of("gauge"), trace.samples_of("gauge")[1:]):
            self.assertEqual(b["ticks"], a["ticks"] + 1)
            self.assertEqual(b["half"], b["ticks"] / 2)

    def grows(self, path="trace.json", size=40000):
        path = self.dir / path
        self.assertTrue(harness.wait_until(lambda: path.exists() and path.stat().st_size > size), "no events on disk")


class Endings(Steady):
    def ended_by(self, number, why="interrupted"):
        target = self.steady()
        tool = self.attach(target.pid)
        target.ask("work 100")
        target.ask("ticks 30")
        self.end(tool, with_signal=number)
        trace = self.load()
        self.full(trace)
        self.assertEqual(trace.metadata["ended"], why)
        self.assertEqual(len(trace.samples_of("sum")), 100)
        self.as_before(target)

    def test_ctrl_c(self):
        self.ended_by(signal.SIGINT)

    def test_sigterm(self):
        self.ended_by(signal.SIGTERM)

    def test_sighup(self):
        self.ended_by(signal.SIGHUP)

    def test_duration(self):
        target = self.steady()
        tool = self.attach(target.pid, "-d", "2")
        target.ask("ticks 30")
        self.end(tool, with_signal=None)
        trace = self.load()
        self.full(trace)
        self.assertEqual(trace.metadata["ended"], "the time is over")
        self.as_before(target)

    def test_max_size(self):
        target = self.steady("--fast")
        tool = self.attach(target.pid, "--max-size", "1M")
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertIn("--max-size", trace.metadata["ended"])
        self.assertGreater(len(trace.data), 1 << 20)
        self.as_before(target)

    def test_the_target_exits(self):
        target = self.steady()
        tool = self.attach(target.pid)
        target.ask("work 50")
        target.ask("ticks 30")
        target.tell("quit")
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.full(trace)
        self.assertEqual(trace.metadata["ended"], "the target ended")
        self.assertEqual(len(trace.samples_of("sum")), 50)

    def test_the_target_is_killed(self):
        target = self.steady("--fast")
        tool = self.attach(target.pid)
        target.ask("work 50")
        self.killed = 1
        target.signal(signal.SIGKILL)
        self.assertEqual(target.wait(), -signal.SIGKILL)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(trace.metadata["ended"], "the target ended")
        self.assertEqual(trace.samples["sum"] + trace.total["lost"] >= 50, True)

    def test_the_target_gets_sigsegv_in_mid_slice(self):
        target = self.steady("--fast")
        tool = self.attach(target.pid)
        self.killed = 1
        target.signal(signal.SIGSEGV)
        self.assertEqual(target.wait(), -signal.SIGSEGV)
        self.end(tool, with_signal=None)
        self.load()


class Killed(Steady):
    def test_the_tool_is_killed(self):
        target = self.steady()
        tool = self.attach(target.pid)
        target.ask("work 100")
        target.ask("ticks 30")
        path = self.dir / "trace.json"
        self.assertTrue(harness.wait_until(lambda: path.read_bytes().count(b'"name":"sum"') == 100 and
                                           b"tenth" in path.read_bytes()), "no events on disk")
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        trace = self.load(killed=True)
        self.assertEqual(len(trace.samples_of("sum")), 100)
        self.full(trace)
        self.as_before(target)
        if viewer.missing():
            self.skipTest("the file loads by catapult's rules; not in catapult: " + viewer.missing())
        shown = viewer.view(self.dir / "trace.json")
        self.assertIsNone(shown["error"])
        self.assertEqual(viewer.counters(shown)["sum"]["value"], len(trace.of("C", name="sum")))

    def test_the_tool_is_killed_while_it_writes(self):
        target = self.steady("--fast")
        tool = self.attach(target.pid)
        self.grows(size=3 << 20)
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        trace = self.load(killed=True)
        self.assertGreater(trace.counts["C"], 1000)
        self.as_before(target)

    def test_a_killed_tool_writing_to_a_pipe_leaves_whole_events(self):
        target = self.steady()
        with open(self.dir / "pipe.json", "wb") as file:
            cat = harness.Process(["cat"], stdin=subprocess.PIPE, stdout=file)
            self.addCleanup(cat.clean_up)
            tool = self.attach(target.pid, output="-", stdout=cat.child.stdin)
            cat.child.stdin.close()
            self.grows("pipe.json", 10000)
            self.end(tool, -signal.SIGKILL, signal.SIGKILL)
            self.assertEqual(cat.wait(), 0)
        self.load("pipe.json", killed=True)
        self.as_before(target)

    def test_one_can_trace_again_after_a_kill(self):
        target = self.steady()
        tool = self.attach(target.pid)
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        tool = self.attach(target.pid, output="again.json")
        target.ask("work 10")
        self.end(tool)
        self.assertEqual(len(self.load("again.json").samples_of("sum")), 10)
        self.as_before(target)


class Outputs(Steady):
    def test_the_room_of_an_older_trace(self):
        """Where there is little it can be used again at once."""
        small = self.disk("small", "6M")
        (small / "trace.json").write_bytes(b" " * (5 << 20))
        target = self.steady("--still")
        tool = self.attach(target.pid, output="small/trace.json")
        target.ask("work 5000")
        self.end(tool)
        trace = self.load("small/trace.json")
        self.assertGreater(len(trace.data), 3 << 19)
        self.assertEqual(len(trace.samples_of("sum")), 5000)
        self.as_before(target)

    def test_two_outputs_at_once(self):
        target = self.steady("--still")
        tool = self.attach(target.pid, "-o", "second.json")
        target.ask("work 500")
        self.end(tool)
        self.assertEqual(len(self.load().samples_of("sum")), 500)
        self.assertEqual((self.dir / "trace.json").read_bytes(), (self.dir / "second.json").read_bytes())
        self.assertIn("second.json", tool.messages())
        self.as_before(target)

    def test_one_of_two_outputs_fails(self):
        """The other one has all that came, from before and after."""
        small = self.disk("small", "512k")
        target = self.steady("--still")
        tool = self.attach(target.pid, "-o", small / "b.json")
        whole = self.dir / "trace.json"
        while "No space left" not in tool.messages():
            # Not faster than it is written: nothing is to be lost but with the output.
            size = whole.stat().st_size
            target.ask("work 1000")
            harness.wait_until(lambda: "No space left" in tool.messages() or whole.stat().st_size > size)
        target.ask("work 1000")
        self.end(tool, harness.EXIT_OUTPUT)
        self.assertRegex(tool.messages(), "writing .*small/b.json failed: No space left")
        trace = self.load()
        self.assertEqual(trace.metadata["events"]["lost"], 0)
        self.assertEqual(trace.metadata["ended"], "interrupted")
        self.assertGreater(len(trace.samples_of("sum")), 3000)
        self.as_before(target)

    def test_a_full_disk(self):
        small = self.disk("small", "512k")
        target = self.steady("--fast")
        tool = self.attach(target.pid, output="small/trace.json")
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertIn("small/trace.json", tool.messages())
        self.assertIn("No space left", tool.messages())
        data = (small / "trace.json").read_bytes()
        self.assertGreater(len(data), 400000)
        # Whole if there was room for the end, loadable in any case. The end of a counter may be missing.
        trace = tracefile.Trace()
        checker = tracefile.Checker(trace, keep=True, whole=False, killed=True)
        events = tracefile.parse(data.decode())["traceEvents"] if data.startswith(b"{") else \
            tracefile.parse_unfinished(data)
        for e in events:
            checker.feed(e)
        self.assertGreater(trace.counts["C"], 100)
        self.as_before(target)

    def test_a_disk_that_is_full_from_the_start(self):
        target = self.steady("--fast")
        tool = self.tool("-p", target.pid, "-o", "/dev/full")
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertIn("/dev/full", tool.messages())
        self.as_before(target)

    def shell(self, line, *args):
        """The tool as a shell starts it: $@ is what it is given."""
        return self.tool(*args, prefix=["sh", "-c", line + ' exec "$@"', "sh"])

    def test_a_limit_of_file_sizes(self):
        target = self.steady("--fast")
        tool = self.shell("ulimit -f 500;", "-p", target.pid, "-o", "trace.json")
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertIn("File too large", tool.messages())
        data = (self.dir / "trace.json").read_bytes()
        self.assertGreater(len(tracefile.parse_unfinished(data)), 100)
        self.as_before(target)

    def test_what_is_closed_stays_closed(self):
        """No message gets into the trace, nor the trace to where it is not wanted."""
        target = self.steady()
        tool = self.shell("exec <&- >&- 2>&-;", "-p", target.pid, "-o", "trace.json", "-d", "0.5")
        self.end(tool, 0, None)
        self.load()
        tool = self.shell("exec >&-;", "-p", target.pid, "-o", "-", "-d", "0.5")
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertIn("cannot write -: Bad file descriptor", tool.messages())
        tool = self.shell("exec <&- >&-;", "-o", "t.json", "--", "sh", "-c",
                          "for fd in 0 1 2; do test ! -e /proc/$$/fd/$fd || echo has $fd >&2; done")
        self.end(tool, harness.EXIT_NO_PROBES, None)
        self.assertRegex(tool.messages(), r"(?m)^has 2$")
        self.assertNotRegex(tool.messages(), r"(?m)^has [01]$")
        self.as_before(target)

    def test_too_few_descriptors(self):
        target = self.steady()
        tool = self.shell("ulimit -n 12;", "-p", target.pid, "-o", "trace.json")
        self.end(tool, 1, None)
        self.assertIn("Too many open files", tool.messages())
        self.assertIn("raise the limit", tool.messages())
        # A soft limit is ours to raise.
        tool = self.shell("ulimit -Sn 12;", "-p", target.pid, "-o", "trace.json", "-d", "0.3")
        self.end(tool, 0, None)
        self.as_before(target)

    def test_a_pipe_that_is_closed(self):
        target = self.steady("--fast")
        head = harness.Process(["head", "-c", "100"], stdin=subprocess.PIPE)
        self.addCleanup(head.clean_up)
        tool = self.tool("-p", target.pid, "-o", "-", stdout=head.child.stdin)
        head.child.stdin.close()
        self.end(tool, harness.EXIT_OUTPUT, None)
        self.assertEqual(head.wait(), 0)
        self.assertTrue(head.out.data.startswith(b'[{"'))
        self.assertIn("Broken pipe", tool.messages())
        self.as_before(target)

    def test_a_pipe(self):
        target = self.steady()
        tool = self.attach(target.pid, output="-")
        target.ask("work 100")
        target.ask("ticks 30")
        self.end(tool)
        trace = tracefile.check(tool.out.data, pipe=True)
        self.full(trace)
        self.assertEqual(len(trace.samples_of("sum")), 100)
        self.assertIn("events of", tool.messages())
        self.as_before(target)

    def test_stdout_that_is_a_file(self):
        target = self.steady()
        with open(self.dir / "out.json", "wb") as file:
            tool = self.attach(target.pid, output="-", stdout=file)
            target.ask("work 100")
            target.ask("ticks 30")
            self.end(tool)
        trace = self.load("out.json")
        self.full(trace)
        self.assertEqual(len(trace.samples_of("sum")), 100)

    def test_stdout_that_is_appended_to_keeps_what_is_there(self):
        target = self.steady()
        (self.dir / "out.json").write_text("before\n")
        with open(self.dir / "out.json", "ab") as file:
            tool = self.attach(target.pid, output="-", stdout=file)
            self.end(tool)
        data = (self.dir / "out.json").read_bytes()
        self.assertTrue(data.startswith(b"before\n"))
        tracefile.check(data[len(b"before\n"):], pipe=True)

    def test_dev_null(self):
        target = self.steady()
        tool = self.attach(target.pid, output="/dev/null")
        target.ask("work 100")
        self.end(tool)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.as_before(target)

    def test_dev_stdout(self):
        target = self.steady()
        tool = self.attach(target.pid, output="/dev/stdout")
        self.end(tool)
        tracefile.check(tool.out.data, pipe=True)

    def steady_and_a_fifo(self):
        os.mkfifo(self.dir / "fifo")
        return self.steady()

    def reader(self):
        cat = harness.Process(["cat", self.dir / "fifo"])
        self.addCleanup(cat.clean_up)
        return cat

    def is_whole(self, target, tool, cat):
        target.ask("ticks 30")
        self.end(tool)
        self.assertEqual(cat.wait(), 0)
        self.full(tracefile.check(cat.out.data, pipe=True))

    def waiting(self, target):
        tool = self.tool("-p", target.pid, "-o", "fifo")
        self.assertTrue(tool.err.wait_for(b"waiting until somebody reads fifo"))
        return tool

    def test_a_fifo(self):
        target, cat = self.steady_and_a_fifo(), self.reader()
        self.is_whole(target, self.attach(target.pid, output="fifo"), cat)

    def test_nobody_is_slowed_down_before_a_fifo_is_read(self):
        target = self.steady_and_a_fifo()
        tool = self.waiting(target)
        self.assertFalse(harness.wait_until(target.semaphores, 0.5), "the target is traced already")
        cat = self.reader()
        self.assertTrue(tool.attached())
        self.is_whole(target, tool, cat)

    def test_ctrl_c_while_nobody_reads_a_fifo(self):
        target = self.steady_and_a_fifo()
        tool = self.waiting(target)
        self.assertTrue(harness.wait_until(lambda: sleeps_in(OPENAT, tool.pid)))
        self.end(tool, harness.EXIT_OUTPUT)
        self.assertIn("fifo: interrupted before somebody read it", tool.messages())
        self.as_before(target)

    def test_two_signals_at_once_are_one(self):
        """As timeout(1) sends them: to its child, and to its group."""
        for number in signal.SIGINT, signal.SIGTERM:
            for apart in 0, 0.0003, 0.02:
                with self.subTest(number=number, apart=apart):
                    target = self.steady()
                    tool = self.attach(target.pid)
                    target.ask("work 100")
                    tool.signal(number)
                    time.sleep(apart)
                    self.end(tool, with_signal=number if tool.running() else None)
                    self.full(self.load())
                    self.as_before(target)

    def test_ctrl_c_before_a_command_is_started(self):
        """As at a terminal, whose whole group gets it: nobody waits for a command for ever. The last one is not started for sure."""
        for after, *options in (0,), (0.02,), (0.1,), (0.3,), (0.3, "--start-at", "/60m"):
            with self.subTest(after=after, options=options):
                tool = self.tool("-o", "t.json", *options, "--", "sleep", "1000", start_new_session=True)
                if options:
                    self.assertTrue(tool.err.wait_for(b"for the time to start at"))
                time.sleep(after)
                os.killpg(tool.pid, signal.SIGINT)
                self.assertIn(tool.wait(), (-signal.SIGINT, 128 + signal.SIGINT), tool.messages())
        self.assertIn("interrupted before sleep was started", tool.messages())
        self.assertEqual(tool.wait(), 128 + signal.SIGINT)

    def test_a_second_ctrl_c_ends_a_tool_that_is_stuck(self):
        target = self.steady("--fast")
        read, write = os.pipe()  # nobody reads
        try:
            tool = self.attach(target.pid, output="-", stdout=write)
            os.close(write)
            stuck = harness.wait_until(lambda: sleeps_in(WRITE, tool.pid))
            self.assertTrue(stuck)
            tool.signal(signal.SIGINT)
            self.assertTrue(harness.wait_until(lambda: not pending(tool.pid)))
            time.sleep(0.6)
            self.assertTrue(tool.running())
            self.end(tool, -signal.SIGINT, signal.SIGINT)
        finally:
            os.close(read)
        self.as_before(target)

    def test_without_o_the_file_is_named_after_the_process(self):
        target = self.steady()
        tool = self.tool("-p", target.pid)
        self.assertTrue(tool.attached())
        self.end(tool)
        self.load("viztrace-%d.json" % target.pid)


WRITE, OPENAT = {"x86_64": ("1", "257"), "aarch64": ("64", "56")}[os.uname().machine]


def sleeps_in(call, pid):
    try:
        with open("/proc/%d/syscall" % pid, encoding="ascii") as f:
            return f.read().split()[0] == call
    except (OSError, IndexError):
        return False


def pending(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return any(int(line.split()[1], 16) for line in f if line.startswith(("SigPnd:", "ShdPnd:")))
