#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""End-to-end tests: attach to real programs, read the traces back with a real parser.

    sudo tests/e2e/run.py [-v] [-k PATTERN] [-j JOBS]

VIZTRACE is the tool to test (build/viztrace-bpf), E2E_BUILD the folder for compiled programs (build/e2e),
E2E_TIMEOUT how long to wait for anything at most. Exit code 1 if a test failed.
"""
import argparse
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import sys
import time
import unittest

import harness

HERE = pathlib.Path(__file__).resolve().parent


def tests_in(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_in(test)
        else:
            yield test


def find(patterns):
    loader = unittest.TestLoader()
    tests = tests_in(loader.discover(str(HERE), "test_*.py", str(HERE)))
    wanted = [t for t in tests if not patterns or any(p.lower() in t.id().lower() for p in patterns)]
    # Long ones first, so that nobody waits for a late one.
    return sorted(wanted, key=lambda t: getattr(getattr(t, t._testMethodName, None), "order", 0))


def outcome(result):
    if result.errors or result.failures or result.unexpectedSuccesses:
        return "FAILED", "".join("%s\n%s" % (t, text) for t, text in result.errors + result.failures) or "unexpected success"
    if result.expectedFailures:
        return "skipped", "known: " + result.expectedFailures[0][1].strip().splitlines()[-1]
    if result.skipped:
        return "skipped", result.skipped[0][1]
    return "passed", ""


def in_short(text):
    """The first line of what went wrong, without the way there."""
    lines = [line for line in text.splitlines() if line]
    after = [line for line in lines[1:] if not line.startswith((" ", "Traceback"))]
    return (after or lines)[0]


def run_one(test, answer):
    result = unittest.TestResult()
    start = time.monotonic()
    test.run(result)
    sys.stdout.flush()
    answer.send((*outcome(result), time.monotonic() - start))


def run_all(tests, jobs):
    """(test, what, text, seconds) of each as it ends.

    Each has a process of its own: Python runs one thread at a time, and a tool whose pipe nobody reads because another
    test is checking a trace of 100 MB loses events.
    """
    context = multiprocessing.get_context("fork")
    waiting = tests[::-1]
    running = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            test = waiting.pop()
            reader, answer = context.Pipe(duplex=False)
            process = context.Process(target=run_one, args=(test, answer))
            process.start()
            answer.close()
            running[reader] = test, process
        for reader in multiprocessing.connection.wait(list(running)):
            test, process = running.pop(reader)
            try:
                done = reader.recv()
            except EOFError:
                done = "FAILED", "its process ended without an answer", 0
            reader.close()
            process.join()
            yield test, *done


def cannot_run():
    if os.geteuid():
        return "not root"
    if not os.access(harness.TOOL, os.X_OK):
        return "no %s: make" % harness.TOOL
    return None


def main():
    parser = argparse.ArgumentParser(description="End-to-end tests of viztrace-bpf.")
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only tests with this in their name")
    parser.add_argument("-v", action="store_true", help="name each test")
    parser.add_argument("-j", metavar="JOBS", type=int, default=4, help="tests at a time (default: 4)")
    args = parser.parse_args()
    tests = find(args.k)
    reason = cannot_run()
    if reason:
        print("0 passed, 0 failed, %d skipped (%s)" % (len(tests), reason))
        return 0
    counts = {"passed": 0, "FAILED": 0, "skipped": 0}
    for test, what, text, seconds in run_all(tests, max(args.j, 1)):
        counts[what] += 1
        name = test.id() if what == "FAILED" else test.id().split(".", 1)[-1]
        if args.v or what != "passed":
            why = in_short(text) if what == "FAILED" else text
            print("%-7s %s%s%s" % (what, name, " (%.1f s)" % seconds if args.v else "", ": " + why if why else ""))
        if what == "FAILED":
            print(text)
        sys.stdout.flush()
    print("%d passed, %d failed, %d skipped" % (counts["passed"], counts["FAILED"], counts["skipped"]))
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
