# SPDX-License-Identifier: BSD-2-Clause
"""behaviour.c, behaviour.cc and, for viztrace.hpp, attributes.cc: which probes fire, when, and with what."""
import os
import tempfile

from harness import AARCH64, INCLUDE, STRICT, Failure, Job, must, need, path, run


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


def check_attributes(compiler, cc, options):
    """attributes.cc and a second unit that writes the same classes; no constructor runs before main()."""
    need(compiler, *options)
    need(cc)
    compiler, cc = compiler.split(), cc.split()
    with tempfile.TemporaryDirectory() as d:
        spy, app = os.path.join(d, "spy.o"), os.path.join(d, "app")
        must([*cc, "-I", INCLUDE, "-c", path("spy.c"), "-o", spy], "build the spy")
        out = must([*compiler, *STRICT, *options, "-I", INCLUDE, path("attributes.cc"), path("attributes_other.cc"), spy,
                    "-o", app], "build")
        if out:
            raise Failure("the compiler says:\n" + out[:3000])
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
STANDARDS = ["c++11", "c++14", "c++17", "c++20", "c++2b"]
SANITIZED = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def jobs():
    batches = [Job("batches: %s %s" % (cc, " ".join(options)), lambda a=(cc, options): check_batches(*a))
               for cc in ("gcc", "clang") for options in (*LEVELS, ["-O2", "-static"], SANITIZED)]
    attributes = [Job("attributes: %s %s" % (cxx, " ".join(options)), lambda a=(cxx, cc, options): check_attributes(*a))
                  for cxx, cc in HERE[2:]
                  for options in [["-std=" + std, level] for std in STANDARDS for level in ("-O0", "-O2")] +
                  [["-std=c++17", *SANITIZED], ["-std=c++11", "-O2", "-fPIC", "-fvisibility=hidden"],
                   ["-std=c++20", "-O3", "-flto"] + (["-fuse-ld=lld"] if cxx == "clang++" else [])]]
    attributes += [Job("attributes: %s" % cxx, lambda a=(cxx, cc, ["-std=c++11", "-O2"]): check_attributes(*a))
                   for cc, cxx in AARCH64]
    return attributes + batches + [Job("behaviour: %s %s" % (compiler, " ".join(options)), lambda a=(compiler, cc, options): check(*a))
            for pairs, levels in ((HERE, [*LEVELS, SANITIZED]), (ELSEWHERE, LEVELS))
            for compiler, cc in pairs for options in levels]
