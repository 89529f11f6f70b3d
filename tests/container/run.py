#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Test in containers: the whole suite on other user spaces, and the tool with a container between it and its target.

    run.py [--spaces 12,13] [--suites "unit e2e"] [--only suite|checks] [-k PATTERN] [-j JOBS] [-v]

As root, with podman or docker (VIZTRACE_CONTAINER_ENGINE). What they leave is in build/container. Where no container can
be run, all is skipped, and it says why. The suite is not run once more on the user space that this machine has itself,
unless that is named.
"""
import argparse
import collections
import pathlib
import platform
import re
import subprocess
import sys
import threading
import time
import traceback

import engine as engines
import images
import scenarios

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
SAID = re.compile(r"^(FAILED|skipped|could not|   \S+: \d+ passed)")
# What the suite's own tests of rights, mounts and other users take.
SUITE_CAPS = ("SYS_ADMIN", "SYS_PTRACE", "BPF", "PERFMON")
# The processors may be shared with whoever else is there. The kernel, which torture is about, is the machine's own.
SUITE_FLAGS = ("--env", "E2E_TIMEOUT=180", "--env", "TORTURE_HITS=1000000")
SUITE_TIMEOUT = 3600


class Outcomes:
    """Of one part on one user space."""

    def __init__(self, space, part):
        self.space, self.part = space, part
        self.passed = self.failed = self.skipped = 0
        self.why = collections.Counter()
        self.seconds = 0

    def skip(self, why):
        self.skipped += 1
        self.why[why] += 1


def run_suite(space, engine, image, folder, suites):
    """`make test`, or some of its suites."""
    result = Outcomes(space, "the suite")
    command = ["make", "test"]
    if suites:
        command = ["sh", "-c", 'make -j"$(nproc)" all unit build/jobserver && exec python3 tests/run.py "$@"', "sh",
                   *suites.split()]
    name, argv = engine.command(image, *command, caps=SUITE_CAPS, flags=SUITE_FLAGS)
    start = time.monotonic()
    output = []
    too_long = threading.Timer(SUITE_TIMEOUT, engine.remove, [name])
    too_long.start()
    with open(folder / "suite.log", "w", encoding="utf-8") as log, \
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace") as process:
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                output.append(line)
                if SAID.match(line):
                    print("%s: %s" % (space, line), end="", flush=True)
            process.wait()
        finally:
            too_long.cancel()
            engine.remove(name)
    lines = LINE.findall("".join(output))
    if lines and (process.returncode != 0) == (int(lines[-1][1]) != 0):
        result.passed, result.failed, result.skipped = map(int, lines[-1])
        result.why[str(folder / "suite.log")] += result.skipped
    else:
        result.failed = 1
    if result.failed:
        print("".join(output), flush=True)
        print("%s: make test ended with %s" % (space, process.returncode))
    result.seconds = time.monotonic() - start
    return result


def run_checks(space, engine, image, folder, tool, pattern, verbose):
    result = Outcomes(space, "containers")
    start = time.monotonic()
    run = scenarios.Run(engine, image, folder, tool)
    print("%s: a sidecar needs %s here" % (space, ", ".join("CAP_" + c for c in run.least)), flush=True)
    for name, check in scenarios.checks():
        if pattern not in name:
            continue
        why, outcome, began = "", "passed", time.monotonic()
        try:
            check(run)
        except scenarios.Skip as e:
            outcome, why = "skipped", str(e)
            result.skip(why)
        except AssertionError as e:
            outcome, why = "FAILED", str(e) or traceback.format_exc()
        except Exception:  # a trace that is no JSON, and the like
            outcome, why = "FAILED", traceback.format_exc()
        result.passed += outcome == "passed"
        result.failed += outcome == "FAILED"
        if verbose or outcome != "passed":
            print("%s: %s: %s%s" % (space, name, outcome, " (%.1f s)" % (time.monotonic() - began) if verbose else ""))
            for line in why.splitlines()[-40:]:
                print("    " + line)
            sys.stdout.flush()
    result.seconds = time.monotonic() - start
    return result


def prepare(release, engine, folder):
    """The image of a user space, or the Outcomes that say why there is none."""
    space = "debian" + release
    result = Outcomes(space, "no image")
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        base, origin = images.base(engine, release)
        engine.settle(base)
        print("%s: base image from %s (%.0f s), %s" % (space, origin, time.monotonic() - start, engine), flush=True)
        start = time.monotonic()
        image = images.tree(engine, release, base, folder / "build.log")
        print("%s: image built (%.0f s)" % (space, time.monotonic() - start), flush=True)
        return image, None
    except engines.Unavailable as e:
        print("%s: no image: %s" % (space, e))
        result.skip(str(e))
    except RuntimeError as e:
        print("%s: the image cannot be built: %s" % (space, e))
        result.failed = 1
    return None, result


def own_release():
    """This machine's, if it is a Debian."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return None
    return system.get("VERSION_ID") if system["ID"] == "debian" else None


def suite_outside(space):
    """The Outcomes of a suite that the machine's own run has been."""
    result = Outcomes(space, "the suite")
    result.skip("this machine is a %s itself; --spaces runs it here, too" % space)
    return result


def run_space(space, engine, image, folder, args):
    results = []
    if args.only != "suite":
        results.append(run_checks(space, engine, image, folder, args.build / "viztrace-bpf", args.k, args.verbose))
    if args.only != "checks":
        is_repeated = not args.spaces and space == "debian%s" % own_release()
        results.append(suite_outside(space) if is_repeated else run_suite(space, engine, image, folder, args.suites))
    return results


def print_table(results):
    row = "%-10s %-12s %6s %6s %7s %6s  %s"
    print()
    print(row % ("space", "part", "passed", "failed", "skipped", "s", "why skipped"))
    for r in results:
        print((row % (r.space, r.part, r.passed, r.failed, r.skipped, "%.0f" % r.seconds, "; ".join(r.why))).rstrip())
    print("%d passed, %d failed, %d skipped" % tuple(
        sum(getattr(r, o) for r in results) for o in ("passed", "failed", "skipped")))


def spaces(text):
    names = text.split(",")
    for name in names:
        if name not in images.SUITES:
            raise argparse.ArgumentTypeError("%s is none of %s" % (name, ", ".join(images.SUITES)))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spaces", type=spaces, default=[], metavar="N,N",
                        help="Debian's releases, of %s (default: all)" % ", ".join(images.SUITES))
    parser.add_argument("--suites", default="", metavar="NAMES", help="of tests/run.py (default: all)")
    parser.add_argument("--only", choices=("suite", "checks"), help="the suite inside, or what is between containers")
    parser.add_argument("-k", default="", metavar="PATTERN", help="only checks with this in their name")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", metavar="DIR",
                        help="where this machine's viztrace-bpf is (default: build)")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every check")
    args = parser.parse_args()
    args.build = args.build.resolve()

    try:
        engine = engines.find()
    except engines.Unavailable as e:
        print("no container is run: %s" % e)
        print("0 passed, 0 failed, %d skipped" % len(args.spaces or images.SUITES))
        return 0
    results, ready = [], []
    for release in args.spaces or images.SUITES:
        space = "debian" + release
        folder = args.build / "container" / space
        image, without = prepare(release, engine, folder)
        if without:
            results.append(without)
        else:
            ready.append((space, image, folder))
    # One after the other, when all images are built: tests that share the processors and the disk with as much again see
    # stalls of seconds.
    for space, image, folder in ready:
        results += run_space(space, engine, image, folder, args)
    print_table(results)
    return 1 if any(r.failed for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
