#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trace on other kernels: Debian's, each in a virtual machine by software emulation. No root, no KVM.

    run.py [--kernels 5.10,6.1,6.12,newest] [--refresh] [-v]
    run.py --kernels arm64      those for aarch64, with a tool for aarch64; or 6.12-arm64 alone

debian.py gets the kernels (into $XDG_CACHE_HOME/viztrace-kernels, or ~/.cache), guest.py boots them, init.sh traces
inside, checks.py judges the traces. What the guests left stays in build/kernels/KERNEL. A kernel takes some minutes. One
that cannot be had, and a site that a kernel refuses, counts as skipped.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import traceback

import checks
import cross
import debian
import guest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = {
    "scenarios": ROOT / "tests" / "parity" / "scenarios.c",
    "hammer": ROOT / "tests" / "e2e" / "programs" / "hammer.c",
    "signals": ROOT / "tests" / "e2e" / "programs" / "signals.c",
    "garbage": ROOT / "tests" / "e2e" / "programs" / "garbage.c",
    "jobserver": ROOT / "tests" / "demo" / "jobserver.c",
}
TIMEOUT = float(os.environ.get("KERNEL_TIMEOUT", "1200"))


class Result:
    def __init__(self, kernel):
        self.kernel, self.release, self.programs, self.site = kernel, "", "", ""
        self.outcomes = []  # (check, "passed" | "FAILED" | "skipped", why)

    def add(self, check, outcome, why=""):
        self.outcomes.append((check, outcome, why))

    def count(self, outcome):
        return sum(o[1] == outcome for o in self.outcomes)


def build(folder, compiler):
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in PROGRAMS.items():
        subprocess.run([*compiler, "-O2", "-g", "-I", ROOT / "include", "-I", source.parent,
                        "-o", folder / name, source, "-lpthread"], check=True)
    return [folder / name for name in PROGRAMS]


def prepare(arch, args):
    """The initramfs for kernels of an architecture; Unavailable if this machine cannot make it."""
    missing = guest.missing(arch)
    if missing:
        raise debian.Unavailable("there is no " + " and no ".join(missing))
    folder = args.build / "kernels" / arch
    if arch == "amd64":
        tool, compiler, libraries_of = args.build / "viztrace-bpf", [os.environ.get("CC", "cc")], guest.libraries
        busybox, setpriv = (pathlib.Path(shutil.which(p)) for p in ("busybox", "setpriv"))  # util-linux has it
    else:
        root = debian.unpacked(arch, args.refresh)
        tool, compiler, libraries_of = cross.tool(root, folder.resolve()), [cross.CC], cross.libraries(root)
        busybox, setpriv = (next(root.glob("**/bin/" + p)) for p in ("busybox", "setpriv"))
    image = folder / "initramfs.gz"
    guest.initramfs([tool, setpriv, *build(folder / "programs", compiler)], busybox, libraries_of, image)
    return image


def run_kernel(kernel, image, folder, refresh):
    result = Result(kernel)
    if isinstance(image, Exception):
        result.add("boots", "skipped" if isinstance(image, debian.Unavailable) else "FAILED", str(image))
        return result
    try:
        vmlinuz, package = debian.get(kernel, refresh)
    except debian.Unavailable as e:
        result.add("boots", "skipped", str(e))
        return result
    print("%s: %s" % (kernel, package), flush=True)
    try:
        seconds = guest.boot(debian.KERNELS[kernel][0], vmlinuz, image, folder, TIMEOUT)
    except guest.Failed as e:
        result.add("boots", "FAILED", str(e))
        return result
    print("%s: was up for %.0f s" % (kernel, seconds), flush=True)
    run = checks.Run(folder)
    try:
        result.release, result.site = run.release(), run.site()
        result.programs = "sleepable" if run.sleepable() else "plain"
    except AssertionError as e:
        result.add("boots", "FAILED", str(e))
    for name, check in checks.checks():
        try:
            check(run)
        except checks.Skip as e:
            result.add(name, "skipped", str(e))
        except AssertionError as e:
            result.add(name, "FAILED", str(e) or traceback.format_exc())
        except Exception:  # a trace that is no JSON, and the like
            result.add(name, "FAILED", traceback.format_exc())
        else:
            result.add(name, "passed")
    return result


def print_outcomes(result, verbose):
    for check, outcome, why in result.outcomes:
        if verbose or outcome == "FAILED":
            print("%s: %s: %s" % (result.kernel, check, outcome))
            for line in why.splitlines()[-40:] if outcome == "FAILED" else ():
                print("    " + line)
    sys.stdout.flush()


def print_table(results):
    row = "%-12s %-32s %-10s %-6s %6s %6s %7s  %s"
    print()
    print(row % ("kernel", "release", "programs", "site", "passed", "failed", "skipped", "why skipped"))
    for r in results:
        reasons = collections.Counter(why for _, outcome, why in r.outcomes if outcome == "skipped")
        print((row % (r.kernel, r.release or "-", r.programs or "-", r.site or "-", r.count("passed"),
                      r.count("FAILED"), r.count("skipped"), "; ".join(reasons))).rstrip())
    print("%d passed, %d failed, %d skipped" % tuple(
        sum(r.count(o) for r in results) for o in ("passed", "FAILED", "skipped")))


def of(arch):
    return [k for k, (of_kernel, _) in debian.KERNELS.items() if of_kernel == arch]


def kernels(text):
    """Names of kernels, and of architectures: all kernels of it."""
    names = []
    for name in text.split(","):
        found = [name] if name in debian.KERNELS else of(name)
        if not found:
            raise argparse.ArgumentTypeError("%s is none of %s" % (name, ", ".join(debian.KERNELS)))
        names += found
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=kernels, default=of("amd64"), metavar="K,K,...",
                        help="of %s, or amd64, arm64: all of these (default: amd64)" % ", ".join(debian.KERNELS))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", metavar="DIR",
                        help="where viztrace-bpf is (default: build)")
    parser.add_argument("--refresh", action="store_true", help="look for newer packages of the kernels")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="kernels at a time")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every check")
    args = parser.parse_args()

    images = {}
    for arch in {debian.KERNELS[k][0] for k in args.kernels}:
        try:
            images[arch] = prepare(arch, args)
        except (debian.Unavailable, cross.Failed) as e:
            images[arch] = e
    folder = args.build / "kernels"
    results = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        futures = [pool.submit(run_kernel, k, images[debian.KERNELS[k][0]], folder / k, args.refresh) for k in args.kernels]
        for future in futures:
            results.append(future.result())
            print_outcomes(results[-1], args.verbose)
    print_table(results)
    return 1 if any(r.count("FAILED") for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
