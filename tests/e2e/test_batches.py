# SPDX-License-Identifier: BSD-2-Clause
"""Batches: nothing is missing, doubled, out of order or another thread's, whatever happens; or it is counted as lost."""
import collections
import os
import signal
import struct
import time

import harness


class Streams(harness.Case):
    def streams(self, trace, gaps=False):
        """{stream: numbers}, each checked against what it says of itself. (pid, stream) if there are several."""
        found = collections.defaultdict(list)
        for e in trace.of("C", name="stream"):
            a = e["args"]
            if "viz" in e:
                continue  # it closes something
            self.assertEqual(a["check"], (a["number"] * 7919) ^ a["stream"], "not what was written: %r" % e)
            self.assertEqual(e["tid"], a["thread"], "another thread's: %r" % e)
            found[a["stream"]].append(a["number"])
        for stream, numbers in found.items():
            wanted = sorted(set(numbers)) if gaps else list(range(len(numbers)))
            if numbers != wanted:
                self.fail("stream %d: %r, not %r" % ((stream, *next(p for p in zip(numbers, wanted + [-1])
                                                                     if p[0] != p[1]))))
        return found

    def samples(self, trace):
        """The numbers of one stream, in the order of the trace."""
        (numbers,) = self.streams(trace, gaps=True).values()
        return numbers


