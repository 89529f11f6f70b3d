# SPDX-License-Identifier: BSD-2-Clause
"""A file that a process has mapped more than once, while it is traced: the kernel counts where it should not.

It counts a semaphore up and down in the lowest mapping that could be it, once for each mapping of the code; where that has
become another one meanwhile it cannot go down, and leaves its traps.
"""
import os
import signal

import harness

FLAGS = ("-O2", "-fPIC", "-shared")
WAYS = ("trap", "batch")


class Copies(harness.Case):
    def setUp(self):
        super().setUp()
        self.armed = 0
        self.library = self.own("libticking.so", "ticking_library.c", flags=FLAGS)

    def begin(self, *before):
        target = self.target(harness.build("copies", libs=("-ldl",), counted=False), self.library)
        for word in before:
            target.ask(word)
        return target

    def call(self, target, n=20):
        armed = int(target.ask("call %d" % n).split("armed ")[1].split()[0])
        self.armed += armed
        return armed

    def all_called(self, target, copies):
        """Each of them is listened to, from soon on."""
        return harness.wait_until(lambda: self.call(target, 1) == copies)

    def up(self, target):
        return int(target.ask("semaphores").split("up ")[1].split()[0])

    def left_alone(self, target):
        """Nobody listens, and nothing is left: neither semaphores nor traps."""
        self.assertTrue(harness.wait_until(lambda: self.up(target) == 0), self.up(target))
        self.assertEqual(self.call(target), 0)
        self.assertEqual(self.traps(target), [])

    def traps(self, target):
        """Where code of the library, as the process has it, is not the file's."""
        data, found = self.library.read_bytes(), []
        with open("/proc/%d/mem" % target.pid, "rb", 0) as memory:
            for line in open("/proc/%d/maps" % target.pid).read().splitlines():
                words = line.split()
                if words[-1] != str(self.library) or words[1] != "r-xp":
                    continue
                start, end = (int(w, 16) for w in words[0].split("-"))
                offset = int(words[2], 16)
                memory.seek(start)
                if memory.read(len(data[offset:offset + end - start])) != data[offset:offset + end - start]:
                    found.append(line)
        return found

    def seen(self):
        trace = self.load()
        self.assertEqual(trace.probe("value")["seen"], self.armed)
        self.assertNotIn("not_switched_on", trace.metadata)
        return trace

    def traced(self, before, meanwhile, copies):
        """In both ways; `copies`: how many of the library there are in the end."""
        for way in WAYS:
            with self.subTest(way=way):
                self.armed = 0
                target = self.begin(*before)
                tool = self.attach(target.pid, "--collect", way)
                self.assertTrue(self.all_called(target, 1 + before.count("again")), tool.messages())
                for word in meanwhile:
                    target.ask(word)
                self.assertTrue(self.all_called(target, copies), tool.messages())
                self.assertEqual(self.call(target), copies * 20)
                self.end(tool)
                self.left_alone(target)
                self.seen()
                target.tell()
                self.assertEqual(target.wait(), 0)

    def test_in_another_namespace_before(self):
        self.traced(["again"], [], 2)

    def test_in_another_namespace_meanwhile(self):
        self.traced([], ["again"], 2)

    def test_in_many_namespaces(self):
        self.traced(["again"], ["again", "again", "again"], 5)

    def test_a_namespace_that_goes_again(self):
        self.traced([], ["again", "again", "close 1"], 2)

    def test_the_first_one_goes(self):
        self.traced([], ["again", "close 0"], 1)

    def test_mapped_to_be_read(self):
        for meanwhile in (["map"], ["map", "unmap"], ["map", "again"], ["again", "map"], ["map writable"],
                          ["again", "map writable"], ["again", "map writable", "unmap"]):
            with self.subTest(meanwhile=meanwhile):
                self.traced([], meanwhile, 1 + meanwhile.count("again"))

    def test_mapped_to_be_read_before(self):
        self.traced(["map"], ["unmap"], 1)

    def test_killed(self):
        for way in WAYS:
            for meanwhile in (["again"], ["again", "again"], ["map"], ["again", "map writable"]):
                with self.subTest(way=way, meanwhile=meanwhile):
                    target = self.begin()
                    tool = self.attach(target.pid, "--collect", way, start_new_session=True)
                    for word in meanwhile:
                        target.ask(word)
                    self.assertTrue(self.all_called(target, 1 + meanwhile.count("again")), tool.messages())
                    os.killpg(tool.pid, signal.SIGKILL)
                    tool.wait()
                    self.left_alone(target)
                    target.tell()
                    self.assertEqual(target.wait(), 0)

    def test_two_tools(self):
        for first_to_end in (0, 1):
            with self.subTest(first_to_end=first_to_end):
                self.armed = 0
                target = self.begin()
                tools = [self.attach(target.pid, output="trace%d.json" % i) for i in range(2)]
                target.ask("again")
                self.assertTrue(self.all_called(target, 2))
                self.end(tools[first_to_end])
                self.assertEqual(self.call(target), 40)
                self.end(tools[1 - first_to_end])
                self.left_alone(target)
                target.tell()
                self.assertEqual(target.wait(), 0)
