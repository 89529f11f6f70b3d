# SPDX-License-Identifier: BSD-2-Clause
"""behaviour.c and behaviour.cc: which probes fire, when, and with what."""
import os
import tempfile

from harness import AARCH64, INCLUDE, STRICT, Job, must, need, path, run


def check(compiler, cc, options):
    need(compiler, *options)
    need(cc, *options)
    compiler, cc = compiler.split(), cc.split()
    source = "behaviour.cc" if "++" in compiler[0] else "behaviour.c"
    with tempfile.TemporaryDirectory() as d:
        spy, app = os.path.join(d, "spy.o"), os.path.join(d, "app")
        must([*cc, *STRICT, *options, "-I", INCLUDE, "-c", path("spy.c"), "-o", spy], "build the spy")
        standard = ["-std=c++11"] if "++" in compiler[0] else ["-std=c11"]
        must([*compiler, *STRICT, *standard, *options, "-I", INCLUDE, path(source), spy, "-o", app], "build")
        run("run", app)


def check_batches(cc, options):
    """batch.c: what the program writes into its own memory."""
    need(cc, *options)
    with tempfile.TemporaryDirectory() as d:
        app, stubs = os.path.join(d, "app"), os.path.join(d, "stubs.o")
        must([*cc.split(), *STRICT, "-c", path("batch_stubs.c"), "-o", stubs], "build the stubs")
        must([*cc.split(), *STRICT, "-std=c11", *options, "-I", INCLUDE, path("batch.c"), stubs, "-o", app, "-lpthread"],
             "build")
        run("run", app)


ELSEWHERE = [(c, c) for c, _ in AARCH64] + [(cxx, c) for c, cxx in AARCH64]
HERE = [("gcc", "gcc"), ("clang", "clang"), ("g++", "gcc"), ("clang++", "clang")]
LEVELS = [["-O0"], ["-O2"], ["-O3", "-fno-omit-frame-pointer"]]
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def jobs():
    batches = [Job("batches: %s %s" % (cc, " ".join(options)), lambda a=(cc, options): check_batches(*a))
               for cc in ("gcc", "clang") for options in (*LEVELS, ["-O2", "-static"], SANITIZED)]
    return batches + [Job("behaviour: %s %s" % (compiler, " ".join(options)), lambda a=(compiler, cc, options): check(*a))
            for pairs, levels in ((HERE, [*LEVELS, SANITIZED]), (ELSEWHERE, LEVELS))
            for compiler, cc in pairs for options in levels]