class Batches(Streams):
    def setUp(self):
        super().setUp()
        self.program = harness.build("batches")

    def batched(self, *args, options=(), target_code=0, code=0):
        """One run to its end. (trace, streams)"""
        trace, _, messages = self.traced(self.program, *args, options=("--collect", "batch", "-v", *options),
                                         target_code=target_code, code=code)
        self.assertIn("attached viz:batch", messages)
        return trace

    def complete(self, *args, **more):
        trace = self.batched(*args, **more)
        self.assertEqual(trace.total["lost"], 0)
        return self.streams(trace)

    def test_one_thread(self):
        streams = self.complete("threads", 1, 100000)
        self.assertEqual({k: len(v) for k, v in streams.items()}, {0: 100000})

    def test_threads(self):
        streams = self.complete("threads", 4, 20000)
        self.assertEqual(sorted(map(len, streams.values())), [20000] * 4)

    def test_more_threads_than_slots(self):
        streams = self.complete("threads", 100, 300)
        self.assertEqual(sorted(map(len, streams.values())), [300] * 100)

    def test_threads_that_come_and_go(self):
        streams = self.complete("churn", 120)
        expected = [(i * 31 + k * 97) % 397 + (i * 31 + k * 97) % 7 for i in range(120) for k in range(1 + i % 8)]
        self.assertEqual(sorted(map(len, streams.values())), sorted(n for n in expected if n))

    def test_signal_handlers_that_write(self):
        streams = self.complete("signals", 2, 4000)
        self.assertEqual(len(streams), 4)
        self.assertEqual(2, sum(len(v) == 4000 for v in streams.values()))

    def test_every_end_of_a_process(self):
        for how, code in (("return", 0), ("exit", 0), ("abort", -signal.SIGABRT), ("segv", -signal.SIGSEGV),
                          ("kill", -signal.SIGKILL)):
            with self.subTest(how=how):
                streams = self.complete("end", how, target_code=code)
                self.assertEqual(len(streams[0]), 1077)

    def test_exec(self):
        trace = self.batched("exec", 20)
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.metadata["missed_processes"], 0)
        numbers = [a["number"] for a in trace.samples_of("stream")]
        self.assertTrue(numbers == list(range(1077)) * 21, len(numbers))

    def test_children_are_not_traced(self):
        streams = self.complete("forks", 12)
        self.assertEqual(len(streams[0]), 1077)

    def test_the_child_of_vfork_fills_batches(self):
        """They are the parent's, which cannot be told apart; those that it has fetched in the child are missing, and that is said."""
        trace, _, messages = self.traced(self.program, "vforks", 20, options=("--collect", "batch"))
        numbers = [a["number"] for a in trace.samples_of("stream") if a["stream"] == 0]
        self.assertEqual(numbers, sorted(set(numbers)))
        if len(numbers) < 2000:
            self.assertIn("batches could not be read; what was in them is missing", messages)

    def test_a_process_that_may_not_read_the_clock(self):
        """Each append reads it."""
        target = self.steps()
        target.ask("no clock")
        tool = self.attach(target.pid, "--collect", "batch")
        self.assertIn("no batches from process %d: it is killed if it reads the processor's clock" % target.pid, tool.messages())
        target.ask("write 1000")
        self.end(tool)
        self.assertEqual(self.samples(self.load()), list(range(1000)))
        target.tell("quit")
        self.assertEqual(target.wait(), 0)

    def test_in_a_pid_namespace(self):
        """As in a container: the kernel's numbers are not ours."""
        (self.dir / "go").write_text("go\n")
        for args, written in ((("threads", 4, 20000), [20000] * 4), (("churn", 20), None), (("forks", 12), [1077])):
            with self.subTest(args=args), open(self.dir / "go", "rb") as go:
                trace, tool = self.launched(self.program, *args, options=("--collect", "batch", "-v"), stdin=go,
                                            prefix=("unshare", "--pid", "--fork", "--mount-proc"))
                self.assertIn("attached viz:batch", tool.messages())
                self.assertEqual(trace.total["lost"], 0)
                streams = self.streams(trace)
                if written:
                    self.assertEqual([len(v) for v in streams.values()], written)

    def test_a_ring_that_is_too_small(self):
        trace = self.batched("threads", 2, 200000, options=("--ring-size", "64k"))
        self.streams(trace, gaps=True)
        counts = trace.probe("set")
        self.assertGreater(counts["lost"], 0)
        self.assertEqual((counts["seen"], counts["written"] + counts["lost"]), (400000, 400000))

    def test_a_ring_that_is_too_small_for_signal_handlers(self):
        """One that comes at the end of a trap finds the lap full that was fetched by it, and has it fetched again."""
        trace, said, _ = self.traced(self.program, "signals", 2, 200000,
                                     options=("--collect", "batch", "--ring-size", "64k"))
        self.streams(trace, gaps=True)
        counts = trace.probe("set")
        n = int(said.split()[-1])
        self.assertGreater(counts["lost"], 0)
        self.assertEqual((counts["seen"], counts["written"] + counts["lost"]), (n, n))

    def test_filters(self):
        trace = self.batched("threads", 1, 20000, options=("--exclude", "stream.check"))
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual([set(a) for a in trace.samples_of("stream")][:1], [{"number", "stream", "thread"}])
        self.assertEqual(len(trace.samples_of("stream")), 20000)
        trace = self.batched("threads", 1, 20000, options=("--exclude", "stream"))
        self.assertEqual((trace.probe("set")["seen"], trace.probe("set")["filtered"]), (20000, 20000))

    def test_killed_at_any_moment(self):
        """What was done is there, without a gap; one write may have been in the making."""
        path = self.dir / "progress"
        for i in range(12):
            with self.subTest(i=i):
                target = self.target(self.program, "forever", 1 + i % 3, path)
                tool = self.attach(target.pid, "--collect", "batch", "--ring-size", "64M")
                target.tell()
                time.sleep(0.001 * (i % 7))
                target.signal(signal.SIGKILL)
                target.wait()
                self.end(tool, with_signal=None)
                trace = self.load()
                streams = self.streams(trace, gaps=trace.total["lost"] > 0)
                with open(path, "rb") as f:
                    progress = list(struct.iter_unpack("<QQ", f.read(16 * (1 + i % 3))))
                os.unlink(path)
                for stream, (begun, done) in enumerate(progress):
                    if not trace.total["lost"]:
                        self.assertIn(len(streams[stream]), range(done, begun + 1))

    def test_again_and_again(self):
        """Attached and detached at full speed: each time a piece without gaps."""
        path = self.dir / "progress"
        target = self.target(self.program, "forever", 2, path)
        target.tell()
        threads = set()
        for i in range(4):
            tool = self.attach(target.pid, "--collect", "batch", "--ring-size", "1M", "-d", "0.05", output="%d.json" % i)
            self.end(tool, with_signal=None, complete=False)  # what is in a lap that nobody fetched any more is lost
            trace = self.load("%d.json" % i)
            found = self.streams(trace, gaps=True)
            threads |= set(found)
            missing = sum(n[-1] - n[0] + 1 - len(n) for n in found.values())
            self.assertLessEqual(missing, trace.probe("set")["lost"])
        # On a busy machine one of them may not run for all of a round.
        self.assertEqual(len(threads), 2)

    def steps(self):
        target = self.target(self.program, "steps")
        return target

    def test_what_is_written_is_seen_soon(self):
        target = self.steps()
        tool = self.attach(target.pid, "--collect", "batch")
        target.ask("write 3")
        self.assertTrue(harness.wait_until(
            lambda: b'"number":2' in (self.dir / "trace.json").read_bytes().replace(b" ", b"")))
        self.end(tool)
        self.assertEqual(self.samples(self.load()), [0, 1, 2])

    def test_what_there_is_no_time_or_room_for_is_counted(self):
        """The tool stands still meanwhile, and then has to end with most of it in the rings."""
        for way, n in ("batch", 500000), ("trap", 50000):
            for options, number in (("--max-size", "1M"), signal.SIGTERM), ((), signal.SIGINT):
                with self.subTest(way=way, options=options):
                    target = self.steps()
                    tool = self.attach(target.pid, "--collect", way, "--ring-size", "64M", *options)
                    tool.signal(signal.SIGSTOP)
                    target.ask("write %d" % n)
                    tool.signal(number)
                    tool.signal(signal.SIGCONT)
                    self.end(tool, with_signal=None, complete=False)
                    counts = self.load().probe("set")
                    self.assertEqual((counts["seen"], counts["written"] + counts["lost"]), (n, n))
                    target.tell("quit")

    def test_two_tools_and_one_that_wants_traps(self):
        target = self.steps()
        first = self.attach(target.pid, "--collect", "batch", output="first.json")
        target.ask("write 1000")
        second = self.attach(target.pid, "--collect", "batch", output="second.json")
        target.ask("write 1000")
        third = self.attach(target.pid, "--collect", "trap", output="third.json")
        target.ask("write 500")
        self.end(second)
        self.end(third)
        self.assertTrue(harness.wait_until(lambda: int(target.ask("on")) == 10))
        target.ask("write 1000")
        self.end(first)
        for name, numbers in (("first", range(3500)), ("second", range(1000, 2500)), ("third", range(2000, 2500))):
            self.assertEqual(self.samples(self.load(name + ".json")), list(numbers), name)


