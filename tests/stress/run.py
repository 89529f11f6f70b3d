#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What takes too long for every day: a thousand kills over an old trace, millions of inventions, many events' figures.

    sudo tests/stress/run.py [--kills 1000] [--inventions 5000000] [--events 50000000] [--minutes 0]

With --minutes all is repeated for as long. Prints its figures; exit code 1 if one of them is not as promised.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402 pylint: disable=wrong-import-position
import test_memory  # noqa: E402 pylint: disable=wrong-import-position
import tracefile  # noqa: E402 pylint: disable=wrong-import-position

OPTIONS = argparse.Namespace(kills=1000, inventions=5000000, events=50000000)
EVENTS_OF_WORK = 4  # each round of steady.c
DEFAULT_MEMORY_KB = 256 << 10
RING_MB = 8
# While it falls behind, the tool has copies of what was in the rings, and of where each record is.
COPIES_KB = 2 * (RING_MB << 10) * os.cpu_count()
# Batches have a ring of their own, as large as all others, and each of their records is about twice as large on its way.
WAYS = {"trap": 1, "batch": 3}


def loads(data):
    """Whole, or as a tool that was killed left it."""
    events = tracefile.parse(data.decode())["traceEvents"] if data.startswith(b"{") else tracefile.parse_unfinished(data)
    return len(events) > 0


class Stress(harness.Case):
    def test_kills_over_an_old_trace(self):
        target = self.target(harness.build("steady"))
        path = self.dir / "trace.json"
        self.end(self.attach(target.pid, "-d", "0.2"), with_signal=None)
        dice, new, inode = random.Random(1), 0, path.stat().st_ino
        for _ in range(OPTIONS.kills):
            tool = self.tool("-p", target.pid, "-o", "trace.json")
            time.sleep(dice.uniform(0, 1.5))
            self.end(tool, -signal.SIGKILL, signal.SIGKILL)
            tool.clean_up()
            self.assertTrue(loads(path.read_bytes()))
            self.assertEqual(os.listdir(self.dir), ["trace.json"])
            new += path.stat().st_ino != inode
            inode = path.stat().st_ino
        self.assertEqual(target.semaphores(), 0)
        print("killed %d times: the old trace was there %d times, the new one %d times, all load, nothing is left over" % (
            OPTIONS.kills, OPTIONS.kills - new, new))

    def invented(self, what, ways=tuple(WAYS)):
        for way in ways:
            with self.subTest(way):
                self.invented_in(way, what)

    def invented_in(self, way, what):
        target = self.target(harness.build("inventor"), what, OPTIONS.inventions)
        tool = self.attach(target.pid, "--ring-size", "%dM" % RING_MB, "--collect", way, output="/dev/null")
        target.tell()
        target.await_step("done", timeout=3600)
        peak = test_memory.anonymous_peak(tool.pid)
        target.tell()
        self.end(tool, with_signal=None)
        print("%d %s, %s: %d MB at most" % (OPTIONS.inventions, what, way, peak >> 10))
        self.assertLess(peak, DEFAULT_MEMORY_KB + test_memory.BASE + WAYS[way] * COPIES_KB, tool.messages())

    def test_objects(self):
        self.invented("objects")

    def test_counters(self):
        self.invented("counters")

    def test_single_values(self):
        self.invented("values")

    def test_slices(self):
        self.invented("slices")

    def test_classes(self):
        self.invented("classes")

    def test_literals(self):
        self.invented("literals", ("batch",))

    def test_objects_without_a_base(self):
        self.invented("bases", ("batch",))

    def test_slots_of_batches(self):
        self.invented("slots", ("batch",))

    def test_lives_of_pools(self):
        self.invented("lives", ("batch",))

    def test_thread_pointers(self):
        self.invented("pointers", ("batch",))

    def test_figures_of_many_events_take_no_more_memory(self):
        """Looked at after each tenth of them. Who kept anything of each event would keep 8 bytes at least; rooms that double are
        steps, which come when the tool falls behind."""
        target = self.target(harness.build("steady"), "--still")
        tool = self.attach(target.pid, "--report=json", "--ring-size", "%dM" % RING_MB, output="none")
        peaks = []
        for _ in range(10):
            target.ask("work %d" % (OPTIONS.events // 10 // EVENTS_OF_WORK), timeout=3600)
            peaks.append(test_memory.anonymous_peak(tool.pid))
        self.end(tool)
        report = json.loads(tool.out.text())
        events = report["lost"] + 2 * sum(m["calls"] for m in report["methods"]) + sum(
            c["reports"] for c in report["counters"])
        print("-o none --report, %d events, %d of them lost: %s MB at most, after each tenth" % (
            events, report["lost"], ", ".join("%.1f" % (p / 1024) for p in peaks)))
        # Of a call of which one end was lost the other one is in no figure.
        self.assertGreater(events + report["lost"], 0.99 * OPTIONS.events)
        self.assertLess(peaks[-1] - peaks[0], min(COPIES_KB, 8 * events / 1024 / 2), tool.messages())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=OPTIONS.kills)
    parser.add_argument("--inventions", type=int, default=OPTIONS.inventions)
    parser.add_argument("--events", type=int, default=OPTIONS.events)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("-k", dest="pattern", default="")
    parser.parse_args(namespace=OPTIONS)
    end = time.monotonic() + 60 * OPTIONS.minutes
    while True:
        tests = harness.unittest.defaultTestLoader.loadTestsFromTestCase(Stress)
        chosen = harness.unittest.TestSuite(t for t in tests if OPTIONS.pattern in t.id())
        result = harness.unittest.TextTestRunner(verbosity=0).run(chosen)
        if not result.wasSuccessful():
            return 1
        if time.monotonic() >= end:
            return 0


if __name__ == "__main__":
    sys.exit(main())
