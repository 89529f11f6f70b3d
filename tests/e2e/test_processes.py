# SPDX-License-Identifier: BSD-2-Clause
"""Forks, execs, threads, libraries, and programs built and kept in every way."""
import os
import shutil
import signal
import threading

import harness


class Processes(harness.Case):
    def processes(self, mode):
        return self.traced(harness.build("processes"), mode)

    def test_forked_children_run_unharmed_and_are_not_in_the_trace(self):
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
        # What was before is there. The program after it may be traced or not, but not half: no test on that.
        self.assertGreaterEqual(len(trace.samples_of("sum")), 10)

    def test_a_hundred_threads_have_their_names(self):
        trace, _, _ = self.processes("threads")
        instants = trace.of("i")
        self.assertEqual({e["name"] for e in instants}, {"thread %d" % i for i in range(100)})
        for e in instants:
            self.assertIn(e["name"], trace.thread_names[e["tid"]])
        self.assertEqual(trace.metadata["threads"], len({e["tid"] for e in instants}))

    def test_a_thread_that_is_renamed_shows_its_last_name(self):
        trace, _, _ = self.processes("renamed")
        tid = trace.of("i")[0]["tid"]
        self.assertEqual(trace.thread_names[tid], ["before", "after \u00e9 \"x\""])


class Libraries(harness.Case):
    def library(self, name="library.so"):
        return harness.build(name, "library.c", flags=("-O2", "-shared", "-fPIC"))

    def test_a_library_with_probes_of_its_own(self):
        program = harness.build("uses_library", libs=("-ldl",))
        trace, _, messages = self.traced(program, self.library())
        self.assertEqual([s["hits"] for s in trace.samples_of("library's cache")], list(range(1, 51)))
        self.assertEqual([s["calls"] for s in trace.samples_of("app")], list(range(1, 6)))
        self.assertEqual(trace.slices(), ["+library_use", "-library_use"] * 5)
        self.assertIn("in 2 files", messages)
        self.assertEqual(len(trace.metadata["files"]), 2)

    def test_a_library_that_comes_later_does_no_harm(self):
        program = harness.build("uses_library", libs=("-ldl",))
        trace, _, _ = self.traced(program, self.library(), "late")
        self.assertEqual([s["calls"] for s in trace.samples_of("app")], list(range(1, 6)))


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
        program = shutil.copy(harness.build("steady"), self.dir / "stripped")
        self.assertEqual(harness.run("strip", program).returncode, 0)
        self.works(program)

    def changed_on_disk(self, change):
        program = shutil.copy(harness.build("steady"), self.dir / "program")
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
            shutil.copy(harness.build("methods"), self.dir / "new")
            os.replace(self.dir / "new", program)
        self.changed_on_disk(replace)

    def test_a_path_with_odd_characters(self):
        folder = self.dir / "a b\n'\"\\ \u00e9"
        folder.mkdir()
        program = shutil.copy(harness.build("steady"), folder / "steady (deleted)")
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
