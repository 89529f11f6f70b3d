# SPDX-License-Identifier: BSD-2-Clause
"""A file that a process has mapped more than once, while it is traced: the kernel counts where it should not.

It counts a semaphore up and down in the lowest mapping that could be it, once for each mapping of the code; where that has
become another one meanwhile it cannot go down, and leaves its traps.
"""
import os
import pathlib
import time

import harness

FLAGS = ("-O2", "-fPIC", "-shared")
WAYS = ("trap", "batch")
LOOKED = 2.5  # seconds after which a tool has looked again, also on a busy machine: it does each second


class Copying(harness.Case):
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

    def left_alone(self, target, pid=None):
        """Nobody listens, and nothing is left: neither semaphores nor traps. `pid`: of the child that is led now."""
        self.assertTrue(harness.wait_until(lambda: self.up(target) == 0), self.up(target))
        self.assertEqual(self.call(target), 0)
        self.assertEqual(self.traps(pid or target.pid), [])

    def ends_well(self, target):
        self.left_alone(target)
        target.tell()
        self.assertEqual(target.wait(), 0)

    def traps(self, pid):
        """Where code of the library, as the process has it, is not the file's."""
        data, found = self.library.read_bytes(), []
        with open("/proc/%d/mem" % pid, "rb", 0) as memory:
            for line in pathlib.Path("/proc/%d/maps" % pid).read_text(encoding="utf-8").splitlines():
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


class Copies(Copying):
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
                self.ends_well(target)
                self.seen()

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
                    time.sleep(LOOKED)  # what it has not looked at it cannot leave in order
                    self.kill(tool)
                    self.ends_well(target)

    def two_tools(self, ways, first_to_end, kill=False):
        target = self.begin()
        tools = [self.attach(target.pid, "--collect", way, output="trace%d.json" % i, start_new_session=True)
                 for i, way in enumerate(ways)]
        target.ask("again")
        self.assertTrue(self.all_called(target, 2))
        if kill:
            time.sleep(LOOKED)
        self.end(tools[first_to_end])
        last = tools[1 - first_to_end]
        if kill:
            self.kill(last)
        else:
            self.assertEqual(self.call(target), 40)
            self.end(last)
        self.ends_well(target)

    def test_two_tools(self):
        for ways in (("trap", "trap"), ("batch", "batch"), ("trap", "batch"), ("batch", "trap")):
            for first_to_end in (0, 1):
                for kill in (False, True):
                    with self.subTest(ways=ways, first_to_end=first_to_end, kill=kill):
                        self.two_tools(ways, first_to_end, kill)

    def test_several_stubs_with_one_semaphore(self):
        self.need("clang", "ld.lld")
        self.library = self.own("libthin.so", "ticking_library.c", "two_sites.c", cc="clang",
                                flags=(*FLAGS, "-flto=thin", "-fuse-ld=lld"))
        sections = harness.run("readelf", "-n", self.library).stdout
        self.assertGreater(sections.count("Name: value"), 1, "the linker has made one stub of both")
        self.traced([], ["again"], 2)
        self.traced([], ["again", "again", "map"], 3)
        self.traced([], ["map writable"], 1)

    def test_a_child_that_is_not_followed(self):
        for way in WAYS:
            for word in ("again", "map writable"):
                with self.subTest(way=way, word=word):
                    target = self.begin()
                    tool = self.attach(target.pid, "--collect", way)
                    target.tell("fork")
                    target.await_step("ok")
                    child = int(target.ask("pid").split("pid ")[1].split()[0])
                    target.ask(word)
                    self.end(tool)
                    self.left_alone(target, child)
                    target.tell()
                    target.await_step("ok")
                    self.ends_well(target)

    def test_families(self):
        """Who shares the file is traced, or is no business of ours: nothing is left in any of them."""
        copies = self.own("copies", libs=("-ldl",), counted=False)
        for options in (("-f",), ("-x", copies)):
            for way in ([], ["--collect", "batch"]):
                with self.subTest(options=options, way=way):
                    self.armed = 0
                    target = self.target(copies, self.library)
                    args = (*options, *(() if options[0] == "-x" else ("-p", target.pid)))
                    tool = self.attach_to(*args, "-o", "trace.json")
                    target.tell("fork")
                    target.await_step("ok")
                    child = int(target.ask("pid").split("pid ")[1].split()[0])
                    target.ask("again")
                    self.assertTrue(self.all_called(target, 2), tool.messages())
                    self.assertEqual(self.call(target), 40)
                    self.end(tool)
                    self.left_alone(target, child)
                    target.tell()
                    target.await_step("ok")
                    self.ends_well(target)
                    self.seen()

    def test_what_was_up_before_stays_so(self):
        """Also in the second process of several: it is no business of ours."""
        targets = [self.begin(), self.begin()]
        for target in targets:
            address = int(target.ask("address").split()[1], 16)
            with open("/proc/%d/mem" % target.pid, "r+b", 0) as memory:
                memory.seek(address)
                memory.write(b"\1\0")
        tool = self.attach_to("-f", "-p", targets[0].pid, "-p", targets[1].pid, "-o", "trace.json")
        for target in targets:
            self.assertTrue(harness.wait_until(lambda: self.up(target) > 5))
        self.end(tool)
        for target in targets:
            self.assertTrue(harness.wait_until(lambda: self.up(target) <= 1))
            self.assertEqual(self.up(target), 1)

    def test_a_stranger_of_a_family(self):
        """It runs the same library, and is neither traced nor harmed."""
        copies = self.own("copies", libs=("-ldl",), counted=False)
        # Of what it maps as data nobody hears before the end: that is among the limits.
        cases = (["again"], []), ([], ["again"]), ([], ["map writable"])
        for kill in (False, True):
            for before, meanwhile in cases[:2] if kill else cases:
                with self.subTest(kill=kill, before=before, meanwhile=meanwhile):
                    stranger = self.begin(*before)
                    target = self.target(copies, self.library)
                    tool = self.attach_to("-x", copies, "-o", "trace.json", start_new_session=True)
                    self.assertTrue(self.all_called(target, 1))
                    for word in meanwhile:
                        stranger.ask(word)
                    if kill:
                        time.sleep(LOOKED)
                        self.kill(tool)
                    else:
                        self.end(tool)
                    self.ends_well(stranger)
                    self.ends_well(target)

    def test_code_that_was_dropped(self):
        """With its traps: the kernel puts them there again, and has counted twice."""
        for way in WAYS:
            for kill in (False, True):
                with self.subTest(way=way, kill=kill):
                    target = self.begin()
                    tool = self.attach(target.pid, "--collect", way, start_new_session=True)
                    time.sleep(LOOKED)
                    target.ask("drop")
                    self.assertTrue(tool.err.wait_for(b"lost their traps up to"), tool.messages())
                    self.assertTrue(self.all_called(target, 1))
                    time.sleep(LOOKED)
                    if kill:
                        self.kill(tool)
                    else:
                        self.end(tool)
                        self.assertIn("no trap", [s["cause"] for s in self.load().metadata["not_switched_on"]])
                    self.ends_well(target)

    def test_a_copy_that_comes_meanwhile_is_said(self):
        """Until somebody has looked at it, it is silent."""
        target = self.begin("again")
        tool = self.attach(target.pid)
        self.assertTrue(self.all_called(target, 2))
        target.ask("close 0")  # in its place the next one is behind that in which the kernel counts
        time.sleep(LOOKED)
        target.ask("again")
        self.assertTrue(self.all_called(target, 2))
        self.end(tool)
        self.assertRegex(tool.messages(), "traced where their file was loaded once more, up to [0-9.]+ ms later")
        self.seen()


