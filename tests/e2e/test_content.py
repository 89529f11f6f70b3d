# SPDX-License-Identifier: BSD-2-Clause
"""What the timeline says is so: names, ends, tracks."""
import gzip
import signal
import time
import zlib

import harness
import tracefile
import viewer


class Content(harness.Case):
    def content(self, *args, options=(), **rules):
        trace, said, messages = self.traced(harness.build("content"), *args, options=options, **rules)
        self.assertTrue(said.endswith("done\n"), said)
        self.assertNotIn("do not balance", messages)
        return trace

    def test_objects_at_one_address_have_bands_of_their_own(self):
        trace = self.content("same_address")
        bands = {}
        for e in trace.of("b"):
            bands.setdefault(e["id2"]["local"], set()).add(e["name"])
        self.assertEqual(sorted(bands.values(), key=str), [{"conn-0"}, {"conn-1"}, {"conn-2"}])
        self.assertEqual({e["pid"] for e in trace.of("b")}, {trace.metadata["pid"]})
        # Perfetto leaves null out of an event's arguments.
        self.assertEqual({e["args"]["peer"] for e in trace.of("b") if e["args"]}, {"null"})
        self.assertEqual({e["args"]["snapshot"]["peer"] for e in trace.of("O")}, {None})

    def test_a_counter_is_one_track_and_ends_when_it_is_left(self):
        trace = self.content("counter_ends")
        samples = [(e["args"], e.get("viz")) for e in trace.of("C", name="short-lived")]
        self.assertEqual({e.get("id") for e in trace.of("C")}, {None})
        self.assertEqual(samples[:-1], [({"open": i, "idle": 7}, None) for i in range(1, 6)] +
                         [({"open": 0, "idle": 0}, "closing"),
                          ({"open": 9, "idle": 7}, None),
                          ({"open": 11, "idle": 0}, "closing"),
                          ({"open": 11}, None)])
        self.assertEqual(samples[-1][1], "closing")
        self.assertEqual(trace.samples_of("lasting"), [{"open": 1, "idle": 0}, {"open": 2, "idle": 0}])

    def test_names_that_every_object_of_javascript_has_are_shown(self):
        trace = self.content("names")
        names = ["__proto___", "constructor_", "toString_", "hasOwnProperty_", "valueOf_"]
        self.assertEqual(trace.slices()[::2], ["+" + n for n in names])
        for phase in "BiO":
            self.assertEqual([e["name"] for e in trace.of(phase)], names)
        if viewer.missing():
            self.skipTest(viewer.missing())
        shown = viewer.view(self.dir / "trace.json")
        self.assertIsNone(shown["error"])
        self.assertEqual(shown["warnings"], [])
        process, = shown["processes"]
        self.assertEqual(set(process["objects"]), set(names))
        thread, = [t for t in process["threads"] if t["slices"]["count"]]
        self.assertEqual(thread["slices"]["titles"], {n: 1 for n in names})

    def test_what_is_open_ends_with_the_process(self):
        target = self.target(harness.build("content"), "open")
        tool = self.attach(target.pid)
        target.tell()
        self.assertEqual(target.wait(), 0)
        gone = time.monotonic_ns()
        self.end(tool, with_signal=None)
        trace = self.load()
        last, = [tracefile.ns(e["ts"]) for e in trace.of("i", name="last")]
        ends = [tracefile.ns(e["ts"]) for e in trace.of("E", "e") + [e for e in trace.of("C") if "viz" in e]]
        end = tracefile.ns(trace.metadata["end_us"])
        self.assertEqual(len(ends), 1 + 2 + 1)
        self.assertEqual(max(ends), max(end, last))
        # The kernel says when that was, not the tool's looking after it.
        self.assertLess(trace.metadata["start_clock_ns"] + end, gone)

    def test_what_is_open_ends_with_the_time_given(self):
        target = self.target(harness.build("content"), "forever")
        tool = self.attach(target.pid, "-d", "0.5")
        target.tell()
        self.end(tool, with_signal=None)
        trace = self.load()
        start, = [tracefile.ns(e["ts"]) for e in trace.of("B")]
        end, = [tracefile.ns(e["ts"]) for e in trace.of("E")]
        self.assertEqual(end, max(tracefile.ns(trace.metadata["end_us"]), *(tracefile.ns(e["ts"]) for e in trace.of("i"))))
        self.assertGreater(end, start)

    def test_recursion_that_is_too_deep_is_left_out_and_said(self):
        trace, _, messages = self.traced(harness.build("content"), "deep", "5000")
        self.assertEqual(trace.total["lost"], 0)
        self.assertNotIn("contradicts", messages)
        self.assertIn("see --max-depth", messages)
        left_out = 5000 + 1 + 1 - 4095  # with the leaf; "outer" is the first of 4096
        self.assertEqual(trace.metadata["too_deep"], 2 * left_out)
        self.assertEqual(trace.probe("enter")["filtered"], left_out)
        slices = trace.slices()
        self.assertEqual(len(slices), 2 * (4096 + 1))
        self.assertEqual(slices[-3:], ["+after", "-after", "-outer"])

    def test_depth_that_is_cut_or_raised(self):
        for depth, shown in (2, 2 + 1), (6000, 5000 + 4):
            with self.subTest(depth):
                trace = self.content("deep", "5000", options=("--max-depth", str(depth)))
                self.assertEqual(len(trace.slices()), 2 * shown)
                self.assertEqual("+leaf" in trace.slices(), depth == 6000)

    def test_slices_end_with_their_thread(self):
        trace = self.content("threads")
        between, = [tracefile.ns(e["ts"]) for e in trace.of("i", name="between")]
        events = [(e["ph"] + e["name"], tracefile.ns(e["ts"])) for e in trace.of("B", "E")]
        ends = dict(events)
        self.assertLess(ends["Elonely"], ends["Bfirst"])
        self.assertLess(ends["Efirst"], between)
        if "Bsecond" not in ends:
            self.skipTest("no thread got the id of another one")
        self.assertLess(between, ends["Bsecond"])

    def test_slices_that_were_open_before_are_shown(self):
        target = self.target(harness.build("content"), "late", ready="inside")
        tool = self.attach(target.pid)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual([e["pid"] for e in trace.found], [target.pid])
        self.assertEqual([name for name, _, _ in trace.open_before], ["inner", "outer"])
        since = tracefile.ns(trace.found[0]["ts"])
        for _, begin, end in trace.open_before:
            self.assertEqual(begin, since)
            self.assertGreater(end, begin)
        self.assertEqual(trace.slices(), ["+after", "-after"])
        self.assertEqual(trace.metadata["unmatched_exits"], 3)
        if not viewer.missing():
            shown = viewer.view(self.dir / "trace.json")
            self.assertEqual((shown["error"], shown["warnings"]), (None, []))

    def test_nothing_was_open_before_a_command(self):
        trace, _ = self.launched(harness.build("content"), "names", stdin=harness.subprocess.DEVNULL, code=99)
        self.assertEqual(trace.found, [])

    def test_numbers_in_json_text_that_are_too_large_keep_their_digits(self):
        trace = self.content("json")
        self.assertEqual([s["json"] for s in trace.snapshots("text")],
                         [["1e400", "12345678901234567890", "-1e400"], "12345678901234567890"])
        self.assertEqual(trace.metadata["invalid_json"], 0)

    def demo(self, *options):
        program = harness.build("jobserver", harness.ROOT / "tests" / "demo" / "jobserver.c")
        target = self.target(program, ready=None)
        return self.attach(target.pid, *options, output="trace.json.gz")

    def test_a_compressed_trace_is_small_and_the_same(self):
        tool = self.demo("-d", "2")
        self.end(tool, with_signal=None)
        packed = (self.dir / "trace.json.gz").read_bytes()
        whole = gzip.decompress(packed)
        self.assertLess(len(packed), len(whole) / 5)
        trace = tracefile.check(whole)
        self.assertGreater(trace.total["written"], 100)
        self.assertEqual(trace.total["lost"], 0)

    def test_a_compressed_trace_of_a_tool_that_was_killed(self):
        tool = self.demo()
        path = self.dir / "trace.json.gz"
        self.assertTrue(harness.wait_until(lambda: path.exists() and path.stat().st_size > 50000))
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        text = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(path.read_bytes())
        # In what was being written just then an event may have been cut.
        trace = tracefile.check(text[:text.rindex(b",\n")], killed=True)
        self.assertGreater(trace.counts["C"], 100)

    def test_slices_that_are_too_short_are_left_out(self):
        trace = self.content("short", options=("--min-duration", "10ms"))
        begins = []
        for e in trace.of("B", "E"):
            if e["ph"] == "B":
                begins.append(e)
            else:
                b = begins.pop()
                self.assertTrue(tracefile.ns(e["ts"]) - tracefile.ns(b["ts"]) >= 10000000 or b["name"] == "open at the end")
        shown = [s for s in trace.slices() if s[0] == "+"]
        self.assertEqual(shown.count("+long"), 20)
        self.assertEqual(shown[-1], "+open at the end")
        # However long these took on a machine that is busy.
        self.assertEqual(trace.probe("enter")["seen"], 20 * 51 + 1)
        self.assertEqual(trace.probe("enter")["filtered"], 20 * 51 + 1 - len(shown))
        self.assertEqual(trace.probe("exit")["filtered"], trace.probe("enter")["filtered"])
        self.assertEqual([s["open"] for s in trace.samples_of("pool")], list(range(1000)))
