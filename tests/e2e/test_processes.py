# SPDX-License-Identifier: BSD-2-Clause
"""Forks, execs, threads, libraries, and programs built and kept in every way."""
import os
import re
import signal
import threading

import harness


class Processes(harness.Case):
    def processes(self, mode):
        return self.traced(harness.build("processes"), mode)

    def test_forked_children_run_unharmed_and_are_not_in_the_trace(self):
        self.seen = "most"  # not theirs
        trace, said, _ = self.processes("fork")
        self.assertEqual(said.count("child 7\n"), 3)
        self.assertEqual(len(trace.samples_of("sum")), 40)
        self.assertEqual({e["pid"] for e in trace.events}, {trace.metadata["pid"]})
        self.assertEqual(trace.samples_of("of a child"), [])
        self.assertEqual(len(trace.slices()), 8)
        self.assertEqual(trace.total["seen"], 48)

    def test_vfork_and_exec(self):
        trace, said, _ = self.processes("vfork")
        self.assertEqual(said.count("child 0\n"), 3)
        self.assertEqual(len(trace.samples_of("sum")), 30)

    def test_exec_of_the_target(self):
        trace, said, _ = self.processes("exec")
        self.assertTrue(said.endswith("again\n"))
        # The file is the one that was traced before: no moment in which it is not.
        self.assertEqual(trace.total["seen"], 2 * (10 + 2) + 1)
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.slices(), ["+work", "-work"] * 2)

    def test_three_hundred_threads_that_come_and_go_have_their_names(self):
        trace, _, _ = self.processes("threads")
        instants = trace.of("i")
        self.assertEqual({e["name"] for e in instants}, {"thread %d" % i for i in range(300)})
        names = {}
        for e in trace.events:
            if e["ph"] == "M" and e["name"] == "thread_name":
                names[e["tid"]] = e["args"]["name"]
            elif e["ph"] == "i" and e not in trace.found:
                self.assertEqual(names[e["tid"]], e["name"])
        self.assertEqual(trace.metadata["threads"], len({e["tid"] for e in instants}))

    def test_a_thread_that_is_renamed_shows_its_last_name(self):
        trace, _, _ = self.processes("renamed")
        tid = trace.of("i")[0]["tid"]
        self.assertEqual(trace.thread_names[tid], ["before", "after \u00e9 \"x\""])


