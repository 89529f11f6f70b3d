#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Test of view.py itself: does it report what the viewer finds in a trace?

Exit status 77 when Chromium or the viewer page is not installed.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

VIEW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "view.py")


def event(phase, name, time=0, **more):
    """Return a trace event."""
    return dict({"ph": phase, "name": name, "ts": time, "pid": 1, "tid": 2},
                **more)


GOOD = [
    event("M", "process_name", args={"name": "daemon"}),
    event("M", "thread_name", args={"name": "wörker"}),
    event("M", "thread_name", tid=3, args={"name": "silent"}),
    event("C", "mem", 5, args={"rss": 1, "vm": 7}),
    event("C", "mem", 6, args={"rss": 2, "vm": 9}),
    event("C", "mem", 6, id="0x1", args={"rss": 3}),
    event("B", "outer", 10),
    event("B", "inner", 11),
    event("i", "tick", 12, s="t"),
    event("E", "inner", 13),
    event("E", "outer", 14),
    event("i", "mark", 12, s="p"),
    event("i", "mark", 12, s="g"),
    event("b", "request", 10, cat="c", id=1),
    event("b", "part", 11, cat="c", id=1),
    event("e", "part", 12, cat="c", id=1),
    event("e", "request", 20.5, cat="c", id=1),
    event("N", "Map", 6, id="0x9", scope="bpf"),
    event("O", "Map", 7, id="0x9", scope="bpf", args={"snapshot": {"k": 1}}),
    event("O", "Map", 8, id="0x9", scope="bpf", args={"snapshot": {"k": 2}}),
    event("D", "Map", 9, id="0x9", scope="bpf"),
]


def lines(events):
    """Return events as text, one a line."""
    return ",\n".join(map(json.dumps, events))


class ViewTest(unittest.TestCase):
    """Runs view.py on small traces."""

    def setUp(self):
        # pylint: disable=consider-using-with
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def view(self, trace, *options, status=0):
        """Return what view.py prints about a trace."""
        path = os.path.join(self.directory, "trace.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(trace)
        run = subprocess.run([sys.executable, VIEW, path, *options],
                             stdout=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, status, run.stdout)
        return json.loads(run.stdout)

    def test_good(self):
        """Everything in a good trace is reported, without a warning."""
        result = self.view('{"displayTimeUnit":"ns","traceEvents":[' +
                           lines(GOOD) + "]}")
        self.assertIsNone(result["error"])
        self.assertEqual(result["warnings"], [])
        self.assertEqual(result["bounds"], {"min": 5, "max": 20.5})
        self.assertEqual(result["displayTimeUnit"], "ns")
        self.assertEqual(result["instants"], {
            "thread": 1, "process": 1, "global": 1, "total": 3})
        [process] = result["processes"]
        self.assertEqual((process["pid"], process["name"]), (1, "daemon"))
        self.assertEqual(
            [(counter["name"], counter["numSeries"],
              [(s["name"], s["samples"], s["last"])
               for s in counter["series"]])
             for counter in process["counters"]],
            [("mem", 2, [("rss", 2, 2), ("vm", 2, 9)]),
             ("mem[0x1]", 1, [("rss", 1, 3)])])
        self.assertEqual(process["objects"], {"Map": [{
            "id": "0x9", "scope": "bpf", "cat": None, "snapshots": 2,
            "creationTs": 6, "creationExplicit": True,
            "deletionTs": 9, "deletionExplicit": True, "args": {"k": 2}}]})
        [thread] = process["threads"]
        self.assertEqual((thread["tid"], thread["name"]), (2, "wörker"))
        self.assertEqual(thread["slices"], {
            "count": 2, "titles": {"outer": 1, "inner": 1}, "maxDepth": 2,
            "unfinished": 0})
        self.assertEqual(thread["async"], {
            "count": 2, "titles": {"request": 1, "part": 1}, "maxDepth": 2,
            "unfinished": 0})
        self.assertEqual(thread["instants"],
                         {"count": 1, "titles": {"tick": 1}})
        self.assertEqual(process["emptyThreads"],
                         [{"tid": 3, "name": "silent"}])

    def test_warnings(self):
        """The viewer's complaints are reported; the import still succeeds."""
        result = self.view("[" + lines([
            event("M", "no_such_name", args={"name": "x"}),
            event("E", "alone", 5),
            event("B", "open", 6),
            event("i", "last", 9, s="g")]) + "]")
        self.assertIsNone(result["error"])
        self.assertEqual([w["type"] for w in result["warnings"]],
                         ["metadata_parse_error", "duration_parse_error"])
        self.assertIn("no_such_name", result["warnings"][0]["message"])
        [process] = result["processes"]
        self.assertEqual(process["threads"][0]["slices"]["unfinished"], 1)

    def test_truncated(self):
        """A trace cut after an event loads as array, but not as object."""
        result = self.view("[" + lines(GOOD) + ",\n")
        self.assertEqual((result["error"], result["warnings"]), (None, []))
        result = self.view('{"traceEvents":[' + lines(GOOD) + ",\n", status=1)
        self.assertTrue(result["error"])

    def test_screenshot(self):
        """A picture of the wanted size is saved, and it is not empty."""
        picture = os.path.join(self.directory, "trace.png")
        self.view("[" + lines(GOOD) + "]", "--screenshot", picture,
                  "--size", "800x500")
        with open(picture, "rb") as file:
            data = file.read()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", data[16:24]), (800, 500))
        self.assertGreater(len(data), 5000)

    def test_timeout(self):
        """A hopeless time limit ends in an error."""
        result = self.view("[]", "--timeout", "0.01", status=1)
        self.assertEqual(result["error"], "timed out")


def main():
    """Run the tests, unless something is missing: then say what."""
    probe = subprocess.run([sys.executable, VIEW, os.devnull], check=False, text=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if probe.returncode == 77:
        tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).countTestCases()
        print(f"skipped: {probe.stderr.strip()}\n0 passed, 0 failed, {tests} skipped")
        return 0
    result = unittest.main(exit=False).result
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
