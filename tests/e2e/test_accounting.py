# SPDX-License-Identifier: BSD-2-Clause
"""Every event is written, or counted as filtered or lost; what is written is in order."""
import re

import harness


class Accounting(harness.Case):
    def hammer(self, threads, writes, *options, code=0):
        target = self.target(harness.build("hammer"), threads, writes, "--wait", ready=None)
        tool = self.attach(target.pid, *options)
        self.assertEqual(target.wait(), 0)
        self.end(tool, code, with_signal=None)
        trace = self.load(keep=False)
        made = threads * writes
        # The books balance, for what was made and not only for what the tool says it saw.
        counts = trace.probe("set")
        self.assertEqual(counts["seen"], made)
        self.assertEqual(counts["written"] + counts["filtered"] + counts["lost"], made)
        self.assertEqual(sum(trace.samples.values()), counts["written"])
        all_threads = {"load %d" % i for i in range(threads)}
        self.assertLessEqual(set(trace.samples), all_threads)
        if not counts["lost"]:  # where much is, it may be all of a thread's
            self.assertEqual(set(trace.samples), all_threads)
        self.rising(trace, made)
        return trace, tool

    def rising(self, trace, made):
        """Each counter's values rise: nothing is out of order or twice."""
        last = {}
        for name, value in re.findall(rb'"ph":"C".*"name":"(load \d+)","args":{"a":(\d+)', trace.data):
            value = int(value)
            if name in last:
                rises = value > last[name][0] or (value == last[name][0] and not last[name][1])
                self.assertTrue(rises, "%s: %d after %d" % (name, value, last[name][0]))
                last[name] = (value, value == last[name][0])
            else:
                last[name] = (value, False)
        self.assertTrue(last or not made)

    def test_four_threads_with_a_million_writes(self):
        self.hammer(4, 250000)
    test_four_threads_with_a_million_writes.order = -2

    def test_a_large_ring_loses_nothing(self):
        trace, _ = self.hammer(4, 50000, "--ring-size", "128M", "--fail-on-loss")
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(sum(trace.samples.values()), 200000)

    def test_a_small_ring_loses_many_and_says_so(self):
        trace, tool = self.hammer(2, 300000, "--ring-size", "64k", "--fail-on-loss", code=harness.EXIT_LOST)
        self.assertGreater(trace.total["lost"], 0)
        self.assertIn("warning: %d events were lost" % trace.total["lost"], tool.messages())
        self.assertIn("--ring-size", tool.messages())

    def test_loss_alone_is_no_failure(self):
        trace, _ = self.hammer(2, 300000, "--ring-size", "64k")
        self.assertGreater(trace.total["lost"], 0)

    def test_one_thread_loses_nothing(self):
        trace, tool = self.hammer(1, 1000, "--fail-on-loss")
        self.assertEqual(trace.total, {"seen": 1000, "written": 1000, "filtered": 0, "lost": 0, "truncated": 0,
                                       "unreadable": 0})
        self.assertNotIn("warning", tool.messages())