class Libraries(Streams):
    """Batches of libraries that come and go."""
    SHARED = ("-O2", "-shared", "-fPIC")

    def setUp(self):
        super().setUp()
        self.program = harness.build("plugins", "plugins.c", "plugin.c", libs=("-lpthread", "-ldl"))
        self.plugin = harness.build("libplugin.so", "plugin.c", flags=self.SHARED, counted=False)
        self.other = harness.build("libother.so", "plugin.c", flags=(*self.SHARED, "-DOTHER"), counted=False)

    def run_plugins(self, rounds, threads, end, *libraries, options=(), target_code=0, way="batch", stutter=False):
        """(trace, [(begun, done) of each stream], what the tool said); stutter: the tool is stopped now and then."""
        path = self.dir / "progress"
        target = self.target(self.program, rounds, threads, end, path, *libraries)
        tool = self.attach(target.pid, "--collect", way, "-v", *options)
        target.tell()
        target.await_step("open")
        for library in libraries:
            self.assertTrue(tool.err.wait_for(b"attached viz:async at %s" % str(library).lstrip("+").encode()))
        target.tell()
        if end == "forever":
            def streams():
                return os.pread(fd, 16 * 65536, 0).count(b"\0" * 16)
            with open(path, "rb") as f:
                fd = f.fileno()
                harness.wait_until(lambda: streams() < 65536 - 6 * rounds * (threads + 1))
            target.signal(signal.SIGKILL)
        while stutter and target.running():
            tool.signal(signal.SIGSTOP)
            time.sleep(0.02)
            tool.signal(signal.SIGCONT)
            time.sleep(0.002)
        self.assertEqual(target.wait(), target_code, target.out.text())
        self.end(tool, with_signal=None)
        with open(path, "rb") as f:
            progress = list(struct.iter_unpack("<QQ", f.read()))
        os.unlink(path)
        return self.load(), progress, tool.messages()

    def check(self, trace, progress):
        """Each stream is what was written of it, and to its end."""
        self.assertEqual(trace.total["lost"], 0)
        streams = self.streams(trace)
        for stream, (begun, done) in enumerate(progress):
            self.assertIn(len(streams.get(stream, ())), range(done, begun + 1), "stream %d" % stream)
        instants = collections.Counter(e["name"] for e in trace.of("i") if e["name"] in ("plugin's", "other's"))
        return streams, instants

    def assert_batched(self, messages, *libraries):
        for library in libraries:
            self.assertIn("attached viz:batch at %s" % library, messages)

    def test_libraries_that_come_and_go(self):
        """In turn, at the same place or another; the other one has other classes and names there."""
        for way in "batch", "trap":
            with self.subTest(way=way):
                trace, progress, messages = self.run_plugins(60, 3, "return", self.plugin, self.other, way=way)
                if way == "batch":
                    self.assert_batched(messages, self.plugin, self.other)
                _, instants = self.check(trace, progress)
                # Two runs through the library and one through the program, of each of 4 threads.
                self.assertEqual(instants, {"plugin's": 30 * 4 * 2 + 60 * 4, "other's": 30 * 4 * 2})
                versions = {e["args"].get("version") for e in trace.of("C", name="stream") if "viz" not in e}
                self.assertEqual(versions, {None, 2})

    def test_filters_of_libraries_that_come_and_go(self):
        """What was decided of the attributes of one is not of the other's, which are in another order."""
        for way in "batch", "trap":
            for rule, is_written in (("--exclude", "stream.check"), True), (("--exclude", "stream.number"), False):
                with self.subTest(way=way, rule=rule):
                    trace, progress, _ = self.run_plugins(20, 1, "return", self.plugin, self.other, options=rule, way=way)
                    n = sum(done for _, done in progress)
                    counts = trace.probe("set")
                    self.assertEqual((counts["seen"], counts["written"], counts["filtered"]),
                                     (n, n, 0) if is_written else (n, 0, n))

    def test_a_library_that_stays_and_one_that_does_not(self):
        trace, progress, messages = self.run_plugins(60, 2, "return", "+%s" % self.plugin, self.other)
        self.assert_batched(messages, self.plugin, self.other)
        self.check(trace, progress)

    def test_killed_after_libraries_have_come_and_gone(self):
        trace, progress, _ = self.run_plugins(21, 2, "kill", self.plugin, self.other, target_code=-signal.SIGKILL)
        self.check(trace, progress)

    def test_killed_with_libraries_open(self):
        for i in range(4):
            with self.subTest(i=i):
                trace, progress, _ = self.run_plugins(i, 2, "forever", self.plugin, self.other,
                                                      options=("--ring-size", "64M"), target_code=-signal.SIGKILL)
                self.check(trace, progress)

    def test_a_library_from_the_program_s_start(self):
        """Attached to before its pool is in memory."""
        path = self.dir / "progress"
        (self.dir / "go").write_text("go\ngo\n")
        with open(self.dir / "go", "rb") as go:
            trace, tool = self.launched("env", "LD_PRELOAD=%s" % self.plugin, self.program, 20, 2, "return", path,
                                        self.plugin, stdin=go, options=("--collect", "batch", "-v"))
        self.assert_batched(tool.messages(), self.plugin, self.program)
        with open(path, "rb") as f:
            self.check(trace, list(struct.iter_unpack("<QQ", f.read())))

    def test_more_libraries_than_there_are_batches_for(self):
        """Of those beyond the 16th file each event is a trap."""
        libraries = [harness.copy(self.plugin, self.dir / ("plugin%d.so" % i)) for i in range(18)]
        trace, progress, messages = self.run_plugins(36, 1, "return", *libraries)
        self.assertEqual(messages.count("attached viz:batch at"), 16)
        self.assertIn("batches are taken from 16 files", messages)
        self.check(trace, progress)

    def between_taking_a_slot_and_telling(self, name, code, n=2):
        """What happens there happens where a thread had a slot of the library before, of which not all was read yet."""
        taken = '"9: shl $13, %rax\\n"'
        header = (harness.ROOT / "include" / "viztrace.h").read_text()
        self.assertEqual(header.count(taken), 1)
        (self.dir / "viztrace.h").write_text(header.replace(taken, taken.replace("9:", "9: %s\\n" % code)))
        libraries = [harness.build(library.name.replace("lib", "lib" + name), "plugin.c", counted=False,
                                   flags=(*self.SHARED, "-I", str(self.dir), *flags))
                     for library, flags in ((self.plugin, ()), (self.other, ("-DOTHER",)))]
        trace, progress, messages = self.run_plugins(20, 1, "return", *libraries[:n])
        self.assert_batched(messages, *libraries[:n])
        return self.check(trace, progress)

    def test_a_thread_is_slow_to_tell_of_its_slot(self):
        self.between_taking_a_slot_and_telling("slow", "mov $60000000, %ebx\\n 97: dec %ebx\\n jnz 97b")

    def test_a_signal_handler_writes_before_the_slot_is_told_of(self):
        for n in 1, 2:
            with self.subTest(libraries=n):
                streams, _ = self.between_taking_a_slot_and_telling("signalled", "int3", n)
                self.assertGreater(len(streams), 20 * 2 * 3)

    def test_a_ring_that_is_too_small_for_libraries(self):
        for stutter in False, True:
            with self.subTest(stutter=stutter):
                trace, progress, messages = self.run_plugins(200, 3, "return", self.plugin, self.other, stutter=stutter,
                                                             options=("--ring-size", "64k"))
                counts = trace.probe("set")
                self.streams(trace, gaps=True)
                self.assertEqual(counts["seen"], sum(done for _, done in progress), messages)
                self.assertEqual(counts["seen"], counts["written"] + counts["lost"])
                if stutter:
                    self.assertGreater(counts["lost"], 0)
                    self.assertNotIn("too small to tell of", messages)


class OldHeader(harness.Case):
    def test_a_program_with_the_first_version_of_the_header(self):
        old = harness.ROOT / "tests" / "header" / "version1"
        program = harness.build("steady-version1", "steady.c", flags=("-O2", "-I", str(old)))
        for way in ("trap", "batch"):
            with self.subTest(way=way):
                target = self.target(program)
                tool = self.attach(target.pid, "--collect", way, "-v")
                target.ask("work 100")
                self.end(tool)
                self.assertEqual(len(self.load().samples_of("sum")), 100)
                self.assertNotIn("viz:batch", tool.messages())
                target.tell("quit")
                target.wait()
