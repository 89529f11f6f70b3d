# SPDX-License-Identifier: BSD-2-Clause
"""What must not compile. Each file of reject/ compiles with -DGOOD and does not without it, and then the compiler's
message holds the text of the file's `expect` comment. A comment may be for one language or compiler; the one for the
compiler wins:

    expect: TEXT    expect c: TEXT    expect c++: TEXT    expect gcc: / g++: / clang: / clang++: TEXT

What viztrace.hpp rejects says so in the first line that is an error. "options: -std=c++17" is for what
needs those; a file with libcxx in its name is tried with that library.

A .c file is tried as C and as C++, a .cc file as C++ alone; warnings are not made errors; also with VIZ_PROBE_DISABLE.
"""
import os
import re

from harness import INCLUDE, LIBCXX, Failure, Job, command, need, path

VARIANTS = [  # compiler, language, options
    ("gcc", "c", ["-x", "c", "-std=c11"]),
    ("clang", "c", ["-x", "c", "-std=c11"]),
    ("g++", "c++", ["-x", "c++", "-std=c++11"]),
    ("clang++", "c++", ["-x", "c++", "-std=c++11"]),
]


def check(file, compiler, language, options, more):
    need(compiler, *(o for o in options if o == LIBCXX))
    with open(file, encoding="utf-8") as f:
        source = f.read()
    expects = dict(re.findall(r"/\* expect ?([a-z+]*): (.*) \*/", source))
    options = [*options, *" ".join(re.findall(r"/\* options: (.*) \*/", source)).split()]
    text = next((expects[k] for k in (compiler, language, "") if k in expects), None)
    if text is None:
        raise Failure("the file does not say what to expect")
    args = [compiler, *options, *more, "-I", INCLUDE, "-fsyntax-only", "-Wall", "-Wextra"]
    if not more:
        code, out = command(args + ["-Werror", "-DGOOD", file])
        if code:
            raise Failure("does not compile without the misuse:\n" + out[:2000])
    code, out = command(args + [file])
    if code == 0:
        raise Failure("compiles, though it must not%s" % (":\n" + out[:500] if out else ""))
    where = out
    if os.path.basename(file).startswith("hpp_"):
        where = next((line for line in out.splitlines() if "error:" in line), "")
    if text not in where:
        raise Failure("the message lacks '%s':\n%s" % (text, out[:2000]))


def jobs():
    made = []
    folder = path("reject")
    for name in sorted(os.listdir(folder)):
        if not name.endswith((".c", ".cc")):
            continue
        for compiler, language, options in VARIANTS:
            if name.endswith(".cc") and language == "c":
                continue
            if "libcxx" in name:
                if compiler != "clang++":
                    continue
                options = [*options, LIBCXX]
            for label, more in (("", []), (", disabled", ["-DVIZ_PROBE_DISABLE"])):
                made.append(Job("reject: %s, %s%s" % (name, compiler, label), lambda a=(
                    os.path.join(folder, name), compiler, language, options, more): check(*a)))
    return made