class Libraries(harness.Case):
    def a_library(self):
        return self.own("library.so", "library.c", flags=("-O2", "-shared", "-fPIC"))

    def test_a_library_with_probes_of_its_own(self):
        program = harness.build("uses_library", libs=("-ldl",))
        trace, _, messages = self.traced(program, self.a_library())
        self.assertEqual([s["hits"] for s in trace.samples_of("library's cache")], list(range(1, 51)))
        self.assertEqual([s["calls"] for s in trace.samples_of("app")], list(range(1, 6)))
        self.assertEqual(trace.slices(), ["+library_use", "-library_use"] * 5)
        self.assertIn("in 2 files", messages)
        self.assertEqual(len(trace.metadata["files"]), 2, trace.metadata["files"])

    def opened(self, *options, thread=False):
        """A program that has opened a library while it is traced."""
        library = self.a_library()
        target = self.target(self.own("uses_library", libs=("-ldl",)), library, "steps")
        tool = self.attach(target.pid, *options)
        if thread:
            target.ask("thread")
        where = target.ask("open")
        said = b"library.so is traced from here on"
        self.assertTrue(tool.err.wait_for(said), tool.messages())
        return target, tool, where

    TOLD = r"library\.so is traced from here on, (\d+\.\d) ms after it was loaded"

    def is_told_of(self, trace, tool):
        """When it came, and how much later we did."""
        told = self.TOLD
        self.assertEqual(len(re.findall(told, tool.messages())), 1)
        self.assertEqual(len([e for e in trace.of("i") if re.fullmatch(told, e["name"])]), 1)
        self.assertEqual(len(trace.metadata["files"]), 2, trace.metadata["files"])

    def test_a_library_that_comes_later(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                target, tool, _ = self.opened(*options)
                self.assertGreater(int(target.ask("semaphores")), 0)
                target.ask("use")
                target.ask("put 5")
                self.end(tool)
                self.assertEqual(int(target.ask("semaphores")), 0)
                trace = self.load()
                self.is_told_of(trace, tool)
                self.assertEqual([s["hits"] for s in trace.samples_of("library's cache")], list(range(1, 11)))
                self.assertEqual(trace.snapshots("library's shelf"), [{"at": {"row": 5, "column": 6}}])
                self.assertEqual(trace.slices(), ["+library_use", "-library_use"])

    def reload(self, target, tool, n):
        """A new file in the place of the library; it is the n-th that is told of."""
        target.ask("close")
        os.unlink(self.dir / "library.so")
        self.a_library()
        target.ask("open")
        self.assertTrue(harness.wait_until(lambda: len(re.findall(self.TOLD, tool.messages())) == n))

    def test_a_library_is_traced_within_a_tenth_of_a_second(self):
        """The best of five, each a file of its own: others may have the processor."""
        target, tool, _ = self.opened()
        for i in range(2, 6):
            self.reload(target, tool, i)
        self.end(tool)
        self.load()
        self.assertLess(min(float(ms) for ms in re.findall(self.TOLD, tool.messages())), 100)

    @staticmethod
    def descriptors(tool):
        return len(os.listdir("/proc/%d/fd" % tool.pid))

    def test_what_is_reloaded_all_day_takes_no_more_and_more(self):
        """Each a new file, the one before deleted: what the tool holds open does not grow with their number."""
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                target, tool, _ = self.opened(*options)
                held = []
                for i in range(2, 23):
                    self.reload(target, tool, i)
                    target.ask("use")
                    held.append(self.descriptors(tool))
                # A thread detaches what is gone: the links of the last file may be there for a moment longer.
                self.assertTrue(harness.wait_until(lambda: self.descriptors(tool) <= min(held[:5]) + 2),
                                "%r, and then %d" % (held, self.descriptors(tool)))
                self.end(tool)
                self.assertEqual(int(target.ask("semaphores")), 0)
                self.assertEqual(len(self.load().samples_of("library's cache")), 21 * 10)

    def test_a_library_that_goes_and_comes_again_elsewhere(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                target, tool, before = self.opened(*options)
                target.ask("put 1")
                target.ask("close")
                target.ask("elsewhere")
                self.assertNotEqual(target.ask("open"), before)
                target.ask("use")
                target.ask("put 2")
                self.end(tool)
                self.assertEqual(int(target.ask("semaphores")), 0)
                trace = self.load()
                self.is_told_of(trace, tool)
                # The second time its probes are there before its code runs.
                self.assertEqual([e["name"] for e in trace.of("i")][-1], "library's constructor")
                self.assertEqual(len(trace.samples_of("library's cache")), 10)
                self.assertEqual(trace.snapshots("library's shelf"), [{"at": {"row": 1, "column": 2}},
                                                                      {"at": {"row": 2, "column": 3}}])

    def test_a_library_that_comes_after_a_thread_has_gone(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                target, tool, _ = self.opened(*options, thread=True)
                target.ask("use")
                self.end(tool)
                self.assertEqual(len(self.load().samples_of("library's cache")), 10)

    def test_a_library_that_goes_leaves_nothing_behind(self):
        target, tool, _ = self.opened()
        target.ask("use")
        target.ask("close")
        self.end(tool)
        target.ask("open")
        self.assertEqual(int(target.ask("semaphores")), 0)
        target.ask("use")
        self.assertEqual(len(self.load().samples_of("library's cache")), 10)


class Builds(harness.Case):
    def works(self, program):
        alone = self.target(program, "--still")
        expected = alone.ask("work 500")
        target = self.target(program, "--still")
        tool = self.attach(target.pid)
        self.assertEqual(target.ask("work 500"), expected)
        self.end(tool)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 500)
        self.assertEqual(trace.slices(), ["+mix", "-mix"] * 500)
        self.assertEqual(target.semaphores(), 0)
        return trace

    def test_not_optimized(self):
        self.works(harness.build("steady-O0", "steady.c", flags=("-O0",)))

    def test_link_time_optimized(self):
        self.works(harness.build("steady-lto", "steady.c", flags=("-O3", "-flto")))

    def test_clang(self):
        if not harness.have("clang"):
            self.skipTest("no clang")
        self.works(harness.build("steady-clang", "steady.c", cc="clang"))

    def test_static(self):
        self.works(harness.build("steady-static", "steady.c", flags=("-O2", "-static")))

    def test_not_position_independent(self):
        self.works(harness.build("steady-no-pie", "steady.c", flags=("-O2", "-no-pie", "-fno-pie")))

    def test_sections_collected_and_no_frame_pointer(self):
        self.works(harness.build("steady-gc", "steady.c", flags=("-O2", "-ffunction-sections", "-fdata-sections",
                                                                 "-Wl,--gc-sections", "-fomit-frame-pointer")))

    def test_stripped(self):
        program = harness.copy(harness.build("steady"), self.dir / "stripped")
        self.assertEqual(harness.run("strip", program).returncode, 0)
        self.works(program)

    def changed_on_disk(self, change):
        program = harness.copy(harness.build("steady"), self.dir / "program")
        target = self.target(program, "--still")
        change(program)
        tool = self.attach(target.pid)
        target.ask("work 100")
        self.end(tool)
        self.assertEqual(len(self.load().samples_of("sum")), 100)
        self.assertEqual(target.semaphores(), 0)

    def test_deleted_while_it_runs(self):
        self.changed_on_disk(os.unlink)

    def test_replaced_while_it_runs(self):
        def replace(program):
            harness.copy(harness.build("methods"), self.dir / "new")
            os.replace(self.dir / "new", program)
        self.changed_on_disk(replace)

    def test_a_path_with_odd_characters(self):
        folder = self.dir / "a b\n'\"\\ \u00e9"
        folder.mkdir()
        program = harness.copy(harness.build("steady"), folder / "steady (deleted)")
        self.works(program)


class Attaching(harness.Case):
    def test_twenty_times_to_a_running_program(self):
        target = self.target(harness.build("steady"))
        expected = target.ask("work 200")
        for i in range(20):
            tool = self.attach(target.pid, output="%d.json" % i)
            self.assertEqual(target.ask("work 200"), expected)
            self.end(tool, with_signal=(signal.SIGINT, signal.SIGTERM)[i % 2])
            self.assertEqual(len(self.load("%d.json" % i).samples_of("sum")), 200)
            self.assertEqual(target.semaphores(), 0)
        self.assertEqual(target.ask("work 200"), expected)
    test_twenty_times_to_a_running_program.order = -1

    def test_two_tools_on_one_process(self):
        target = self.target(harness.build("steady"))
        expected = target.ask("work 300")
        first = self.attach(target.pid, output="1.json")
        second = self.attach(target.pid, output="2.json")
        self.assertEqual(target.ask("work 300"), expected)
        self.end(first)
        self.assertEqual(target.ask("work 300"), expected)
        self.end(second)
        self.assertEqual(len(self.load("1.json").samples_of("sum")), 300)
        self.assertEqual(len(self.load("2.json").samples_of("sum")), 600)
        self.assertEqual(target.semaphores(), 0)

    def test_two_processes_of_one_program_are_kept_apart(self):
        one, two = (self.target(harness.build("steady"), "--still") for _ in range(2))
        tool = self.attach(one.pid)
        self.assertEqual(two.semaphores(), 0)
        two.ask("work 100")
        one.ask("work 10")
        self.end(tool)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 10)
        self.assertEqual(trace.total["seen"], 40)

    def test_attaching_while_threads_come_and_go(self):
        target = self.target(harness.build("steady"), "--fast")
        stop = threading.Event()
        errors = []

        def talk():
            while not stop.is_set():
                try:
                    target.ask("work 5")
                except (AssertionError, OSError) as e:
                    errors.append(e)
                    return
        thread = threading.Thread(target=talk)
        thread.start()
        try:
            for i in range(3):
                self.end(self.attach(target.pid, output="%d.json" % i))
                self.load("%d.json" % i)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(errors, [])
