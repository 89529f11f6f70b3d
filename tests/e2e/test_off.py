# SPDX-License-Identifier: BSD-2-Clause
"""Macros evaluate what they say they do, with and without a tracer."""
import harness

OFF = "1 objects, 1 values, 0 names, a is 1"


class Off(harness.Case):
    def said(self, program):
        target = self.target(program)
        target.tell()
        self.assertEqual(target.wait(), 0)
        return target.out.text().splitlines()[-1]

    def test_nothing_but_the_assignment_is_evaluated_when_nobody_traces(self):
        for cc in ("gcc", "clang"):
            if harness.have(cc):
                with self.subTest(cc=cc):
                    self.assertEqual(self.said(harness.build("evaluates-" + cc, "disabled.c", cc=cc)), OFF)

    def test_nothing_but_the_assignment_is_evaluated_in_a_build_without_probes(self):
        self.assertEqual(self.said(harness.build("disabled", "disabled.c", flags=("-O2", "-DVIZ_PROBE_DISABLE"))), OFF)

    def test_each_argument_is_evaluated_once_when_traced(self):
        for cc in ("gcc", "clang"):
            if harness.have(cc):
                with self.subTest(cc=cc):
                    trace, said, _ = self.traced(harness.build("evaluates-" + cc, "disabled.c", cc=cc))
                    self.assertEqual(said.splitlines()[-1], "4 objects, 2 values, 6 names, a is 1")
                    self.assertEqual(trace.probe("log")["written"], 3)
