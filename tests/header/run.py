#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of include/viztrace.h and viztrace.hpp. Prints what fails and why something was skipped; exits with 1 if anything failed.

    run.py [-j N] [TEXT ...]     only the tests whose name contains one of the texts
    run.py --list
"""
import argparse
import os
import sys

import attributes
import behaviour
import descriptors
import matrix
import rejects
from harness import run_all


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-j", type=int, default=max(2, os.cpu_count() or 2), metavar="N")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("text", nargs="*")
    options = parser.parse_args()
    jobs = attributes.jobs() + behaviour.jobs() + descriptors.jobs() + rejects.jobs() + matrix.jobs()
    jobs = [j for j in jobs if not options.text or any(t in j.name for t in options.text)]
    if options.list:
        for j in jobs:
            print(j.name)
        return 0
    passed, failed, skipped = run_all(jobs, options.j)
    for reason, count in sorted(skipped.items()):
        print("skipped %d: %s" % (count, reason))
    print("%d passed, %d failed, %d skipped" % (passed, len(failed), sum(skipped.values())))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
