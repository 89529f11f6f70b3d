# SPDX-License-Identifier: BSD-2-Clause
"""C++ classes whose attributes report themselves (viztrace.hpp), under the tool."""
import harness

KEYS = ["user", "window", "idle", "now", "quota", "more", "number_"]
LONG = "a name that is too long to be kept inside of the string"


def state(**changed):
    first = dict(user="before anybody looked", window=[1, 2, 3], idle=0, now=-1, quota={"soft": 5, "unit": "MB"},
                 more={"a": [1]}, number_=7)
    return {**first, **changed}


class Attributes(harness.Case):
    def program(self, cc):
        if not harness.have(cc):
            self.skipTest("%s is not installed" % cc)
        return harness.build("attributes-" + cc, "attributes.cc", cc=cc, flags=("-O2", "-std=c++11"))

    def check(self, cc, *options):
        trace, said, _ = self.traced(self.program(cc), options=options)
        self.assertTrue(said.endswith("done\n"), said)
        seen = [s for s in trace.snapshots() if list(s) == KEYS]
        self.assertEqual(len(seen), len(trace.snapshots()))
        late = [state(user=LONG), state(user="short"), state(user="short", window=[1, 20, 3])]
        for change in (dict(idle=2000), dict(now=300), dict(quota={"soft": 6, "unit": "MB"}), dict(more=[None]),
                       dict(number_=8)):
            late.append({**late[-1], **change})
        named = trace.snapshots("late-1")
        self.assertEqual(named[:len(late)], late)
        # The copy has the name, and is an object of its own: what assigns to it reports each attribute.
        self.assertEqual([s["user"] for s in named[len(late):]], ["copy", "first"] + ["first"] * (len(KEYS) - 1))
        self.assertEqual(named[-1], {**late[-1], "user": "first"})
        self.assertEqual(len({e["id"] for e in trace.of("O", name="late-1")}), 2)
        self.assertEqual([s["user"] for s in trace.snapshots("grown-0")], ["of 0", "of 1", "of 2"])
        self.assertEqual([s["number_"] for s in trace.snapshots("grown-0")], [0, 0, 0])
        self.assertEqual(trace.samples_of("gauge<float>"),
                         [{"level": 1.5, "hits": n} for n in (0, 1, 2)])
        # Two for the first objects, which are not new any more; each that moved has a life at each place.
        self.assertEqual(trace.counts["N"], trace.counts["D"] - 1)
        self.assertEqual(trace.slices(), ["+rename", "-rename"] * 5)

    def test_gxx(self):
        self.check("g++")

    def test_clangxx(self):
        self.check("clang++")

    def test_among_batches(self):
        """Each of these is a trap all the same; what is not comes in its place."""
        self.check("g++", "--collect", "batch")

    def test_list_names_them(self):
        for cc in ("g++", "clang++"):
            with self.subTest(cc=cc):
                said = harness.run(harness.TOOL, "list", self.program(cc)).stdout
                self.assertRegex(said, r"object session\n +user +string\n +window +int32\[3\]\n +idle +int64  \(ms\)\n +now +int16\n")
                self.assertRegex(said, r"counter gauge<float>\n +level +float\n +hits +uint32\n")
                self.assertEqual(said.count("object session"), 1)


def states_after(first, *changes):
    made = []
    for change in changes:
        first = {**first, **change}
        made.append(first)
    return made


class Types(harness.Case):
    """Vectors, string_views, optionals and unique_ptrs: as much of them as there is at the moment of the report."""
    maxDiff = None
    CUT = "\N{HORIZONTAL ELLIPSIS} (truncated)"

    def program(self, cc, *flags):
        if not harness.have(cc):
            self.skipTest("%s is not installed" % cc)
        if "-stdlib=libc++" in flags and harness.run(
                cc, *flags, "-x", "c++", "-fsyntax-only", "-include", "cstddef", "/dev/null").returncode:
            self.skipTest("libc++ is not installed")
        return harness.build("types-%s-%d" % (cc, len(flags)), "types.cc", cc=cc, flags=("-O2", "-std=c++17", *flags))

    def check(self, program, *options):
        trace, said, _ = self.traced(program, options=options)
        self.assertTrue(said.endswith("done\n"), said)
        first = dict(parts=[1, 2, 3], kind="none", limit=None, left=None, pair=None, more=[], waited=None, weights_=[],
                     title_="")
        parts = ([1, 2, 3, 4], [], [5], [], [], [7] * 1024, [7] * 1024 + [self.CUT], [7])
        kinds = ("a view of this", "", "", "end", "x" * 4096, "y" * 4096 + self.CUT, "")
        rest = (dict(limit=0.5), dict(limit=None), dict(left=6), dict(left=None), dict(pair=[-1, 1]), dict(more=[1, 2]),
                dict(waited=1000), dict(weights_=[1.5]), dict(weights_=[1.5, -2]), dict(title_="renamed"), dict(title_="name"))
        self.assertEqual(trace.snapshots("job"), states_after(
            first, *(dict(parts=p) for p in parts), *(dict(kind=k) for k in kinds), *rest))
        wide = trace.snapshots("wide")
        self.assertEqual(wide[-1], dict(a=[1] * 1024 + [self.CUT], b=[2] * 1024 + [self.CUT], c=[self.CUT]))
        self.assertEqual(len(wide), 3)
        self.assertEqual([sample["n"] for sample in trace.samples_of("plain")], [1, 2])
        self.assertEqual((trace.total["lost"], trace.total["unreadable"], trace.total["truncated"]), (0, 0, 2 + 3), "reports with something cut")
        self.assertEqual(trace.samples_of("load"), [{"seen": 1}, {"seen": 1, "behind": 2.5}, {"behind": 2.5}])

    def test_gxx(self):
        self.check(self.program("g++"))

    def test_batches(self):
        self.check(self.program("g++"), "--collect", "batch")

    def test_clangxx(self):
        self.check(self.program("clang++"))

    def test_libcxx(self):
        self.check(self.program("clang++", "-stdlib=libc++"))

    def test_list_names_them(self):
        said = harness.run(harness.TOOL, "list", self.program("g++")).stdout
        self.assertRegex(said, r"object job\n +parts +int32\[\]\n +kind +string\n +limit +double  \(or none\)\n"
                               r" +left +int32  \(behind a pointer\)\n")
