#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tool for aarch64, compiled: eBPF programs that read that machine's registers, and all of user space.

The header's tests (tests/header) have their own for aarch64, which run; the whole tool runs on kernels for
aarch64 in tests/kernels.
"""
import collections
import os
import pathlib
import platform
import shutil
import struct
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "header"), str(TESTS / "kernels")]
import cross
from elf import EM_AARCH64, Elf
from harness import Failure, Job, Skip, run_all

SHF_EXECINSTR = 4
LOAD_U64 = 0x79
# Where a uprobe's program finds the first five arguments: in x86-64's struct pt_regs, in aarch64's.
ARGUMENTS = {112: 0, 104: 8, 96: 16, 88: 24, 72: 32}
OBJECTS = {"viztrace": True, "follow": False}  # does it read registers?


def make(folder, *targets):
    for program in (cross.CC, "bpftool"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise Skip("%s is not installed" % program)
    try:
        cross.make(folder, *(os.path.join(folder, t) for t in targets))
    except cross.Failed as e:
        raise Failure(str(e)) from None


def instructions(path):
    """How many there are of each (code, offset)."""
    elf = Elf(path)
    code = b"".join(elf.content(s) for s in elf.sections if s.flags & SHF_EXECINSTR)
    return collections.Counter((op, offset) for op, _, offset, _ in struct.iter_unpack("<BBhi", code))


def programs(name):
    """They differ from those for x86-64 in where the arguments are, and in nothing else."""
    if platform.machine() != "x86_64":
        raise Skip("nothing to compare with: this is no x86-64 machine")
    with tempfile.TemporaryDirectory() as d:
        make(d, name + ".bpf.o")
        there = instructions(os.path.join(d, name + ".whole.bpf.o"))
    here = instructions(TESTS.parent / "build" / (name + ".whole.bpf.o"))
    changed = here - there
    if not set(changed) <= {(LOAD_U64, offset) for offset in ARGUMENTS} or bool(changed) != OBJECTS[name]:
        raise Failure("for x86-64 alone: %s" % dict(changed))
    expected = collections.Counter({(LOAD_U64, ARGUMENTS[offset]): n for (_, offset), n in changed.items()})
    if there - here != expected:
        raise Failure("for aarch64 alone: %s, not %s" % (dict(there - here), dict(expected)))


def user_space():
    """Compiles, with all warnings. To link it takes that machine's libraries: see tests/kernels."""
    with tempfile.TemporaryDirectory() as d:
        sources = sorted((TESTS.parent / "user").glob("*.c"))
        objects = ["user/%s.o" % s.stem for s in sources]
        make(d, *objects)
        for o in objects:
            if Elf(os.path.join(d, o)).machine != EM_AARCH64:
                raise Failure("%s is not for aarch64" % o)


def main():
    jobs = [Job("aarch64: eBPF programs of " + name, lambda name=name: programs(name)) for name in OBJECTS]
    jobs.append(Job("aarch64: user space", user_space))
    passed, failed, skipped = run_all(jobs, 2)
    for reason, count in sorted(skipped.items()):
        print("skipped %d: %s" % (count, reason))
    print("%d passed, %d failed, %d skipped" % (passed, len(failed), sum(skipped.values())))
    return 1 if failed or not passed and not skipped else 0


if __name__ == "__main__":
    sys.exit(main())
