# SPDX-License-Identifier: BSD-2-Clause
"""viztrace.hpp: attributes.cc says which writes report what; what the compiler makes of a write; what is left in the file.
"""
import os
import re
import shutil
import tempfile

from behaviour import SANITIZED
from elf import Elf
from harness import AARCH64, INCLUDE, LIBCXX, STRICT, Failure, Job, Skip, command, must, need, path, run
from matrix import CXX_STANDARDS, LINKS, expect

COMPILERS = [("g++", "gcc"), ("clang++", "clang")]
UNITS = ["attributes.cc", "attributes_other.cc"]
TYPES = ["attributes_types.cc"]
GC = next(flags for link, flags in LINKS if link == "gc-sections")

STORE = """
#include "viztrace.hpp"
class Pool : public viz::counter<Pool> {
public:
	VIZ_ATTR(int, open);
	VIZ_ATTR(int, idle) = 3;
	VIZ_ATTR(int, _own);
};
extern "C" {
void assign(Pool &p);
void assign(Pool &p) { p.open = 2; }
void increment(Pool &p);
void increment(Pool &p) { ++p.open; }
void copy(Pool &p, Pool &q);
void copy(Pool &p, Pool &q) { p.open = q.idle; }
void hide(Pool &p);
void hide(Pool &p) { p._own = 2; }
int read(const Pool &p);
int read(const Pool &p) { return p.open; }
}
void make();
void make() { Pool p; assign(p); }
"""
SMALL = """
#include "attributes.h"
int main()
{
	shop::till t("t");
	shop::customer c, d(c);
	shop::shelf<short, 5> s;
	viz::scope scope("s");
	viz::triggerlog log(c, viz::both);

	viz::instant("i");
	s.put(1);
	t.customers = 2;
	++t.served;
	c.name = "x";
	d = c;
	c.own.pay(3);
	c.marks[1] += 2;
	c.log();
	bool same = t.customers == 2 && d.name.get() == "x" && !c.config(viz::enabled(true));
	write_elsewhere(t, s);
	return same && t.customers == 99 ? 0 : 1;
}
"""
# A write is the store, the load and the branch; a look at an attribute is one at its value.
STORES = {"assign": [["movl"]], "increment": [["addl"], ["incl"]], "copy": [["mov", "mov"]]}
TESTS = [["cmpw", "jne"], ["movzwl", "test", "jne"]]
CODE = {"read": [["mov", "ret"]], "hide": [["movl", "ret"]],
        **{f: [[*store, *test, "ret"] for store in stores for test in TESTS] for f, stores in STORES.items()}}


def build(d, compiler, options, units):
    """The program, and a warning is a failure."""
    spy, app = os.path.join(d, "spy.o"), os.path.join(d, "app")
    cc = dict(COMPILERS, **{cxx: c for c, cxx in AARCH64})[compiler]
    need(compiler, *options)
    need(cc)
    must([*cc.split(), "-fPIC", "-I", INCLUDE, "-c", path("spy.c"), "-o", spy], "build the spy")
    out = must([*compiler.split(), *STRICT, *options, "-I", INCLUDE, *map(path, units), spy, "-o", app], "build", 180)
    expect(out == "", "the compiler says:\n" + out[:3000])
    return app


def check_behaviour(compiler, options, units=UNITS):
    with tempfile.TemporaryDirectory() as d:
        run("run", build(d, compiler, options, units))


def check_descriptors(compiler, options):
    """One for each class, also where two units have it, and it is in the section where the tool looks for it."""
    with tempfile.TemporaryDirectory() as d:
        elf = Elf(build(d, compiler, options, UNITS))
        listed = elf.classes()
        count = {tag: len([c for c in listed if c.tag == tag]) for tag in {c.tag for c in listed}}
        expect({t: n for t, n in count.items() if "<" not in t} ==
               {"till": 1, "customer": 1, "card": 1, "counted": 2, "local": 1, "wrong": 1, "limits": 2}, "listed: %s" % count)
        # Two units have the first one; those of the others differ.
        expect(sorted(n for t, n in count.items() if "<" in t) == [1] * 5, "listed: %s" % count)
        there = {c.address for c in listed}
        values = [s for n, s in elf.symbols().items() if "10descriptor" in n and n.endswith("5valueE") or
                  n.startswith("viz__class_") and n.count("_") == 4]
        expect(len(values) >= 10 and there >= {s.address for s in values}, "descriptors: %s, listed: %s" % (values, there))


# What the manual says that clang's -Weverything says of the headers, and of these programs themselves.
NOT_ALL = ["-Wno-" + w for w in """c++98-compat c++98-compat-pedantic c++98-compat-local-type-template-args padded
    pre-c11-compat pre-c2x-compat pre-c23-compat
    old-style-cast reserved-identifier reserved-macro-identifier used-but-marked-unused declaration-after-statement
    unknown-warning-option unsafe-buffer-usage""".split()]
OWN = ["-Wno-" + w for w in "weak-vtables missing-noreturn atomic-implicit-seq-cst".split()]


def check_every_warning(compiler, options, source):
    need(compiler, *options)
    must([compiler, *options, "-Weverything", "-Werror", *NOT_ALL, *OWN, "-I", INCLUDE, "-fsyntax-only", path(source)],
         "a warning", 180)


