# SPDX-License-Identifier: BSD-2-Clause
"""Memory that is bad in every way: the target lives, nothing is made up, everything is counted."""
import json
import math
import re
import struct

import harness

UNREADABLE = "<unreadable>"
MARK = "\u2026 (truncated)"
NAME_MARK = "..."
U64_MAX = (1 << 64) - 1


def text_of(size):
    return "".join(chr(ord("a") + i % 26) for i in range(size))


class Garbage(harness.Case):
    def garbage(self, mode, **rules):
        trace, said, messages = self.traced(harness.build("garbage"), mode, **rules)
        self.said = messages
        self.assertTrue(said.endswith("survived\n"), said)
        self.assertNotIn("do not balance", messages)
        self.assertNotIn("warning: the books", messages)
        return trace

    def test_strings_that_cannot_be_read_are_never_shown_as_empty(self):
        trace = self.garbage("strings")
        snapshots = trace.snapshots("strings")
        self.assertEqual(len(snapshots), 4)
        for n, s in enumerate(snapshots, 1):
            self.assertEqual(s, {
                "null": None, "dangling": UNREADABLE, "kernel": UNREADABLE, "low": UNREADABLE,
                "noncanonical": UNREADABLE, "empty": "", "fresh": "", "cold": "cold text", "rodata": "cold ro",
                "across": "across pages", "into_nothing": UNREADABLE, "n": n})
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.probe("set")["unreadable"], 4)

    def is_text(self, got, size):
        """The text of that size, whole or cut with a mark."""
        whole = text_of(size)
        if got != whole:
            mark = MARK if got.endswith(MARK) else NAME_MARK
            self.assertTrue(got.endswith(mark), got[-40:])
            self.assertTrue(whole.startswith(got[:-len(mark)]), got[:40])
            return False
        return True

    def test_long_strings_are_cut_with_a_mark_and_counted(self):
        trace = self.garbage("long")
        s = trace.snapshots("longs")
        self.assertTrue(self.is_text(s[0]["s300"], 300))
        self.assertTrue(self.is_text(s[1]["s4094"], 4094))
        self.assertFalse(self.is_text(s[2]["s4096"], 4096))
        self.assertGreaterEqual(len(s[2]["s4096"]), 4095)
        self.assertFalse(self.is_text(s[3]["s5000"], 5000))
        self.assertFalse(self.is_text(s[4]["s100000"], 100000))
        many = trace.snapshots("many")
        self.assertEqual([self.is_text(t, 100) for t in many[0]["s"]], [True] * 32)
        self.assertEqual(trace.total["truncated"], 3)
        self.assertEqual((trace.total["lost"], trace.total["unreadable"]), (0, 0))

    def test_many_long_strings_at_once_are_cut_and_not_lost(self):
        trace = self.garbage("many")
        self.assertEqual(trace.total["lost"], 0)
        whole = [self.is_text(t, 4000) for t in trace.snapshots("many")[0]["s"]]
        self.assertTrue(whole[0] and not whole[-1])
        self.assertEqual((trace.total["truncated"], trace.total["unreadable"]), (1, 0))

    def test_text_becomes_valid_utf8(self):
        trace = self.garbage("text")
        bad = "\ufffd"
        name = "name %s \"quoted\" \x01 \U0001f600" % bad
        snapshots = trace.snapshots(name)
        shown = [s["s"] for s in snapshots]
        for got, want in zip(shown, (bad, bad, bad, "abc" + bad, bad, "\U0001f600", "\x01\x02\x1f\x7f\b\f\n\r\t\"\\/",
                                     "\ufffe\uffff", "\u2028", "</script>", "\\u0000", "\ufeff")):
            if want.endswith(bad):
                self.assertEqual(got.rstrip(bad) + bad, want)
            else:
                self.assertEqual(got, want)
        for s in snapshots:
            self.assertEqual((s["full"], s["cut"], s["empty"]), ("12345678", "12345\u20ac", ""))
            self.assertEqual((s["id"], s["cat"], s["base_type"]), (1, 2, 3))
            self.assertEqual(s["rows"][0], "abcd")
            self.assertEqual(s["rows"][1].rstrip(bad), "ef")
        self.assertEqual([e["name"] for e in trace.of("i")], ["instant %s \"q\" \n \U0001f600" % bad, ""])
        self.assertEqual(trace.slices(), ["+slice " + bad, "-slice " + bad, "+Profile", "-Profile"])
        self.assertEqual(trace.samples_of("value " + bad), [{"attr \"\\": 1}])
        self.assertEqual((trace.total["lost"], trace.total["unreadable"], trace.total["truncated"]), (0, 0, 0))

    def test_objects_whose_memory_is_gone(self):
        trace = self.garbage("freed")
        self.assertEqual([s["number"] for s in trace.snapshots("freed")], list(range(1, 101)))
        self.assertEqual([s["tail"] for s in trace.snapshots("freed")], [-i for i in range(1, 101)])
        self.assertEqual(trace.probe("destroy")["written"], 50)
        self.assertEqual(trace.total["lost"], 0)

    def test_an_object_across_pages(self):
        trace = self.garbage("boundary")
        cold = trace.snapshots("cold second page")
        self.assertEqual([(s["number"], s["pad"], s["tail"]) for s in cold], [(1, "", 11)] * 3)
        whole, part = trace.snapshots("no second page")
        self.assertEqual((whole["number"], whole["tail"]), (2, 22))
        self.assertEqual((part["number"], part["tail"]), (2, UNREADABLE))
        self.assertEqual(trace.probe("log")["unreadable"], 1)

    def test_json_text(self):
        trace = self.garbage("json")
        snapshots = [e["args"]["snapshot"] for e in trace.of("O", name="json")]
        self.assertEqual([s["n"] for s in snapshots], list(range(28)))
        j = [s["j"] for s in snapshots]
        self.assertEqual(list(j[0]), ["a", "id_", "b"])
        self.assertEqual(sorted(j[0]["b"].values(), key=str), [3, "x"])
        self.assertNotIn("id", j[0]["b"])
        self.assertEqual(j[1], [1, 2.5, 0, 1000, True, False, None, "\u00e9\U0001f600"])
        texts = ["{", "", "  ", "nul", "[1,]", "{\"a\":}", "[NaN]", "[Infinity]", "'x'", "1 2"]
        self.assertEqual(j[2:12], texts)
        self.assertIsInstance(j[12], str)
        self.assertEqual(str(j[13][0]), str(U64_MAX))
        self.assertEqual(j[13][1], -(1 << 63))
        self.assertEqual(j[15], {"cat": 1, "base_type": 2, "snapshot": 3})
        self.assertEqual(j[18:23], [{}, [], None, 7, "text"])
        self.assertEqual(j[23], [0.00037687560355167916, 1.7976931348623157e308, 5e-324])
        self.assertEqual(j[24], json.loads("[" * 20 + "]" * 20))
        self.assertEqual(j[25], "[" * 1500 + "]" * 1500)
        self.assertEqual(j[26:], [None, UNREADABLE])
        self.assertGreaterEqual(trace.metadata["invalid_json"], 12)
        self.assertEqual((trace.total["lost"], trace.total["unreadable"]), (0, 1))

    def test_numbers_at_their_limits(self):
        doubles = [0.1, math.nan, math.inf, -math.inf, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, -0.0,
                   0.00037687560355167916, 1 / 3, 1e22, 123456789.123456789, 9007199254740992.0, 1e-7]
        trace = self.garbage("numbers")
        for i, (s, d) in enumerate(zip(trace.snapshots("numbers"), doubles)):
            if math.isfinite(d):
                self.assertEqual(struct.pack("d", s["d"]), struct.pack("d", d))
            else:
                self.assertIsInstance(s["d"], str)
            self.assertEqual(int(s["u"]), U64_MAX if i % 2 else (1 << 63) - 1 + i)
            self.assertEqual(s["i"], -(1 << 63) if i % 2 else (1 << 63) - 1)
            self.assertEqual((s["u8"], s["i8"], s["b"]), (255, -128, True))
        finite = [d for d in doubles if math.isfinite(d)]
        for name in "meter", "single":
            self.assertEqual([struct.pack("d", s["d"]) for s in trace.samples_of(name)],
                             [struct.pack("d", d) for d in finite])
        for s in trace.samples_of("meter"):
            self.assertEqual(s["b"], 1)
            self.assertIn(s["i"], (-(1 << 63), (1 << 63) - 1))
        self.assertEqual([s["u"] for s in trace.samples_of("whole")][1], 2.0 ** 64)
        # What is left out is told of.
        self.assertEqual(trace.metadata["not_finite"], 6)
        self.assertEqual(len([e for e in trace.of("i") if "number" in e["name"]]), 6)
        self.assertEqual(trace.total["lost"], 0)

    def test_names_that_are_gone_or_long(self):
        trace = self.garbage("names")
        names = list(dict.fromkeys(e["name"] for e in trace.of("C")))
        self.assertEqual(names[0], UNREADABLE)
        self.assertFalse(self.is_text(names[1], 2000))
        self.assertIn(names[2], ("", "meter"))
        self.assertEqual(names[3], text_of(510))
        for i, name in enumerate(names[:4]):
            self.assertEqual([s["i"] for s in trace.samples_of(name)], [i, i + 10])
        instants = [e["name"] for e in trace.of("i")]
        self.assertTrue(self.is_text(instants[0], 63))
        self.assertTrue(self.is_text(instants[1], 64))
        self.assertFalse(self.is_text(instants[2], 600))
        self.assertEqual(len(trace.slices()), 2)
        self.assertEqual(trace.total["lost"], 0)
        self.assertGreaterEqual(trace.total["truncated"], 5)
        self.assertGreaterEqual(trace.total["unreadable"], 1)

    def test_calls_that_no_macro_makes(self):
        trace = self.garbage("stub")
        self.assertEqual([s["i"] for s in trace.samples_of("meter")], [5])
        self.assertGreater(trace.total["lost"], 0)
        lost = re.findall(r"warning: (\d+) events were lost: (?:where they say that an object is there is none|what they said)",
                          self.said)
        self.assertEqual((len(lost), sum(map(int, lost))), (2, trace.total["lost"]), self.said)
        self.assertNotIn("--ring-size", self.said)
        self.assertEqual(trace.probe("set")["seen"], 8 * 4 + 1)
        self.assertEqual(trace.probe("instant"), {"seen": 16, "written": 16, "filtered": 0, "lost": 0, "truncated": 0,
                                                  "unreadable": trace.probe("instant")["unreadable"]})
        self.assertGreaterEqual(trace.probe("instant")["unreadable"], 5)

    def test_class_descriptors_that_lie(self):
        # 1500 descriptors, each with room for the largest: more than a ring of the default size holds
        trace = self.garbage("classes", options=("--ring-size", "128M"))
        self.assertEqual(trace.samples_of("meter")[-1:], [{"d": 0, "u": 0, "i": 5, "b": 0}])
        self.assertEqual(trace.probe("set")["seen"], 1501)
