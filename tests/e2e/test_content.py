# SPDX-License-Identifier: BSD-2-Clause
"""What the timeline says is so: names, ends, tracks."""
import harness
import tracefile
import viewer


class Content(harness.Case):
    def content(self, *args, options=(), **rules):
        trace, said, messages = self.traced(harness.build("content"), *args, options=options, **rules)
        self.assertTrue(said.endswith("done\n"), said)
        self.assertNotIn("do not balance", messages)
        return trace

    def test_objects_at_one_address_have_bands_of_their_own(self):
        trace = self.content("same_address")
        bands = {}
        for e in trace.of("b"):
            bands.setdefault(e["id2"]["local"], set()).add(e["name"])
        self.assertEqual(sorted(bands.values(), key=str), [{"conn-0"}, {"conn-1"}, {"conn-2"}])
        self.assertEqual({e["pid"] for e in trace.of("b")}, {trace.metadata["pid"]})
        # Perfetto leaves null out of an event's arguments.
        self.assertEqual({e["args"]["peer"] for e in trace.of("b") if e["args"]}, {"null"})
        self.assertEqual({e["args"]["snapshot"]["peer"] for e in trace.of("O")}, {None})

    def test_a_counter_is_one_track_and_ends_when_it_is_left(self):
        trace = self.content("counter_ends")
        samples = [(e["args"], e.get("viz")) for e in trace.of("C", name="short-lived")]
        self.assertEqual({e.get("id") for e in trace.of("C")}, {None})
        self.assertEqual(samples[:-1], [({"open": i, "idle": 7}, None) for i in range(1, 6)] +
                         [({"open": 0, "idle": 0}, "closing"),
                          ({"open": 9, "idle": 7}, None),
                          ({"open": 11, "idle": 0}, "closing"),
                          ({"open": 11}, None)])
        self.assertEqual(samples[-1][1], "closing")
        self.assertEqual(trace.samples_of("lasting"), [{"open": 1, "idle": 0}, {"open": 2, "idle": 0}])

    def test_names_that_every_object_of_javascript_has_are_shown(self):
        trace = self.content("names")
        names = ["__proto___", "constructor_", "toString_", "hasOwnProperty_", "valueOf_"]
        self.assertEqual(trace.slices()[::2], ["+" + n for n in names])
        for phase in "BiO":
            self.assertEqual([e["name"] for e in trace.of(phase)], names)
        if viewer.missing():
            self.skipTest(viewer.missing())
        shown = viewer.view(self.dir / "trace.json")
        self.assertIsNone(shown["error"])
        self.assertEqual(shown["warnings"], [])
        process, = shown["processes"]
        self.assertEqual(set(process["objects"]), set(names))
        thread, = [t for t in process["threads"] if t["slices"]["count"]]
        self.assertEqual(thread["slices"]["titles"], {n: 1 for n in names})
