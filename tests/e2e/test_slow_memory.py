# SPDX-License-Identifier: BSD-2-Clause
"""Memory that comes when it likes: a thread that waits for it in a probe holds up itself, and nobody else."""
import pathlib
import re
import time

import harness

KINDS = ("string", "span", "base", "name", "slice", "long", "value", "instant", "class", "init")


def runs(pid):
    try:
        return ") Z " not in pathlib.Path("/proc", pid, "stat").read_text()
    except FileNotFoundError:
        return False


class SlowMemory(harness.Case):
    def setUp(self):
        super().setUp()
        # While a thread sleeps in a probe no tool on this machine can attach, nor detach.
        self.enterContext(harness.one_at_a_time("slow memory"))

    def slow(self):
        target = self.target(harness.build("slow_page"), ready=None)
        said = target.await_step("ready") if target.out.wait_for(b"ready") else target.out.text()
        if "no userfaultfd" in said or not target.running():
            self.skipTest("this kernel gives us no userfaultfd")
        return target

    def is_asleep(self, target, what):
        self.assertEqual(target.ask("touch " + what), "asleep", what)

    def on_disk(self, n):
        path = self.dir / "trace.json"
        return harness.wait_until(lambda: path.read_bytes().count(b'"name":"sum"') >= n)

    def what_came(self, trace):
        """Of each kind what it says, as it is seen in the trace."""
        return {
            "string": [s["text"] for s in trace.snapshots("label")],
            "span": [s["last"] for s in trace.snapshots("wide")],
            "base": [s["n"] for s in trace.snapshots("base")],
            "name": [e["name"] for e in trace.of("N") if "came late" in e["name"]],
            "slice": [e["name"] for e in trace.of("B") if e["name"].startswith("slice")],
            "long": [e["name"] for e in trace.of("B") if e["name"].startswith("nnn")],
            "value": [e["name"] for e in trace.of("C") if e["name"].startswith("value")][:1],
            "instant": [e["name"] for e in trace.of("i")],
            "class": [e["name"] for e in trace.of("N") if e["name"] == "other"],
            "init": [e["name"] for e in trace.of("N") if e["name"] == "made late"],
        }

    ALL = {"string": ["came late"], "span": [12], "base": [3], "name": ["name that came late"],
           "slice": ["slice that came late"], "long": ["n" * 100 + " and its end"], "value": ["value that came late"],
           "instant": ["instant that came late"], "class": ["other"], "init": ["made late"]}

    def test_others_are_written_meanwhile_and_it_is_as_soon_as_it_comes(self):
        target = self.slow()
        tool = self.attach(target.pid)
        for what in KINDS:
            self.is_asleep(target, what)
        target.ask("work 500")
        self.assertTrue(self.on_disk(500), "nothing of the other threads is written")
        target.ask("serve")
        self.end(tool)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 500)
        self.assertEqual(self.what_came(trace), self.ALL)
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.total["unreadable"], 0)

    def test_the_tool_ends_while_nothing_comes(self):
        for what in ("string", "class"):
            with self.subTest(what=what):
                target = self.slow()
                tool = self.attach(target.pid)
                target.ask("work 100")
                self.is_asleep(target, what)
                target.ask("work 100")
                start = time.monotonic()
                self.end(tool, complete=False)
                took = time.monotonic() - start
                self.assertEqual(target.semaphores(), 0)
                self.assertIn("a thread of the target sleeps in a probe", tool.messages())
                # The one that waits in our place is done with it, too.
                waits = re.search(r"process (\d+) waits", tool.messages())[1]
                self.assertEqual(pathlib.Path("/proc", waits, "comm").read_text().strip(), "viztrace-detach")
                target.ask("serve")
                self.assertTrue(harness.wait_until(lambda pid=waits: not runs(pid)), "it does not end")
                trace = self.load()
                self.assertEqual(len(trace.samples_of("sum")), 200)
                self.assertEqual(trace.total["lost"], 1)
                self.assertLess(took, harness.TIMEOUT / 4, "it waited for the memory")

    def test_without_page_faults_nobody_waits(self):
        target = self.slow()
        tool = self.attach(target.pid, "--no-page-faults")
        for what in KINDS:
            self.assertEqual(target.ask("touch " + what), "went on", what)
        target.ask("work 100")
        self.end(tool)
        self.assertEqual(target.semaphores(), 0)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 100)
        came = self.what_came(trace)
        self.assertEqual(came["string"], ["<unreadable>"])
        self.assertEqual(came["span"], ["<unreadable>"])
        self.assertEqual(came["slice"] + came["name"] + came["value"] + came["class"] + came["base"] + came["init"], [])
        self.assertGreater(trace.total["unreadable"], 5)
