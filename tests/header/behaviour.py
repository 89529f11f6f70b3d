# SPDX-License-Identifier: BSD-2-Clause
"""behaviour.c and behaviour.cc: which probes fire, when, and with what."""
import os
import tempfile

from harness import INCLUDE, STRICT, Job, must, need, path


def check(compiler, cc, options):
    need(compiler, *options)
    need(cc, *options)
    source = "behaviour.cc" if "++" in compiler else "behaviour.c"
    with tempfile.TemporaryDirectory() as d:
        spy, app = os.path.join(d, "spy.o"), os.path.join(d, "app")
        must([cc, *STRICT, *options, "-I", INCLUDE, "-c", path("spy.c"), "-o", spy], "build the spy")
        standard = ["-std=c++11"] if "++" in compiler else ["-std=c11"]
        must([compiler, *STRICT, *standard, *options, "-I", INCLUDE, path(source), spy, "-o", app], "build")
        must([app], "run")


def jobs():
    return [Job("behaviour: %s %s" % (compiler, " ".join(options)), lambda a=(compiler, cc, options): check(*a))
            for compiler, cc in (("gcc", "gcc"), ("clang", "clang"), ("g++", "gcc"), ("clang++", "clang"))
            for options in (["-O0"], ["-O2"], ["-O3", "-fno-omit-frame-pointer"],
                            ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"])]
