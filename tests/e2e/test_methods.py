# SPDX-License-Identifier: BSD-2-Clause
"""Slices nest and have the right names, whatever way the code takes."""
import harness


def fib(n):
    inner = fib(n - 1) + fib(n - 2) if n > 1 else []
    return ["+fib", *inner, "-fib"]


EARLY = (["+early", "-early"] + ["+early", "+inner", "-inner", "-early"] * 2 +
         ["+early", "+inner", "-inner", "+loop", "-loop", "+loop", "-loop", "-early"])


class Methods(harness.Case):
    def methods(self, mode, name="methods", cc="cc", flags=("-O2",)):
        trace, _, messages = self.traced(harness.build(name, "methods.c", cc=cc, flags=flags), mode)
        self.assertNotIn("do not balance", messages)
        self.assertEqual(trace.total["lost"], 0)
        return trace

    def test_recursion_and_early_ways_out(self):
        for name, cc, flags in (("methods", "cc", ("-O2",)), ("methods-O0", "cc", ("-O0",)),
                                ("methods-clang", "clang", ("-O2",)), ("methods-clang-O0", "clang", ("-O0",)),
                                ("methods-O3-lto", "cc", ("-O3", "-flto"))):
            if not harness.have(cc):
                continue
            with self.subTest(name=name):
                trace = self.methods("plain", name, cc, flags)
                self.assertEqual(trace.slices(), fib(4) + EARLY + ["+request", "+parse", "-parse", "-request"])
                self.assertEqual(trace.metadata["unwound"], 0)

    def test_longjmp_out_of_scopes(self):
        trace = self.methods("longjmp")
        once = ["+jumper"] + ["+deep"] * 4 + ["-deep"] * 4 + ["+after the jump", "-after the jump", "-jumper"]
        self.assertEqual(trace.slices(), once * 3 + ["+last", "-last"])
        self.assertEqual(trace.metadata["unwound"], 12)

    def test_longjmp_from_the_same_frame_again_and_again(self):
        for options in ((), ("--collect", "batch")):
            with self.subTest(options=options):
                trace, _, _ = self.traced(harness.build("methods"), "again", options=options)
                wanted = (["+leaves", "-leaves"] * 500 + ["+between", "-between"] +
                          ["+leaves_args", "-leaves_args"] * 500 + ["+last", "-last"])
                self.assertTrue(trace.slices() == wanted) # to tell how they differ takes ages
                self.assertEqual(trace.metadata["unwound"], 1000)

    def test_recursion_that_the_compiler_inlined(self):
        def down(n):
            return ["+down", *(down(n - 1) + down(n - 2) if n > 1 else []), "-down"]

        for options in ((), ("--collect", "batch")):
            with self.subTest(options=options):
                trace, said, _ = self.traced(harness.build("methods-O3", "methods.c", flags=("-O3",)), "inlined",
                                             options=options)
                self.assertGreater(int(said.split("inlined ")[1]), 0)
                self.assertEqual(trace.slices(), down(6))
                self.assertEqual(trace.metadata["unwound"], 0)

    def test_exits_that_match_nothing(self):
        trace = self.methods("unmatched")
        self.assertEqual(trace.slices(), ["+a", "+b", "-b", "-a", "+never left", "-never left"])
        self.assertEqual(trace.metadata["unmatched_exits"], 2)

    def test_threads_have_stacks_of_their_own(self):
        trace = self.methods("threads")
        tids = {e["tid"] for e in trace.of("B")}
        self.assertEqual(len(tids), 8)
        for tid in tids:
            self.assertEqual(trace.slices(tid), fib(5) * 20)

    def test_a_tracer_that_comes_in_mid_slice(self):
        trace = self.methods("middle")
        self.assertEqual(trace.slices(), fib(2) + ["+middle", "+open", *fib(2), "-open", "-middle"])
        self.assertEqual(trace.metadata["unmatched_exits"] >= 1, True)

    def test_a_tracer_that_goes_in_mid_slice(self):
        target = self.target(harness.build("methods"), "leave")
        tool = self.attach(target.pid)
        target.tell()
        target.await_step("inside")
        self.end(tool)
        self.assertEqual(self.load().slices(), ["+leave_open", "+inside", "-inside", "-leave_open"])
        target.tell()
        self.assertEqual(target.wait(), 0)

    def test_cxx_names_and_exceptions(self):
        for cc in ("g++", "clang++"):
            if not harness.have(cc):
                continue
            with self.subTest(cc=cc):
                trace, said, _ = self.traced(harness.build("cxx-" + cc, "cxx.cc", cc=cc,
                                                           flags=("-O2", "-std=c++17")))
                self.assertTrue(said.endswith("done\n"))
                cart = "shop::Cart::"
                names = [cart + n for n in ("Cart", "add", "add", "size", "count", "operator+=", "twice<int>",
                                              "twice<double>")]
                self.assertEqual([n[1:] for n in trace.slices() if n[0] == "+"][:len(names)], names)
                rest = trace.slices()[2 * len(names):]
                self.assertEqual(rest, ["+shop::(anonymous namespace)::hidden", "-shop::(anonymous namespace)::hidden"] +
                                 ["+shop::nested"] * 4 + ["-shop::nested"] * 4 +
                                 ["+handler", "-handler", "+shop::Cart::~Cart", "-shop::Cart::~Cart"])
                self.assertEqual([(s["items"], s["total"]) for s in trace.snapshots("Cart")],
                                 [(1, 0), (1, 1.5), (1, 1.5), (2, 1.5), (2, 1.5)])
                self.assertEqual(trace.metadata["unwound"], 0)
                self.assertEqual(trace.counts["D"], 1)
