# SPDX-License-Identifier: BSD-2-Clause
"""`--format rows`: what the Chrome trace of the same run says, in rows that each stand by themselves; and the books while it runs."""
import collections
import gzip
import json
import signal
import subprocess

import harness

KINDS = {"report", "new", "delete", "slice", "before", "open", "async_begin", "async_end", "flow_out", "flow_in", "instant",
         "account", "trace"}


def rows_of(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def merged_keys(object_):
    """As a viewer's snapshot has them: some names are taken there."""
    return {k + "_" if k in ("id", "cat", "base_type") else k: v for k, v in object_.items()}


class Rows(harness.Case):
    def bytes_of(self, name):
        return (self.dir / name).read_bytes()

    def chrome(self, name="trace.json"):
        return json.loads(self.bytes_of(name))

    def same(self, rows, trace):
        """Each event of the Chrome trace is in the rows, and nothing else is."""
        wall = next(e["args"]["start_wall_ns"] for e in trace["traceEvents"] if e["name"] == "process_sort_index")
        want, stacks = collections.Counter(), collections.defaultdict(list)
        last = 0
        for e in trace["traceEvents"]:
            if e["ph"] == "M":
                continue
            ts = wall + round(e["ts"] * 1000)
            last = max(last, ts)
            who = (e["pid"], e["tid"])
            if e["ph"] == "C" and "viz" not in e:
                want[who, "report", e["name"], ts, json.dumps([e.get("id"), e["args"]])] += 1
            elif e["ph"] == "O":
                want[who, "report", e["name"], ts, json.dumps([e["scope"], e["id"], e["args"]["snapshot"]])] += 1
            elif e["ph"] in "ND":
                want[who, {"N": "new", "D": "delete"}[e["ph"]], e["name"], ts, json.dumps([e["scope"], e["id"]])] += 1
            elif e["ph"] == "B":
                stacks[who].append((e["name"], ts))
            elif e["ph"] == "E":
                name, since = stacks[who].pop()
                want[who, "slice", name, since, "%d %d" % (ts - since, len(stacks[who]))] += 1
            elif e["ph"] == "i":
                want[who, "instant", e["name"], ts, json.dumps(e.get("args"))] += 1
            elif e["ph"] in "sf":
                want[who, {"s": "flow_out", "f": "flow_in"}[e["ph"]], None, ts, str(int(e["id"], 16))] += 1
            elif e["ph"] in "be" and e["cat"] == "async":
                want[who, {"b": "async_begin", "e": "async_end"}[e["ph"]], e["name"], ts, e["id2"]["local"]] += 1
        for who, stack in stacks.items():
            for i, (name, since) in enumerate(stack):
                want[who, "open", name, since, str(i)] += 1
        got = collections.Counter()
        for r in rows:
            kind, more = r["kind"], None
            if kind in ("account", "trace", "before"):
                continue
            if kind == "report" and "class" not in r:
                more = json.dumps([r.get("id"), r["values"]])
            elif kind == "report":
                more = json.dumps([r["class"], r["address"], merged_keys(r.get("state", {}))])
            elif kind in ("new", "delete"):
                more = json.dumps([r["class"], r["address"]])
            elif kind == "slice":
                more = "%d %d" % (r["dur"], r["depth"])
            elif kind == "open":
                more = str(r["depth"])
            elif kind == "instant":
                more = json.dumps(r.get("state"))
            else:
                more = r["id"]
            got[(r["pid"], r["tid"]), kind, r.get("object"), r["ts"], more] += 1
        self.assertEqual(got - want, collections.Counter())
        self.assertEqual(want - got, collections.Counter())
        self.assertEqual([r["row"] for r in rows], list(range(len(rows))))
        self.assertLessEqual({r["kind"] for r in rows}, KINDS)
        self.assertEqual(len({(r["trace"], r["host"], r["boot_id"]) for r in rows}), 1)
        names = {(e["name"], e["pid"], e["tid"]): e["args"]["name"] for e in trace["traceEvents"] if "name" in e.get("args", {})
                 and e["ph"] == "M"}
        for r in rows:
            if "pid" in r:
                self.assertEqual(r["process"], names["process_name", r["pid"], r["pid"]])
        # The books at the end, and all that the trace says about itself.
        metadata = trace["metadata"]
        self.assertEqual(rows[-1]["kind"], "trace")
        self.assertEqual(rows[-1]["state"], metadata)
        books = {r["object"]: r["values"] for r in rows if r["kind"] == "account"}
        self.assertEqual(books, {k: {n: v[n] for n in ("seen", "written", "filtered", "lost")}
                                 for k, v in metadata["probes"].items() if v["seen"]})

    def test_what_the_chrome_trace_says(self):
        steady = self.target(harness.build("steady"), "--fast")
        tool = self.attach(steady.pid, "-o", "trace.ndjson", "-o", "packed.ndjson.gz")
        steady.ask("ticks 200")
        self.end(tool)
        rows = rows_of(self.bytes_of("trace.ndjson"))
        self.assertGreater(len(rows), 500)
        self.same(rows, self.chrome())
        self.assertEqual(rows_of(gzip.decompress(self.bytes_of("packed.ndjson.gz"))), rows)
        # The same rows, under the same numbers, whenever they are made.
        done = harness.run(harness.TOOL, "convert", "trace.json", "again.ndjson", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(rows_of(self.bytes_of("again.ndjson")), rows)
        self.assertNotIn("trace.ndjson in", tool.messages())

    def test_something_of_everything(self):
        program = harness.build("jobserver", harness.ROOT / "tests" / "demo" / "jobserver.c")
        self.launched(program, "--seconds", "1", options=("-o", "trace.ndjson"), code=0)
        rows = rows_of(self.bytes_of("trace.ndjson"))
        self.same(rows, self.chrome())
        self.assertLessEqual({"report", "new", "delete", "slice", "instant", "async_begin", "flow_in"}, {r["kind"] for r in rows})

    def test_into_a_pipe_line_by_line(self):
        steady = self.target(harness.build("steady"), "--fast")
        tool = self.attach(steady.pid, "--format", "rows", output="-")
        self.assertTrue(tool.out.wait_for(b"}\n"))
        steady.ask("ticks 100")
        self.end(tool)
        text = tool.out.text()
        self.assertTrue(text.endswith("}\n"))
        self.assertEqual(rows_of(text.encode())[-1]["kind"], "trace")
        with subprocess.Popen([harness.TOOL, "-p", str(steady.pid), "--format", "rows", "-o", "-"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as tool:
            self.assertTrue(tool.stdout.readline().endswith(b"}\n"))
            tool.stdout.close()
            self.assertIn(b"Broken pipe", tool.stderr.read())
            self.assertEqual(tool.wait(harness.TIMEOUT), harness.EXIT_OUTPUT)

    def test_what_a_tool_that_was_killed_has_left(self):
        steady = self.target(harness.build("steady"), "--fast")
        path = self.dir / "trace.ndjson"
        tool = self.attach(steady.pid, output="trace.ndjson")
        self.assertTrue(harness.wait_until(lambda: path.exists() and path.stat().st_size > 60000))
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        rows = rows_of(path.read_bytes())
        self.assertEqual([r["row"] for r in rows], list(range(len(rows))))
        self.assertGreater(len(rows), 100)

    def test_the_books_every_ten_seconds(self):
        steady = self.target(harness.build("steady"), "--fast")
        path = self.dir / "trace.ndjson"
        tool = self.attach(steady.pid, output="trace.ndjson")
        self.assertTrue(harness.wait_until(lambda: path.exists() and b'"kind":"account"' in path.read_bytes()))
        steady.ask("ticks 10")
        self.end(tool)
        books = [r["values"] for r in rows_of(path.read_bytes()) if r["kind"] == "account" and r["object"] == "set"]
        self.assertGreaterEqual(len(books), 2)
        self.assertGreater(books[0]["seen"], 0)
        self.assertGreater(books[-1]["seen"], books[0]["seen"])
        self.assertTrue(all(b["seen"] >= b["written"] + b["lost"] for b in books))

    def test_the_schema_has_a_column_for_each_member(self):
        done = harness.run(harness.TOOL, "schema")
        self.assertEqual(done.returncode, 0)
        table = done.stdout.split("(\n", 1)[1].split("\n)", 1)[0]
        columns = {line.split()[0] for line in table.split("\n")}
        program = harness.build("jobserver", harness.ROOT / "tests" / "demo" / "jobserver.c")
        self.launched(program, "--seconds", "1", options=("-o", "trace.ndjson"), code=0)
        used = set().union(*rows_of(self.bytes_of("trace.ndjson")))
        self.assertLessEqual(used, columns)
        self.assertLessEqual(columns - used, {"time", "id"})
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertEqual(subprocess.run([harness.TOOL, "schema"], stdout=full, check=False, timeout=60).returncode, harness.EXIT_OUTPUT)
