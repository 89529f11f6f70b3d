# SPDX-License-Identifier: BSD-2-Clause
"""VIZ_AT, VIZ_UNIT and VIZ_ENUM in each language and standard: each of these files checks its own descriptors."""
import os
import tempfile

from harness import INCLUDE, Job, must, need, path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
STANDARDS = {"gcc": ["c99", "c11", "c17", "c2x"], "clang": ["c99", "c11", "c17", "c2x"],
             "g++": ["c++11", "c++14", "c++17", "c++20", "c++2b"], "clang++": ["c++11", "c++14", "c++17", "c++20", "c++2b"]}


def check(name, compiler, standard, more):
    need(compiler, "--version")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "a")
        must([compiler, "-x", "c++" if "++" in compiler else "c", "-std=" + standard, *WARNINGS, *more, "-I", INCLUDE,
              path(name + ".c"), "-o", file], "build")
        must([file, "argument"], "run")


def jobs():
    return [Job("%s: %s -std=%s %s" % (name, compiler, standard, " ".join(more)), lambda a=(name, compiler, standard, more): check(*a))
            for name in ("followed", "noted") for compiler, standards in STANDARDS.items() for standard in standards
            for more in (["-O0"], ["-O2"], ["-O2", "-DVIZ_PROBE_DISABLE"])]
