# SPDX-License-Identifier: BSD-2-Clause
"""Slices of no thread, and arrows between slices: as they were, in every format, one by one and in batches."""
import json

import harness
import pftrace
import viewer


class Async(harness.Case):
    def run_both(self, mode, *options):
        """One run in both formats, for each way of collecting."""
        for collect in ("trap", "batch"):
            with self.subTest(collect=collect):
                trace, _, messages = self.traced(harness.build("async"), mode,
                                                 options=("-o", "trace.pftrace", "--collect", collect, *options))
                self.assertEqual(trace.total["lost"], 0)
                native = pftrace.read((self.dir / "trace.pftrace").read_bytes())
                self.compare(trace, native)
                yield trace, messages

    def compare(self, trace, native):
        """Both formats say the same of it."""
        stacks, rows = {}, []
        for s in native.slices:
            if s.track.kind == "plain":
                stack = stacks.setdefault(s.track.uuid, [])
                if s.phase == "B":
                    stack.append(s)
                else:
                    b = stack.pop()
                    rows.append((b.name, b.args["id"], len(stack), b.ts, s.ts))
                    if not stack:
                        self.assertIn(s.track.name, (r[0] for r in rows))
        self.assertFalse(any(stacks.values()), "open at the end")
        self.assertEqual(rows, [a[:5] for a in trace.asynchronous])
        flows = [(f.id, f.is_end, f.track.tid) for f in native.flows]
        self.assertEqual(flows, [(int(e["id"], 16), e["ph"] == "f", e["tid"]) for e in trace.of("s", "f")])
        self.assertEqual([f.args["id"] for f in native.flows if not f.is_end], [e["args"]["id"] for e in trace.of("s")])

    def test_requests_move_between_threads(self):
        for trace, _ in self.run_both("move"):
            got = trace.asynchronous
            self.assertEqual([a[:3] for a in got], [("fetch", 1, 1), ("request", 1, 0), ("fetch", -2, 1), ("request", -2, 0)])
            one, two = got[1], got[3]
            self.assertTrue(one[3] <= two[3] <= one[4] <= two[4], "both were open at a time")
            self.assertEqual(len({tid for a in (one, two) for tid in a[5]}), 3)
            self.assertEqual({a[5][0] for a in (one, two)}, {trace.metadata["pid"]})
            self.assertEqual(trace.probe("async")["written"], 8)

    def test_one_id_again_and_again(self):
        for trace, _ in self.run_both("same_id"):
            got = [(a[0], a[2]) for a in trace.asynchronous]
            # "right" goes on when "left", in which it began, is over.
            self.assertEqual(got, [("request", 1), ("request", 0)] * 2 + [("right", 1), ("left", 0), ("right", 0)])
            self.assertEqual(len({a[1] for a in trace.asynchronous}), 1)
            self.assertRegex(trace.asynchronous[0][1], "^0x")
            self.assertEqual(len({e["id2"]["local"] for e in trace.of("b")}), 3, "each is a track of its own")
            self.assertEqual([e["name"] for e in trace.of("b", "e") if "viz" in e], ["right"] * 2)

    def test_what_has_no_other_end(self):
        for trace, messages in self.run_both("unmatched"):
            self.assertEqual([a[:3] for a in trace.asynchronous], [("open inside", 1, 1), ("open", 1, 0)])
            end = max(tracefile_ns(e) for e in trace.events if "ts" in e)
            self.assertEqual({a[4] for a in trace.asynchronous}, {end})
            self.assertEqual(trace.metadata["unmatched_async"], 3)
            self.assertIn("3 ends of asynchronous slices", messages)
            self.assertEqual(trace.flows, [])

    def test_ids_are_of_a_process(self):
        for trace, _ in self.run_both("two_processes", "-f"):
            self.assertEqual({a[:3] for a in trace.asynchronous}, {("child's", 7, 0), ("parent's", 7, 0)})
            pids = {e["name"]: e["pid"] for e in trace.of("b")}
            self.assertEqual(len(set(pids.values())), 2)
            self.assertEqual(trace.metadata["unmatched_async"], 2)
            self.assertEqual(trace.flows, [(7, "after", None)])

    def test_flows(self):
        for trace, _ in self.run_both("flows"):
            pointer = trace.flows[0][0]
            self.assertRegex(pointer, "^0x")
            self.assertEqual(trace.flows, [(pointer, "put", "take"), (pointer, "take further", "flow in"), (5, "flow out", None)])
            self.assertEqual(trace.probe("async")["written"], 5)

    def test_they_are_filtered_as_slices_are(self):
        for trace, _ in self.run_both("move", "--methods", "fetch"):
            self.assertEqual([a[:3] for a in trace.asynchronous], [("fetch", 1, 0), ("fetch", -2, 0)])
            self.assertEqual(trace.probe("async")["filtered"], 4)
        for trace, _ in self.run_both("flows", "--no-methods"):
            self.assertEqual(trace.probe("async")["seen"], 0)
            self.assertEqual(trace.flows, [])

    def test_a_report_of_the_file_has_the_figures_of_the_run(self):
        target = self.target(harness.build("async"), "same_id")
        tool = self.attach(target.pid, "--report=json")
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace, run = self.load(), json.loads(tool.out.text())
        self.assertEqual(len(trace.asynchronous), 7)
        file = harness.run(harness.TOOL, "report", "--json", self.dir / "trace.json")
        self.assertEqual(file.returncode, 0, file.stderr)
        file = json.loads(file.stdout)
        self.assertEqual(run["methods"], file["methods"])
        calls = {m["name"]: m["calls"] for m in run["methods"]}
        self.assertEqual(calls, {"request": 4, "left": 1, "right": 1})
        right, = [m for m in run["methods"] if m["name"] == "right"]
        parts = [a[4] - a[3] for a in trace.asynchronous if a[0] == "right"]
        self.assertEqual(round(right["total_ns"]), sum(parts))

    def test_each_format_is_converted_into_the_other(self):
        for mode in "move", "same_id", "flows":
            with self.subTest(mode):
                trace, _, _ = self.traced(harness.build("async"), mode, options=("-o", "trace.pftrace"))
                for name, to in (("trace.json", "to.pftrace"), ("trace.pftrace", "to.json")):
                    done = harness.run(harness.TOOL, "convert", self.dir / name, self.dir / to)
                    self.assertEqual(done.returncode, 0, done.stderr)
                self.compare(trace, pftrace.read((self.dir / "to.pftrace").read_bytes()))
                events = harness.tracefile.check((self.dir / "to.json").read_bytes()).events
                self.assertEqual([e for e in events if e["ph"] in "besf"], [e for e in trace.events if e["ph"] in "besf"])

    def test_the_viewer_shows_them_without_a_warning(self):
        if viewer.missing():
            self.skipTest(viewer.missing())
        for mode, slices in (("move", 4), ("same_id", 7), ("unmatched", 2), ("flows", 0)):
            with self.subTest(mode):
                trace, _, _ = self.traced(harness.build("async"), mode)
                shown = viewer.view(self.dir / "trace.json")
                self.assertIsNone(shown["error"])
                self.assertEqual(shown["warnings"], [])
                process, = shown["processes"]
                self.assertEqual(sum(t["async"]["count"] for t in process["threads"]), slices)
                self.assertEqual(len(trace.asynchronous), slices)


def tracefile_ns(event):
    return harness.tracefile.ns(event["ts"])