class Meddling(Copying):
    """The process puts something else where its semaphore was, between the tool's look and its writing."""

    def meddled(self, what, word, old=False):
        """The target, and the tool, which has been meddled with."""
        env = {**os.environ, "DONE": str(self.dir / ("done-%s-%s-%d" % (what, word, old)))}
        target = harness.Target([harness.build("copies", libs=("-ldl",), counted=False), self.library], env=env)
        self.addCleanup(target.clean_up)
        target.await_step()
        target.ask("again")
        address = target.ask("address").split()[1]
        target.ask(word)
        library = harness.build("meddling.so", "meddling.c", flags=("-O2", "-fPIC", "-shared"), libs=("-ldl",), counted=False)
        # The first time it reads what was there before it came.
        env = {**env, "LD_PRELOAD": str(library), "WHAT": what, "PID": str(target.pid), "ADDRESS": address,
               "SKIP": "1" if what == "read" else "0", **({"OLD": "1"} if old else {})}
        tool = self.tool("-p", target.pid, "-o", "trace.json", "-v", env=env, start_new_session=True)
        self.assertTrue(harness.wait_until(lambda: os.path.exists(env["DONE"])), tool.messages())
        return target, tool

    def test_what_is_there_instead_is_left_alone(self):
        for old in (False, True):
            for word in ("replace", "execute"):
                with self.subTest(word=word, old=old):
                    target, tool = self.meddled("read", word, old)
                    if word == "execute":
                        target.await_step()
                    time.sleep(LOOKED)
                    self.assertIn("zeros 1", target.ask("zeros"))
                    self.end(tool)
                    self.assertIn("zeros 1", target.ask("zeros"))

    def test_what_was_hit_is_said(self):
        """In the last microsecond, where nobody can see to it."""
        target, tool = self.meddled("write", "replace")
        self.assertTrue(tool.err.wait_for(b"may have been changed"), tool.messages())
        self.assertIn("zeros 0", target.ask("zeros"))
        self.end(tool)
        self.assertEqual(self.load().metadata["changed_astray"], 1)
