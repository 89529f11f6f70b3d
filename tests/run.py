#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run every suite and add up what they say: run.py [--with containers|kernels|packages|fleet] ... [--check] [SUITE ...]

Containers (Debian 12 and 13, with every suite inside of those that this machine is not), kernels (two others, in virtual machines) and packages (built and
installed in bare Debians) take longer than all the rest, so they have to be asked for; and so has the fleet (rows in ClickHouse's
engine), which npm fetches: 546 MB.
A suite ends with a line "N passed, N failed, N skipped", or with Criterion's synthesis; each leak that the sanitizer
tells of is a failure, too. One that ends without
either, or with an exit status that does not fit its line, counts as one failure.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNIT = os.path.join(ROOT, "build", "unit")
LINE = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
FAILURE = re.compile(r"^(?:FAIL: |ERROR: |.*FAILED|.*\[FAIL\]|.*ERROR: LeakSanitizer).*$", re.M)
CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
# Criterion's tests are processes of their own, and it does not look at how these exit: a leak changes no count of its.
LEAK = re.compile(r"^.*ERROR: LeakSanitizer.*$", re.M)
TIMEOUT = 3600
UNIT_TIMEOUT = 300
EXTRA = {
    "containers": ["make", "--no-print-directory", "test-container"],
    "packages": ["make", "--no-print-directory", "test-packages"],
    "fleet": [sys.executable, os.path.join(ROOT, "tests", "fleet", "run.py")],
    "kernels": ["make", "--no-print-directory", "test-kernels", "KERNELS=5.10,newest"],
}


def suites(extra):
    source = os.path.join(ROOT, "tests", "unit")
    units = sorted(os.path.relpath(os.path.join(folder, f), source)[:-2]
                   for folder, _, files in os.walk(source) for f in files if f.endswith(".c"))
    for name in units:
        yield "unit/" + name, [os.path.join(UNIT, name), "-j2"]
    for name, script in (("rules", "rules.py"), ("rules/manual", "manual.py"), ("completion", "completion.py"),
                         ("package", "package/tarball.py"), ("header", "header/run.py"),
                         ("aarch64", "aarch64/run.py"), ("viewer", "viewer/test_view.py"),
                         ("e2e", "e2e/run.py"), ("readme", "readme.py")):
        yield name, [sys.executable, os.path.join(ROOT, "tests", script)]
    for name in extra:
        yield name, EXTRA[name]


# What works without root, and installs nothing.
CHECK = ("unit", "rules", "header")


def left_out(names):
    """What `make check` cannot do, in a line each."""
    missing = [n for n in names if n.startswith("unit/") and not os.path.exists(os.path.join(UNIT, n[len("unit/"):]))]
    if missing:
        yield f"left out: {len(missing)} unit test programs (they take Criterion: Debian's libcriterion-dev)"
    for compiler, package in (("g++", "g++"), ("clang", "clang"), ("musl-gcc", "musl-tools"),
                              ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")):
        if not shutil.which(compiler):
            yield f"left out: the header with {compiler} (Debian's {package})"
    others = sorted({n.split("/")[0] for n in names if n.split("/")[0] not in CHECK})
    yield f"left out: {', '.join(others)} (they trace, which takes root, or install what they need: sudo make test)"


def as_from_a_terminal():
    """In the child: nothing of what a shell, nohup or a CI ignores or blocks in what it starts."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def counts(text, status):
    """passed, failed, skipped of a suite's output; None if it does not say."""
    lines, criterion = LINE.findall(text), CRITERION.findall(text)
    if lines:
        passed, failed, skipped = (int(n or 0) for n in lines[-1])
    elif criterion:
        tested, passed, _, _ = (int(n) for n in criterion[-1])
        failed, skipped = tested - passed, 0
    else:
        return None
    if (status != 0) != (failed != 0):
        return None
    return passed, failed + len(LEAK.findall(text)), skipped


def output_of(command, limit):
    """Its lines, also printed as they come; its exit status, None if it was ended after `limit` seconds."""
    output = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, preexec_fn=as_from_a_terminal) as process:
        hangs = threading.Event()

        def end():
            hangs.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, end)
        timer.start()
        try:
            for line in process.stdout:
                output.append(line)
                print(line, end="", flush=True)
            status = process.wait()
        finally:
            timer.cancel()
    return output, None if hangs.is_set() else status


def run(name, command):
    """Its counts, and the lines that name what failed."""
    print(f"== {name}", flush=True)
    start = time.monotonic()
    is_unit = name.startswith("unit/")
    output, status = output_of(command, UNIT_TIMEOUT if is_unit else TIMEOUT)
    if status is None and is_unit:
        # Criterion forks while threads of its own may hold the sanitizer's allocator, which the child then waits for.
        print(f"{name}: hangs after {UNIT_TIMEOUT} s; once more", flush=True)
        output, status = output_of(command, UNIT_TIMEOUT)
    if status is None:
        status = -signal.SIGKILL
    found = counts("".join(output), status)
    if found is None:
        print(f"{name}: exit status {status} without a summary that fits it")
        found = (0, 1, 0)
    failures = list(dict.fromkeys(FAILURE.findall("".join(output)))) if found[1] else []
    print(f"   {name}: {found[0]} passed, {found[1]} failed, {found[2]} skipped; "
          f"{time.monotonic() - start:.0f} s", flush=True)
    return found, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", nargs="*")
    parser.add_argument("--with", dest="extra", action="append", choices=list(EXTRA), default=[])
    parser.add_argument("--check", action="store_true", help="what needs neither root nor anything that is not there")
    args = parser.parse_args()
    chosen = dict(suites(args.extra))
    notes = list(left_out(list(chosen))) if args.check else []
    if args.check:
        chosen = {n: c for n, c in chosen.items() if n.split("/")[0] in CHECK and os.path.exists(c[0])}
    results = [(name, run(name, command)) for name, command in chosen.items()
               if not args.suite or any(name.startswith(c) for c in args.suite)]
    print()
    for note in notes:
        print(note)
    for name, ((passed, failed, skipped), failures) in results:
        print("".join(f"{name}: {line}\n" for line in failures), end="")
        print(f"{name:24} {passed:6} passed {failed:4} failed {skipped:4} skipped")
    passed, failed, skipped = (sum(r[i] for _, (r, _) in results) for i in range(3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
