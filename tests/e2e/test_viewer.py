# SPDX-License-Identifier: BSD-2-Clause
"""The catapult viewer imports a trace without a warning, and shows as much as the file holds."""
import collections
import signal

import harness
import viewer


def tally(thread, what):
    return collections.Counter(thread[what]["titles"])


class Viewer(harness.Case):
    def setUp(self):
        super().setUp()
        if viewer.missing():
            self.skipTest(viewer.missing())

    def jobserver(self):
        program = harness.build("jobserver", harness.ROOT / "tests" / "demo" / "jobserver.c")
        target = self.target(program, ready=None)
        self.assertTrue(harness.wait_until(lambda: len(list(self.threads(target.pid))) == 6))
        return target

    def threads(self, pid):
        return harness.pathlib.Path("/proc/%d/task" % pid).iterdir()

    def same(self, trace, path="trace.json"):
        """What is shown is what is in the file."""
        shown = viewer.view(self.dir / path)
        self.assertIsNone(shown["error"])
        self.assertEqual(shown["warnings"], [])
        process, = shown["processes"]
        self.assertEqual(process["name"], "jobserver")
        for thread in process["threads"]:
            slices = collections.Counter(e["name"] for e in trace.of("B") if e["tid"] == thread["tid"])
            self.assertEqual(tally(thread, "slices"), slices)
            if trace.thread_names[thread["tid"]]:
                self.assertEqual(thread["sortIndex"], 0 if thread["tid"] == process["pid"] else thread["tid"])
                self.assertEqual(thread["name"], trace.thread_names[thread["tid"]][-1])
        self.assertEqual(sum(t["slices"]["count"] for t in process["threads"]), len(trace.of("B")))
        self.assertEqual(shown["instants"]["total"], len(trace.of("i")) + len(trace.found))
        self.counters(trace, process)
        self.objects(trace, process)
        return shown

    def counters(self, trace, process):
        want = collections.defaultdict(lambda: [0, None])
        for e in trace.of("C"):
            key = "%s[%s]" % (e["name"], e["id"]) if "id" in e else e["name"]
            want[key][0] += 1
            want[key][1] = want[key][1] or set(e["args"])  # it freezes them at the first sample
        for c in process["counters"]:
            samples, names = want.pop(c["name"])
            self.assertEqual({s["name"] for s in c["series"]}, names)
            self.assertEqual({s["samples"] for s in c["series"]}, {samples})
        self.assertEqual(dict(want), {})

    def objects(self, trace, process):
        want = collections.Counter()
        for e in trace.of("O"):
            want[e["name"]] += 1
        got = collections.Counter()
        for name, instances in process["objects"].items():
            for instance in instances:
                got[name] += instance["snapshots"]
        self.assertEqual(+got, want)
        created = sum(i["creationExplicit"] for many in process["objects"].values() for i in many)
        deleted = sum(i["deletionExplicit"] for many in process["objects"].values() for i in many)
        self.assertEqual((created, deleted), (len(trace.of("N")), len(trace.of("D"))))
        bands = sum(t["async"]["count"] for t in process["threads"])
        self.assertEqual(bands, len(trace.of("b")) + len(trace.open_before))

    def test_a_trace_of_the_demo(self):
        target = self.jobserver()
        tool = self.attach(target.pid, "-d", "2")
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertTrue(all(trace.counts[p] for p in "CNODbeBEsfi"), trace.counts)
        self.same(trace)

    def test_a_trace_of_the_demo_to_its_end(self):
        target = self.jobserver()
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: (self.dir / "trace.json").stat().st_size > 100000))
        target.signal(signal.SIGTERM)
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.same(self.load())

    def test_a_trace_of_a_tool_that_was_killed(self):
        target = self.jobserver()
        tool = self.attach(target.pid)
        self.assertTrue(harness.wait_until(lambda: (self.dir / "trace.json").stat().st_size > 200000))
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        trace = self.load(killed=True)
        shown = viewer.view(self.dir / "trace.json")
        self.assertIsNone(shown["error"])
        # Slices and states that were open have no end: that much is warned about.
        process, = shown["processes"]
        self.counters(trace, process)
        self.assertEqual(sum(t["slices"]["count"] for t in process["threads"]), len(trace.of("B")))
        snapshots = sum(i["snapshots"] for many in process["objects"].values() for i in many)
        self.assertEqual(snapshots, len(trace.of("O")))

    for name in ("test_a_trace_of_the_demo", "test_a_trace_of_the_demo_to_its_end",
                 "test_a_trace_of_a_tool_that_was_killed"):
        locals()[name].order = -1


