# SPDX-License-Identifier: BSD-2-Clause
"""Slices and instants have the arguments that the program gave them, by traps and in batches, in each format."""
import json

import harness

FIB = {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 5}


class Arguments(harness.Case):
    def told(self, mode, *options):
        """By traps, and in batches."""
        traces = []
        for way in ("trap", "batch"):
            trace, _, messages = self.traced(harness.build("arguments"), mode, options=("--collect", way, *options))
            self.assertNotIn("do not balance", messages)
            self.assertEqual(trace.metadata["events"]["lost"], 0)
            traces.append(trace)
        return traces

    def events(self, trace):
        return [(e["ph"], e["name"], e.get("args", {})) for e in trace.of("B", "E", "i") if e.get("cat") != "viztrace"]

    def test_of_each_type(self):
        for trace in self.told("plain"):
            self.assertEqual(self.events(trace), [
                ("B", "twice", {"n": 21, "path": "a/b"}), ("E", "twice", {"return": 42}),
                ("B", "name_of", {"n": 1}), ("E", "name_of", {"return": "some"}),
                ("B", "name_of", {"n": 0}), ("E", "name_of", {"return": "null"}),
                ("B", "scope", {"bytes": 4096, "share": 0.25, "last": True}), ("E", "scope", {}),
                ("B", "load", {"n": 1}), ("E", "load", {"n (end)": 2, "rest": 3}),
                ("i", "all", {"i8": -1, "u64": str(2 ** 64 - 1), "f32": 1.5, "mood": 1, "where": "0x7000", "no": "0x0",
                              "narrow.low": 7, "narrow.high": -3}),
                ("i", "none", {})])
            self.assertEqual((trace.metadata["unmatched_exits"], trace.metadata["unwound"]), (0, 0))

    def test_strings(self):
        for trace in self.told("strings"):
            *lengths, odd = [args for _, _, args in self.events(trace)]
            self.assertGreater(len(lengths), 30)
            for args in lengths:
                shown = "x" * args["n"] if args["n"] < 511 else "x" * 511 + "… (truncated)"
                self.assertEqual((args["text"], args["again"]), (shown, shown))
            cut = sum(args["n"] >= 511 for args in lengths)
            self.assertGreater(cut, 3)
            self.assertEqual(trace.metadata["events"]["truncated"], cut)
            self.assertEqual(odd, {"end": "at the end", "untouched": "not looked at", "null": "null", "utf8": "grüß",
                                   "control": "a\nb\x01"})

    def test_names(self):
        for trace in self.told("names"):
            long, enter, leave = [args for _, _, args in self.events(trace)]
            name = "n" * 100
            self.assertEqual(long, {"a" + name: 1, "b" + name: 2, "c" + name: 3, "d" + name: 4, "e" + name: 5, "arg6": 6,
                                    "arg7": 7, "arg8": 8})
            self.assertEqual(trace.metadata["events"]["truncated"], 1)
            self.assertEqual((enter, leave), ({"n": 1, "arg2": 2, "n (end)": 3}, {"n (end) (end)": 4, "arg2 (end)": 5}))

    def test_what_is_not_what_it_says(self):
        for trace in self.told("garbage"):
            self.assertEqual(self.events(trace), [
                ("i", "unreadable", {"bad": "<unreadable>", "good": "good"}),
                ("B", "no words", {}), ("E", "no words", {}),
                ("i", "many words", {}), ("B", "many words", {}), ("E", "many words", {}),
                ("i", "none", {}), ("i", "none", {})])

    def test_results_of_what_is_left_in_another_way(self):
        for trace in self.told("jump"):
            events = self.events(trace)
            deep = [("B", "deep", {"n": n}) for n in range(4)] + [("E", "deep", {})] * 4
            self.assertEqual(events[:8], deep)
            open_slices = []
            for phase, name, args in events[8:]:
                self.assertEqual(name, "fib")
                if phase == "B":
                    open_slices.append(args["n"])
                else:
                    self.assertEqual(args, {"return": FIB[open_slices.pop()]})
            self.assertEqual((len(events), open_slices), (8 + 2 * 15, []))
            self.assertEqual((trace.metadata["unmatched_exits"], trace.metadata["unwound"]), (0, 4))

    def test_many(self):
        for trace in self.told("many"):
            self.assertEqual(self.events(trace), [event for i in range(10000) for event in (
                ("B", "scope", {"i": i, "half": i / 2}), ("i", "instant", {"n": -i}), ("E", "scope", {}))])

    def test_in_the_other_formats(self):
        """What `convert` makes of them, and back."""
        self.traced(harness.build("arguments"), "plain", options=("-o", "trace.ndjson", "-o", "trace.pftrace"))
        rows = [json.loads(line) for line in (self.dir / "trace.ndjson").read_text().splitlines()]
        slices = {row["object"]: row.get("state") for row in rows if row.get("kind") == "slice"}
        self.assertEqual(slices["twice"], {"n": 21, "path": "a/b", "return": 42})
        self.assertEqual(slices["load"], {"n": 1, "n (end)": 2, "rest": 3})
        done = harness.run(harness.TOOL, "convert", self.dir / "trace.pftrace", self.dir / "again.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.events(self.load("again.json")), self.events(self.load()))

    def test_filters(self):
        for trace in self.told("plain", "--methods", "tw*"):
            self.assertEqual(self.events(trace)[:2], [("B", "twice", {"n": 21, "path": "a/b"}), ("E", "twice", {"return": 42})])
            self.assertEqual({e["name"] for e in trace.of("B")}, {"twice"})
        for trace in self.told("plain", "--min-duration", "1s"):
            self.assertEqual(trace.of("B", "E"), [])
