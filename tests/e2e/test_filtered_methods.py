# SPDX-License-Identifier: BSD-2-Clause
"""--methods: names that nobody wants are dropped in the kernel. What is there is what was in force at its time."""
import harness
from test_filters import Filters

# What is recorded does not fit into such rings: what loses nothing was not recorded.
TINY = ("--collect", "trap", "--ring-size", "64k")
MANY = 60000


class Names(Filters):
    def call(self, options, *lines, few=3, path=None):
        """Each line's %d is a few, which is when the tool sees the names, and then many."""
        target = self.program(path)
        tool = self.attach(target.pid, *options)
        target.do(*(line % few for line in lines))
        self.caught_up(target)
        target.do(*(line % MANY for line in lines))
        trace, _ = self.finish(target, tool)
        return trace

    def expect(self, trace, kind, made, filtered):
        counts = trace.probe(kind)
        self.assertEqual(counts, {"seen": made, "filtered": filtered, "written": made - filtered, "lost": 0,
                                  "truncated": 0, "unreadable": 0})

    def test_a_tiny_ring_loses_nothing_of_names_that_nobody_wants(self):
        trace = self.call(("--methods", "outer", *TINY), "call %d")
        self.assertEqual(trace.slices(), ["+outer", "-outer"] * 2)
        for kind in "enter", "exit":
            self.expect(trace, kind, 2 + 3 + MANY, 3 + MANY)

    def test_nor_of_names_on_the_stack(self):
        trace = self.call(("--methods", "outer", *TINY), "slices %d parse 0")
        for kind in "enter", "exit":
            self.expect(trace, kind, 3 + MANY, 3 + MANY)

    def test_nor_of_requests(self):
        trace = self.call(("--methods", "outer", *TINY), "requests %d parse")
        self.expect(trace, "async", 2 * (3 + MANY), 2 * (3 + MANY))

    def test_nor_if_kinds_of_slices_share_a_name(self):
        target = self.program()
        tool = self.attach(target.pid, "--methods", "outer", *TINY)
        target.do("slices 3 parse 0")
        self.caught_up(target)
        target.do("requests %d parse" % MANY)
        trace, _ = self.finish(target, tool)
        self.expect(trace, "async", 2 * MANY, 2 * MANY)

    def test_nor_of_names_up_to_254_bytes(self):
        trace = self.call(("--methods", "outer", *TINY), "slices %d a 254", "slices %d b 248", "slices %d c 7")
        for kind in "enter", "exit":
            self.expect(trace, kind, 3 * (3 + MANY), 3 * (3 + MANY))

    def test_longer_names_are_filtered_all_the_same(self):
        target = self.program()
        tool = self.attach(target.pid, "--methods", "good*")
        for size in 7, 8, 253, 254, 255, 256, 257, 300, 510, 600:
            target.do("slices 20 bad %d" % size, "slices 1 good %d" % size)
            self.caught_up(target)
            target.do("slices 20 bad %d" % size, "slices 1 good %d" % size)
        trace, _ = self.finish(target, tool)
        self.assertEqual([n[:5] for n in trace.slices()], ["+good", "-good"] * 20)
        for kind in "enter", "exit":
            self.assertEqual([trace.probe(kind)[n] for n in ("seen", "filtered", "lost")], [420, 400, 0])

    def test_signatures_and_templates(self):
        for cc in ("g++", "clang++"):
            if not harness.have(cc):
                continue
            path = harness.build("instances-" + cc, "instances.cc", cc=cc, flags=("-O2", "-std=c++17"))
            for methods, wanted in ("fib", ["fib<2>", "fib<3>"]), ("fib<2>", ["fib<2>"]), ("bank::account::*", [
                    "bank::account::deposit"]), ("*deposit", ["bank::account::deposit"]):
                with self.subTest(cc=cc, methods=methods):
                    target = self.program(path)
                    tool = self.attach(target.pid, "--methods", methods)
                    target.do("3")
                    self.caught_up(target)
                    target.do("1000")
                    trace, _ = self.finish(target, tool)
                    self.assertEqual(trace.slices(), [s + name for name in wanted for s in "+-"] * 1003)
                    for kind in "enter", "exit":
                        self.expect(trace, kind, 3 * 1003, (3 - len(wanted)) * 1003)
            with self.subTest(cc=cc, methods="none"):
                trace = self.call(("--methods", "none", *TINY), "%d", path=path)
                for kind in "enter", "exit":
                    self.expect(trace, kind, 3 * (3 + MANY), 3 * (3 + MANY))

    def test_names_that_never_come_again(self):
        target = self.target(harness.build("inventor"), "slices", 100000)
        tool = self.attach(target.pid, "--methods", "good")
        target.tell()
        target.await_step("done", timeout=300)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.assertNotIn("do not balance", tool.messages())
        counts = self.load(keep=False).probe("enter")
        self.assertEqual([counts["seen"], counts["written"], counts["filtered"] + counts["lost"]], [100000, 0, 100000])


