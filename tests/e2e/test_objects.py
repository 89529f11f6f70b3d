# SPDX-License-Identifier: BSD-2-Clause
"""Objects that were there before the tracer, and objects that take each other's place."""
import collections
import re

import harness


class Late(harness.Case):
    def test_objects_made_before_are_whole_in_their_first_event(self):
        trace, _, _ = self.traced(harness.build("late"))
        self.assertEqual(trace.samples_of("from the stack"), [{"x": 1, "y": 2, "z": 3}])
        self.assertEqual(trace.samples_of("some"), [{"x": 1, "z": 3}])
        self.assertEqual(trace.samples_of("but"), [{"x": 1, "z": 3}])
        self.assertEqual(trace.samples_of("quiet"), [{"x": 1, "y": 2, "z": 3}])
        self.assertEqual(trace.samples_of("off"), [])
        # Its attributes change with its configuration.
        later = trace.samples_of("later")
        self.assertEqual([a for i, a in enumerate(later) if a not in later[:i]], [{"y": 5}, {"y": 5, "z": 6}])
        self.assertEqual(trace.snapshots("account"),
                         [{"balance": 10, "owner": "ada", "rates": [0, 0.5], "lim": {"soft": 0, "hard": 7},
                           "note": "too lon"},
                          {"balance": 1, "owner": None, "rates": [0, 0], "lim": {"soft": 0, "hard": 0}, "note": ""}])
        self.assertEqual(trace.snapshots("savings"), [{"balance": 0, "owner": "bob", "interest": 2.5},
                                                      {"balance": 20, "owner": "bob", "interest": 2.5}])
        # There is no telling since when they are.
        self.assertEqual(trace.of("N"), [])
        self.assertEqual([e["name"] for e in trace.of("D")], ["account"])
        self.assertEqual(trace.total["lost"], 0)

    def test_nothing_of_them_is_reported_twice(self):
        trace, _, _ = self.traced(harness.build("late"))
        self.assertEqual(trace.probe("set")["seen"] + trace.probe("log")["seen"], 10)


