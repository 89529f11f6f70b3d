#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs that do their worst on two threads at full speed, for as long as one likes; not part of CI.

    sudo tests/stress/bounds.py [--minutes 60] [--mode list,objects,...] [--collect batch]

Each round prints how long Ctrl-C took, how far --max-size and -d were overrun, and the tool's peak memory; the end of it
the worst of each. Exit code 1 if one was out of its bounds: Ctrl-C 2 s, --max-size 4 MiB, -d 0.2 s. Run it on a machine that
has nothing else to do.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402

MODES = ("list", "strings", "objects", "names", "slices", "threads", "forks")
BOUNDS = {"Ctrl-C, s": 2.0, "--max-size, MiB over": 4.0, "-d, s over": 0.2}


def tool(folder, target, mode, way, *options):
    command = [harness.TOOL, "-p", str(target.pid), "-o", str(folder / "t.json"), "-q", "--collect", way, *options]
    child = subprocess.Popen(command + (["-f"] if mode == "forks" else []), stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    while child.poll() is None and not (folder / "t.json").exists():
        time.sleep(0.01)
    return child


def ended(child):
    """Its peak memory in MB, when it has ended."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


def one_round(program, folder, mode, way):
    figures = {}
    target = harness.Target([program, mode])
    try:
        target.await_step()
        child = tool(folder, target, mode, way, "--max-size", "2G")
        time.sleep(2)
        start = time.monotonic()
        child.send_signal(signal.SIGINT)
        figures["memory, MB"] = ended(child)
        figures["Ctrl-C, s"] = time.monotonic() - start
        (folder / "t.json").unlink()
        target.clean_up()

        target = harness.Target([program, mode])
        target.await_step()
        ended(tool(folder, target, mode, way, "-d", "5", "--max-size", "20M"))
        figures["--max-size, MiB over"] = (folder / "t.json").stat().st_size / (1 << 20) - 20
        (folder / "t.json").unlink()

        ended(tool(folder, target, mode, way, "-d", "1", "--max-size", "2G"))
        with open(folder / "t.json", "rb") as file:
            head = file.read(16384).rstrip()
        end = json.loads(head[:head.index(b'"traceEvents"')].rstrip().rstrip(b",") + b"}")["metadata"]["end_us"]
        figures["-d, s over"] = end / 1e6 - 1
        (folder / "t.json").unlink()
    finally:
        target.clean_up()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--mode", default=",".join(MODES), help="which programs (default: all)")
    parser.add_argument("--collect", default="trap", help="in which way (default: %(default)s)")
    args = parser.parse_args()
    worst = collections.defaultdict(lambda: (float("-inf"), ""))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="viztrace-stress-"))
    program = harness.build("hostile")
    until = time.monotonic() + args.minutes * 60
    rounds = 0
    try:
        while rounds == 0 or time.monotonic() < until:
            for mode in args.mode.split(","):
                figures = one_round(program, folder, mode, args.collect)
                print("%-8s %s" % (mode, "  ".join("%s: %.2f" % pair for pair in figures.items())), flush=True)
                for name, value in figures.items():
                    worst[name] = max(worst[name], (value, mode))
            rounds += 1
    finally:
        shutil.rmtree(folder, True)
    out = [name for name, bound in BOUNDS.items() if worst[name][0] > bound]
    for name, (value, mode) in worst.items():
        print("worst %-21s %8.2f (%s)%s" % (name, value, mode, "  OUT OF BOUNDS" if name in out else ""))
    print("%d rounds, %s" % (rounds, "out of bounds" if out else "all within bounds"))
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