class Changes(Filters):
    REQUESTS = [("b", "request"), ("e", "request")]

    def requests(self, trace):
        return [(e["ph"], e["name"]) for e in trace.of("b", "e") if e["cat"] != "viz.object"]

    def test_what_is_open_ends_though_nobody_wants_its_name_any_more(self):
        target = self.program()
        tool = self.attach(target.pid, "--ring-size", "16M")
        target.do("inside", "open parse", "begin 9999")
        self.ctl(target, "--methods", "nothing")
        target.do("call 3", "requests 3 request", "slices 3 other 0")
        self.caught_up(target)
        target.do("call 5000", "requests 5000 request", "slices 5000 other 0", "end 9999", "close parse", "outside")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+outer", "+parse", "-parse", "-outer"])
        self.assertEqual(self.requests(trace), self.REQUESTS)
        self.assertEqual(trace.metadata["unmatched_exits"], 0)
        # And not with the trace, which would end them as well.
        self.assertEqual([trace.probe(kind)["written"] for kind in ("enter", "exit", "async")], [2, 2, 2])
        self.assertEqual(trace.total["lost"], 0)

    def test_that_end_may_come_long_after(self):
        """When other rules have been in force, and the kernel knows of the name."""
        target = self.program()
        tool = self.attach(target.pid, "--methods", "outer", "--ring-size", "16M")
        target.do("inside")
        for rules in "second", "third":
            self.ctl(target, "--clear", "--methods", rules)
            target.do("call 3")
            self.caught_up(target)
            target.do("call 3000")
        target.do("outside")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+outer", "-outer"])
        for kind in "enter", "exit":
            self.assertEqual([trace.probe(kind)[n] for n in ("seen", "written", "lost")], [2 * 3003 + 5, 1, 0])

    def test_what_was_never_wanted_is_there_once_it_is(self):
        target = self.program()
        tool = self.attach(target.pid, "--methods", "other", *TINY)
        target.do("open parse", "slices 3 parse 0", "requests 3 request")
        self.caught_up(target)
        target.do("slices %d parse 0" % MANY, "requests %d request" % MANY, "begin 7")
        self.ctl(target, "--methods", "parse", "--methods", "request")
        target.do("open parse", "close parse", "begin 8", "end 8", "end 7", "close parse")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+parse", "-parse"])
        self.assertEqual(self.requests(trace), self.REQUESTS)
        # Of what began unseen there is the end, which is wanted by then.
        self.assertEqual(trace.metadata["unmatched_exits"], 1)
        self.assertEqual(trace.total["lost"], 0)

    def test_rules_that_flip_while_slices_are_open(self):
        """More often than the tool remembers."""
        target = self.program()
        names = "even", "odd"
        tool = self.attach(target.pid, "--methods", names[0])
        target.do("open even")
        for i in range(1, 41):
            wanted, before = names[i % 2], names[1 - i % 2]
            self.ctl(target, "--clear", "--methods", wanted)
            target.do("close " + before, "open " + wanted, "slices 3 %s 0" % before)
            self.caught_up(target)
            target.do("slices 3 %s 0" % before)
        target.do("close even")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), [s + n for _ in range(20) for n in names for s in "+-"] + ["+even", "-even"])
        for kind in "enter", "exit":
            self.assertEqual([trace.probe(kind)[n] for n in ("seen", "written", "filtered")], [41 + 240, 41, 240])