class Identity(harness.Case):
    def identity(self, *args, **rules):
        trace, _, messages = self.traced(harness.build("identity"), *args, **rules)
        self.assertNotIn("do not balance", messages)
        return trace

    def lives(self, trace, name=None):
        """[name, scope, N?, [(number, step)], D?] of each object, in order of their first event."""
        open_, out = {}, []
        for e in trace.of("N", "O", "D"):
            key = (e["pid"], e["scope"], e["id"])
            if key not in open_:
                open_[key] = [e["name"], e["scope"], False, [], False]
                out.append(open_[key])
            life = open_[key]
            if e["ph"] == "N":
                life[2] = True
            elif e["ph"] == "D":
                life[4] = True
                del open_[key]
            else:
                life[3].append(tuple(e["args"]["snapshot"].values()))
        return [life for life in out if name is None or life[0] == name]

    def test_memory_that_is_used_again_without_destroy_is_a_new_object(self):
        trace = self.identity("reused")
        self.assertEqual(self.lives(trace), [["ab"[i % 2], "item", True, [(i, 1), (i, 2)], True] for i in range(10)] +
                         [["other", "other", True, [(5,)], False]])
        self.assertEqual(trace.total["lost"], 0)

    def test_init_over_a_living_object_is_a_new_one_and_nothing_follows_destroy(self):
        trace = self.identity("again")
        self.assertEqual(self.lives(trace), [["again", "item", True, [(i, 1)], True] for i in range(5)])
        self.assertEqual(trace.probe("destroy")["seen"], 1)

    def test_an_object_that_is_renamed_goes_on_under_that_name(self):
        for way in ("trap", "batch"):
            for include in (None, "o-[02]"):
                with self.subTest(way=way, include=include):
                    options = ("--collect", way, *(("--include", include) if include else ()))
                    trace, _, _ = self.traced(harness.build("identity"), "named", "4", options=options)
                    names = ["o-%d" % i for i in range(4) if not include or i in (0, 2)]
                    self.assertEqual([life[0] for life in self.lives(trace)], names)
                    for name, _, is_new, steps, _ in self.lives(trace):
                        number = int(name[2:])
                        self.assertEqual(is_new, number > 0)
                        self.assertEqual(steps[-20:], [(number, s) for s in range(20)])
                        self.assertLessEqual(len(steps), 21)
                    for i in range(0 if include else 4):
                        name = "c-%d" % i if i < 3 else "c-3 is th"
                        steps = [tuple(e["args"].values()) for e in trace.of("C", name=name)]
                        self.assertTrue(set(steps) >= {(i, s) for s in range(20)}, (name, steps))
                        self.assertLessEqual({number for number, _ in steps}, {0, i - 1, i})

    def test_two_living_counters_of_one_name_stay_apart(self):
        trace = self.identity("twins")
        tracks = collections.defaultdict(list)
        for e in trace.of("C", name="twin"):
            if "viz" in e:
                continue
            tracks[e.get("id")].append(e["args"]["value"])
        groups = {i: {v // 100 for v in values} for i, values in tracks.items()}
        self.assertEqual(sorted(map(sorted, groups.values())), [[0, 3], [1, 2]])
        for values in tracks.values():
            self.assertEqual(values, sorted(values))

    def test_a_struct_and_its_members_are_objects_of_their_own(self):
        trace = self.identity("nested")
        self.assertEqual(self.lives(trace), [["first", "item", True, [(1, i) for i in range(10)], True],
                                             ["second", "other", True, [(200 + i,) for i in range(10)], True]])
        self.assertEqual([s["value"] for s in trace.samples_of("gauge")], list(range(100, 110)))

    def test_a_copy_is_no_object_until_its_own_init(self):
        trace = self.identity("copies")
        self.assertEqual(self.lives(trace), [["original", "item", True, [(1, 1), (1, 3)], True],
                                             ["copy", "item", True, [(2, 4)], True]])

    def test_an_object_that_came_in_silence_is_not_taken_for_the_one_before(self):
        trace = self.identity("silent")
        lives = self.lives(trace)
        self.assertEqual([(life[0], life[3]) for life in lives], [("one", [(1, 1)]), ("two", [(2, 3)])])

    def check_numbers(self, trace, ends):
        """Each object has its own number, from its first snapshot to its last."""
        lives = self.lives(trace)
        seen = collections.Counter()
        for name, _, _, snapshots, ended in lives:
            number = int(re.fullmatch(r"item (\d+)", name)[1])
            self.assertEqual([s[0] for s in snapshots], [number] * len(snapshots))
            values = [s[1] for s in snapshots]
            self.assertEqual(values, sorted(set(values)))
            self.assertTrue(ended or not ends)
            seen[number] += 1
        self.assertEqual(max(seen.values()), 1)
        return lives

    def test_twenty_thousand_objects_that_come_and_go(self):
        trace = self.identity("quick", "20000")
        self.assertEqual(trace.probe("init")["seen"], 20000)
        lives = self.check_numbers(trace, not trace.total["lost"])
        if not trace.total["lost"]:
            self.assertEqual(len(lives), 20000)
            self.assertTrue(all(life[2] and len(life[3]) == 2 for life in lives))

    def test_more_objects_than_the_kernels_map_holds(self):
        limit = int(re.search(r"#define OBJECTS_MAX (\d+)", (harness.ROOT / "bpf" / "record.h").read_text())[1])
        n = limit + 3000
        trace, _, _ = self.traced(harness.build("identity"), "crowd", n, options=("--ring-size", "64M"))
        self.assertEqual(trace.probe("set")["seen"], 2 * n)
        lives = self.check_numbers(trace, not trace.total["lost"])
        self.assertGreater(len(lives), n // 4)
        if not trace.total["lost"]:
            self.assertEqual(len(lives), n)
            self.assertTrue(all([s[1] for s in life[3]] == [1, 2] for life in lives))
    test_more_objects_than_the_kernels_map_holds.order = -1

    def test_an_object_that_was_forgotten_for_others_begins_anew(self):
        options = ("--memory", "4M", "--ring-size", "64M")
        trace, _, messages = self.traced(harness.build("identity"), "crowd", 20000, options=(*options, "--collect", "batch"))
        self.assertRegex(messages, r"\d+ objects were forgotten for others")
        self.assertEqual(trace.probe("set")["seen"], 40000)
        self.assertEqual(trace.probe("set")["lost"], 0)
        # What was on its way when its object was forgotten is lost: the kernel has not introduced it again.
        trace, _, messages = self.traced(harness.build("identity"), "crowd", 20000, options=(*options, "--collect", "trap"))
        if trace.total["lost"]:
            self.assertRegex(messages, r"\d+ events were lost: their objects had been forgotten for others")
