# SPDX-License-Identifier: BSD-2-Clause
"""What the header's tests have in common: a job is a name and a function that returns, or raises Failure or Skip."""
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from elf import EM_AARCH64

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "..", "..", "include")
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
AARCH64 = [("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++"),
           ("clang --target=aarch64-linux-gnu", "clang++ --target=aarch64-linux-gnu")]
LIBCXX = "-stdlib=libc++"
EMULATOR = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]

Job = namedtuple("Job", "name run")


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def path(name):
    return os.path.join(HERE, name)


def command(args, timeout=60):
    """Exit code and all that it printed. Messages in English, whoever runs the tests."""
    env = dict(os.environ, LC_ALL="C", LANGUAGE="")
    try:
        p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=timeout,
                           errors="replace")
    except subprocess.TimeoutExpired:
        return 124, "%s: no end after %d s" % (args[0], timeout)
    return p.returncode, p.stdout


def must(args, what, timeout=60):
    code, out = command(args, timeout)
    if code:
        raise Failure("%s: exit code %d: %s\n%s" % (what, code, " ".join(args), out[:3000]))
    return out


def run(what, app, *args):
    """What a program that was built here prints; one for aarch64 is emulated."""
    return must([*emulator(app), app, *args], what)


def emulator(app):
    with open(app, "rb") as f:
        arm = f.read(20)[18:] == bytes([EM_AARCH64, 0])
    if not arm or os.uname().machine == "aarch64":
        return []
    if not shutil.which(EMULATOR[0]):
        raise Skip("%s is not installed" % EMULATOR[0])
    return EMULATOR


@functools.lru_cache(maxsize=None)
def builds(*args):
    """None if the compiler can build a program with these options, else why not."""
    if not shutil.which(args[0]):
        return "%s is not installed" % args[0]
    with tempfile.TemporaryDirectory() as d:
        suffix = "cc" if "++" in args[0] else "c"
        source = os.path.join(d, "a." + suffix)
        with open(source, "w") as f:
            f.write("int main(void) { return 0; }\n")
        code, _ = command([*args, source, "-o", os.path.join(d, "a")])
    if code and LIBCXX in args:
        return "libc++ is not installed"
    return None if code == 0 else "%s does not know %s here" % (args[0], " ".join(args[1:]))


def need(compiler, *options):
    """compiler: a command, possibly with options of its own ("clang --target=...")."""
    why = builds(*compiler.split(), *options)
    if why:
        raise Skip(why)


def run_all(jobs, workers):
    """(passed, [(name, failure)], {reason: count})"""
    def one(job):
        start = time.monotonic()
        try:
            job.run()
            return None
        except (Failure, Skip) as e:
            return e
        finally:
            if os.environ.get("VIZ_TEST_TIMES"):
                print("%6.2f s  %s" % (time.monotonic() - start, job.name), flush=True)

    passed, failed, skipped = 0, [], {}
    with ThreadPoolExecutor(workers) as pool:
        for job, result in zip(jobs, pool.map(one, jobs)):
            if result is None:
                passed += 1
            elif isinstance(result, Skip):
                skipped[str(result)] = skipped.get(str(result), 0) + 1
            else:
                failed.append((job.name, str(result)))
                print("FAILED %s\n    %s" % (job.name, str(result).rstrip().replace("\n", "\n    ")), flush=True)
    return passed, failed, skipped