def small(d, compiler, options):
    """A program without a spy; it says by its exit code whether the classes do what they would without us."""
    need(compiler, *options)
    app, source = os.path.join(d, "app"), os.path.join(d, "main.cc")
    with open(source, "w", encoding="utf-8") as f:
        f.write(SMALL)
    out = must([*compiler.split(), *STRICT, *options, "-I", INCLUDE, "-I", path(""), source, path(UNITS[1]), "-o", app],
               "build", 180)
    expect(out == "", "the compiler says:\n" + out[:3000])
    run("run", app)
    return Elf(app)


def check_links(compiler, options):
    """Two units, linked in many ways: each class is listed once."""
    with tempfile.TemporaryDirectory() as d:
        tags = [c.tag for c in small(d, compiler, options).classes()]
        expect(sorted(t for t in tags if t in ("till", "customer", "card", "counted")) ==
               ["card", "counted", "customer", "till"], "listed: %s" % tags)


def check_disabled(compiler, options):
    """It builds, says nothing, and leaves nothing; the classes still work."""
    with tempfile.TemporaryDirectory() as d:
        elf = small(d, compiler, [*options, "-DVIZ_PROBE_DISABLE"])
        left = [s.name for s in elf.sections if s.name in (".note.viz", ".probes", ".stapsdt.base", "viz_classes")]
        expect(not left and not [n for n in elf.notes() if n.provider == "viz"], "VIZ_PROBE_DISABLE leaves %s" % left)
        left = [s for s in elf.symbols() if "descriptor" in s or "4fire" in s or "viz__on_" in s]
        expect(not left, "VIZ_PROBE_DISABLE leaves %s" % left)


def check_code(compiler, options):
    """What writes compile to while nobody traces, and that nothing runs before main()."""
    need(compiler, *options)
    if not shutil.which("objdump"):
        raise Skip("objdump is not installed")
    if os.uname().machine != "x86_64":
        raise Skip("the code that is expected is that for x86-64")
    with tempfile.TemporaryDirectory() as d:
        source, made = os.path.join(d, "store.cc"), os.path.join(d, "store.o")
        with open(source, "w", encoding="utf-8") as f:
            f.write(STORE)
        must([compiler, *STRICT, *options, "-I", INCLUDE, "-c", source, "-o", made], "build")
        _, text = command(["objdump", "-d", "--no-show-raw-insn", made])
        for function, wanted in CODE.items():
            body = re.search(r"<%s>:\n(.*?)\n\n" % function, text + "\n\n", re.S)[1]
            code = [line.split("\t")[1].split()[0] for line in body.splitlines() if "\t" in line]
            code = [c for c in code if c != "endbr64"]
            way = code[:code.index("ret") + 1] if "ret" in code else code
            # Which of two independent ones comes first is the compiler's choice.
            if sorted(way) not in [sorted(w) for w in wanted]:
                raise Failure("%s: %s, not %s:\n%s" % (function, way, wanted, body))
        elf = Elf(made)
        expect(elf.section(".init_array") is None, "something runs before main()")


def jobs():
    made = []

    def add(name, function, *args):
        made.append(Job("attributes: " + name, lambda: function(*args)))

    for cxx, _ in COMPILERS:
        for options in [*([["-std=" + std, level] for std in CXX_STANDARDS for level in ("-O0", "-O2")]),
                        ["-std=c++17", *SANITIZED], ["-std=c++11", "-O2", "-fPIC", "-fvisibility=hidden"],
                        ["-std=c++14", "-O2", *GC]]:
            add("%s %s" % (cxx, " ".join(options)), check_behaviour, cxx, options)
            add("types %s %s" % (cxx, " ".join(options)), check_behaviour, cxx, options, TYPES)
            if cxx == "clang++":
                add("types %s %s %s" % (cxx, LIBCXX, " ".join(options)), check_behaviour, cxx, [LIBCXX, *options], TYPES)
        for options in (["-O0"], ["-O2", *GC]):
            add("descriptors %s %s" % (cxx, " ".join(options)), check_descriptors, cxx, options)
        lto = [["-flto", "-O2"], ["-flto=2", "-flto-partition=max", "-O2"]] if cxx == "g++" else \
            [["-flto", "-fuse-ld=lld", "-O2"], ["-flto=thin", "-fuse-ld=lld", "-O2"]]
        for options in [*lto, ["-O2", "-static", *GC], ["-O0", "-fuse-ld=lld", *GC], ["-O2", "-fuse-ld=gold", "-fPIC"],
                        ["-O2", "-fuse-ld=mold"], ["-O3", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden"]]:
            add("links %s %s" % (cxx, " ".join(options)), check_links, cxx, options)
        for options in (["-std=c++11", "-O0"], ["-std=c++17", "-O2"]):
            add("disabled %s %s" % (cxx, " ".join(options)), check_disabled, cxx, options)
        for options in (["-std=c++11", "-O2"], ["-std=c++2b", "-O3", "-fPIC"]):
            add("code %s %s" % (cxx, " ".join(options)), check_code, cxx, options)
    for compiler, std, sources in [("clang", "c99", ["every_macro.c"]), ("clang", "c2x", ["every_macro.c"]),
                                   *(("clang++", std, ["every_macro.cc", "attributes.cc", *TYPES]) for std in CXX_STANDARDS)]:
        for source in sources:
            for options in (["-std=" + std], ["-std=" + std, "-DVIZ_PROBE_DISABLE"]):
                add("every warning %s %s %s" % (compiler, " ".join(options), source), check_every_warning, compiler, options,
                    source)
    for _, cxx in AARCH64:
        add(cxx, check_behaviour, cxx, ["-std=c++11", "-O2"])
        add("types " + cxx, check_behaviour, cxx, ["-std=c++17", "-O2"], TYPES)
    return made
