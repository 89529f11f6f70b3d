# SPDX-License-Identifier: BSD-2-Clause
"""What is behind pointers: VIZ_AT. The eBPF program follows them; the program that is traced does not."""
import harness

UNREADABLE = "<unreadable>"
FIRST = {"cmd.fullname": "get", "cmd.weights": [0.5, 1, 2], "cmd.db.id": 7, "cmd.db.owner": "ann", "last": 0, "note": None,
         "cmd.quick": True, "db.name": "orders", "db.tags": ["ab", "cd"]}


def states(*changes):
    """Each with what changed since the one before."""
    made, last = [], FIRST
    for change in changes:
        last = {**last, **change}
        made.append(last)
    return made


class Follow(harness.Case):
    maxDiff = None

    def follow(self, mode, *options, **rules):
        trace, said, messages = self.traced(harness.build("follow"), mode, options=options, **rules)
        self.assertTrue(said.endswith("done\n"), said)
        self.assertNotIn("do not balance", messages)
        self.assertEqual(trace.total["lost"], 0)
        return trace

    def check_values(self, *options):
        trace = self.follow("values", *options)
        self.assertEqual(trace.snapshots("c1"), states(
            {"cmd.db.id": 70}, {"cmd.weights": [0.5, 1.5, 2]}, {"db.name": "a name "}, {"cmd.fullname": "set"}, {"last": 1},
            {"cmd.db.id": 8, "cmd.db.owner": None}, {"db.name": "12345678", "db.tags": ["ef", "ghij"]}, {"cmd.db.id": 9}))
        self.assertEqual((trace.total["unreadable"], trace.total["truncated"]), (0, 0))

    def test_each_value_is_what_was_there_at_the_report(self):
        self.check_values()

    def test_with_batches_such_an_object_traps(self):
        self.check_values("--collect", "batch")
        self.check_counter("--collect", "batch")  # it has no string that would do so, too

    def test_the_tool_filters_them_by_name(self):
        trace = self.follow("values", "--include", "c1.cmd.db.id")
        self.assertEqual(trace.snapshots("c1"), [{"cmd.db.id": n} for n in (70, 8, 9)])

    def test_perfetto_has_them_too(self):
        program = harness.build("follow")
        self.traced(program, "values")
        done = harness.run(harness.TOOL, "convert", self.dir / "trace.json", self.dir / "a.pftrace")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"cmd.db.owner", (self.dir / "a.pftrace").read_bytes())

    def test_null_on_the_way_is_null(self):
        trace = self.follow("null")
        no_db = {"cmd.db.id": None, "cmd.db.owner": None}
        no_command = {**no_db, "cmd.weights": None, "cmd.quick": None}
        self.assertEqual(trace.snapshots("c1"), states(
            {"cmd.fullname": None}, no_db, no_command, {}, {"db.name": None, "db.tags": None}))
        self.assertEqual(trace.total["unreadable"], 0)

    def test_a_pointer_to_nowhere_is_unreadable_and_counted(self):
        trace = self.follow("garbage")
        command = {k: UNREADABLE for k in FIRST if k.startswith("cmd.")}
        good = {k: v for k, v in FIRST.items() if k.startswith("cmd.")}
        self.assertEqual(trace.snapshots("c1"), states(command, {}, {}, {}, {
            **good, "cmd.fullname": UNREADABLE, "cmd.db.id": UNREADABLE, "cmd.db.owner": UNREADABLE}))
        self.assertEqual(trace.probe("set")["unreadable"], 4)
        self.assertEqual(trace.probe("log")["unreadable"], 1)

    def test_pages_that_nobody_touched_are_faulted_in(self):
        trace = self.follow("cold")
        self.assertEqual(trace.snapshots("c1"), states({"cmd.fullname": "cold"}))

    def test_what_the_program_excludes_is_left_out(self):
        trace = self.follow("excluded")
        rest = {k: v for k, v in FIRST.items() if k not in ("cmd.fullname", "cmd.weights", "note")}
        self.assertEqual(trace.snapshots("c1"), [{**rest, "cmd.db.id": 71}] * 2)

    def check_counter(self, *options):
        trace = self.follow("counter", *options)
        samples = [e["args"] for e in trace.of("C", name="g1") if "viz" not in e]
        self.assertEqual(samples, [
            {"own": 0, "cmd.level": 5, "db.id": 7}, {"own": 0, "cmd.level": 5}, {"own": 2, "cmd.level": 5},
            {"own": 2, "cmd.level": 5}, {"own": 2, "cmd.level": 5, "db.id": 8}])
        self.assertEqual(len(trace.of("i", name="g1: unreadable")), 1)
        self.assertEqual(trace.probe("set")["unreadable"], 1)

    def test_a_counter_goes_on_without_what_is_null(self):
        self.check_counter()

    def test_list_names_them(self):
        said = harness.run(harness.TOOL, "list", harness.build("follow")).stdout
        self.assertRegex(said, r"cmd\.weights +double\[3\]  \(behind a pointer\)\n")
        self.assertRegex(said, r"db\.tags +string\[2\]  \(behind a pointer\)\n")
        self.assertRegex(said, r"_hidden\.id +int32  \(behind a pointer\)  \(private: never reported\)\n")
        self.assertNotIn("not understood", said)
