# SPDX-License-Identifier: BSD-2-Clause
"""Units of numbers, and names of values: in each format, by traps and in batches, in dumps, for checks, and in `list`."""
import json

import harness
import pftrace
import tracefile

UNITS = {"pool": {"open": "connections", "load": "%"}, "size": {"size": "bytes"}}
CONNS = [{"state": state, "was": ["some", 1], "bytes": 3} for state in ("busy", 7, "idle")]


class Noted(harness.Case):
    def told(self, *options, code=0):
        """Two rounds, by traps and then in batches: what the tool said on its stdout."""
        for way in ("trap", "batch"):
            target = self.target(harness.build("noted"))
            tool = self.attach(target.pid, "--collect", way, *options)
            target.ask("again")
            target.ask("again")
            target.tell("quit")
            self.assertEqual(target.wait(), 0)
            self.end(tool, code, with_signal=None)
            yield tool.out.text()

    def check(self, trace):
        self.assertEqual(trace.snapshots("conn"), CONNS * 2)
        self.assertEqual(trace.snapshots("item"), [{"state": "old", "next.state": "second"}] * 2)
        told = {e["name"]: e["viz_units"] for e in trace.of("C") if "viz_units" in e}
        self.assertEqual(told, UNITS)
        self.assertEqual(trace.total["lost"], 0)

    def test_in_each_format(self):
        for _ in self.told("-o", "trace.pftrace", "-o", "trace.ndjson"):
            self.check(self.load())
            units = pftrace.read((self.dir / "trace.pftrace").read_bytes()).units
            self.assertEqual(units, {(name, key): unit for name, all in UNITS.items() for key, unit in all.items()})
            rows = [json.loads(line) for line in (self.dir / "trace.ndjson").read_text().splitlines()]
            states = [r["state"]["state"] for r in rows if r["kind"] == "report" and r["object"] == "conn"]
            self.assertEqual(states, ["busy", 7, "idle"] * 2)

    def test_through_converters(self):
        for _ in self.told():
            for name, to in (("trace.json", "a.pftrace"), ("a.pftrace", "b.json"), ("b.json", "c.json")):
                done = harness.run(harness.TOOL, "convert", name, to, cwd=self.dir)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.check(tracefile.check((self.dir / "c.json").read_bytes()))

    def test_reports_live_and_from_a_file(self):
        for said in self.told("--report"):
            self.assertRegex(said, r" 2  pool.open, connections\n +2 .* pool.load, %\n +2 .* pool.plain\n")
            self.assertEqual(harness.run(harness.TOOL, "convert", "trace.json", "a.pftrace", cwd=self.dir).returncode, 0)
            for name in ("trace.json", "a.pftrace"):
                again = harness.run(harness.TOOL, "report", name, cwd=self.dir)
                self.assertEqual(again.stdout, said, again.stderr)
            units = {(c["name"], c["attribute"]): c.get("unit") for c in json.loads(
                harness.run(harness.TOOL, "report", "--json", "trace.json", cwd=self.dir).stdout)["counters"]}
            self.assertEqual(units, {("pool", "open"): "connections", ("pool", "load"): "%", ("pool", "plain"): None,
                                     ("size", "size"): "bytes"})

    def test_checks_know_the_names(self):
        for said in self.told("--check", 'conn.state != "busy"', "--check", 'item.state == "old"', code=10):
            self.assertIn('conn.state != "busy": NOT HELD: "busy" (conn.state)', said)
            self.assertIn('item.state == "old": held: 2 reports', said)

    def test_a_dump_has_them(self):
        (self.dir / "dumps").mkdir()
        target = self.target(self.own("noted"))
        tool = self.attach_to("-p", target.pid, "--keep", "10s", "--dump-to", self.dir / "dumps")
        target.ask("again")
        for n in (1, 2):
            target.ask("again")
            done = harness.run(harness.TOOL, "ctl", "-p", target.pid, "--dump", cwd=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(harness.wait_until(lambda n=n: len(list((self.dir / "dumps").iterdir())) == n))
        self.end(tool)
        for path in (self.dir / "dumps").iterdir():
            trace = tracefile.check(path.read_bytes())
            self.assertEqual({e["name"]: e["viz_units"] for e in trace.of("C") if "viz_units" in e}, UNITS)
            self.assertEqual(trace.snapshots("conn")[-3:], CONNS)

    def test_list_names_them(self):
        said = harness.run(harness.TOOL, "list", harness.build("noted")).stdout
        self.assertRegex(said, r"counter pool\n +open +int64  \(connections\)\n +load +double  \(%\)\n +plain +int32\n")
        self.assertRegex(said, r"object conn\n +state +uint32  \(idle, busy\)\n")
        self.assertRegex(said, r" +state +int32  \(new, old\)  \(behind a pointer\)\n +next.state +int32  \(first, second\)")
        self.assertRegex(said, r" +was +int16\[2\]  \(none, -, some\)")
        self.assertNotIn("names", said)
