# SPDX-License-Identifier: BSD-2-Clause
"""`merge`: several traces on one timeline: in order, aligned, with the processes of different machines apart, as a stream, and what it
makes of files that are not whole or not ours."""
import collections
import gzip
import json
import os
import re
import signal

import harness
import viewer
from test_report import MEASURE

GROWTH = 2 << 10  # KiB
TURNS = 300
PIDS = 10000000  # MERGE_PIDS of user/merge/merge.h


def events_of(data):
    return [e for e in json.loads(data)["traceEvents"] if e["name"] != "process_sort_index"]


def ns(us):
    return round(us * 1000)


def plain(event, shift=0, pids=0):
    """An event as it is in its own trace: at its own time, without the numbers that tell it from those of other traces."""
    e = dict(event, pid=event["pid"] - pids, tid=event["tid"] - pids)
    if "ts" in e:
        e["ts"] = ns(e["ts"]) - shift
    if "id2" in e:
        e["id2"] = e["id2"]["local"].rpartition(":")[0]
    if e["ph"] in "sf":
        e.pop("id")
    if e["name"] == "thread_sort_index":
        e["args"] = None
    return json.dumps(e, sort_keys=True)


class Merge(harness.Case):
    def merge(self, *args, code=0, **more):
        done = harness.run(harness.TOOL, "merge", *args, cwd=self.dir, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def bytes_of(self, name):
        return (self.dir / name).read_bytes()

    def head(self, name):
        return json.loads(self.bytes_of(name))["metadata"]

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def trace(self, name="a.json", *outputs):
        """A run of all that there is."""
        steady = self.target(harness.build("steady"), "--fast")
        tool = self.attach(steady.pid, *outputs, output=name)
        steady.ask("ticks 300")
        self.end(tool)

    def elsewhere(self, name, new, host="web2", **more):
        """The same trace as one of another machine."""
        text = self.bytes_of(name).decode()
        start = self.head(name)
        for key, value in dict(host=host, boot_id="another-" + host, **more).items():
            text = re.sub(r'"%s":("[^"]*"|\d+)' % key, '"%s":%s' % (key, json.dumps(value)), text)
        # The head has a size.
        first = text.index("\n")
        self.write(new, text[:first] + text[first:].lstrip(" "))
        return start

    def partners(self):
        """Two programs that signal each other, each traced by a tool of its own; their pids."""
        for pipe in "io":
            os.mkfifo(self.dir / pipe)
        program = harness.build("partner")
        both = [self.target(program, name, self.dir / a, self.dir / b, str(TURNS), role)
                for name, a, b, role in (("ping", "i", "o", "first"), ("pong", "o", "i", "second"))]
        tools = [self.attach(t.pid, "-o", t.argv[1] + ".pftrace", output=t.argv[1] + ".json") for t in both]
        for t in both:
            t.tell()
        for t in both:
            t.await_step("done")
        for tool in tools:
            self.end(tool)
        return [t.pid for t in both]

    def same_events(self, result, sources):
        """The result has the events of each source, moved, in their order, and no others; sources: (file, shift, pids)."""
        merged = events_of(self.bytes_of(result))
        times = [ns(e["ts"]) for e in merged if e["ph"] != "M" and not (e["ph"] == "b" and e["cat"] not in ("object", "async"))]
        self.assertEqual(times, sorted(times))
        left = collections.Counter(plain(e) for e in merged)
        for name, shift, pids in sources:
            want = [plain(e) for e in events_of(self.bytes_of(name))]
            wanted = set(want)
            got = [p for p in (plain(e, shift, pids) for e in merged) if p in wanted]
            self.assertEqual([p for p in got if '"ph": "M"' not in p], [p for p in want if '"ph": "M"' not in p], name)
            left.subtract(plain(e) for e in merged if plain(e, shift, pids) in wanted)
        self.assertEqual([e for e, n in left.items() if n > 0 and '"process_name"' not in e], [])

    def shift(self, name, base):
        return self.head(name)["start_clock_ns"] - self.head(base)["start_clock_ns"]

    def test_two_that_signal_each_other(self):
        first, second = self.partners()
        self.merge("pong.json", "ping.json", "-o", "all.json")
        base = min("ping.json", "pong.json", key=lambda n: self.head(n)["start_clock_ns"])
        self.same_events("all.json", [(n, self.shift(n, base), 0) for n in ("ping.json", "pong.json")])
        turns = [(e["pid"], e["name"]) for e in events_of(self.bytes_of("all.json"))
                 if e["name"] in ("given", "taken")]
        self.assertEqual(turns, [(first, "given"), (second, "taken"), (second, "given"), (first, "taken")] * TURNS)
        # Whichever formats they are in, and the result is.
        self.merge("pong.pftrace", "ping.json", "-o", "other.json", "-o", "other.pftrace.gz")
        self.assertEqual(collections.Counter(map(plain, events_of(self.bytes_of("other.json")))),
                         collections.Counter(map(plain, events_of(self.bytes_of("all.json")))))
        done = harness.run(harness.TOOL, "convert", "other.pftrace.gz", "again.json", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(collections.Counter(map(plain, events_of(self.bytes_of("again.json")))),
                         collections.Counter(map(plain, events_of(self.bytes_of("all.json")))))
        # The books are those of both, and each command that takes a trace takes this one.
        heads = [self.head(n)["events"] for n in ("ping.json", "pong.json")]
        self.assertEqual(self.head("all.json")["events"], {k: heads[0][k] + heads[1][k] for k in heads[0]})
        done = harness.run(harness.TOOL, "check", "all.json", "lost == 0", "count(turn) == %d" % (2 * TURNS), cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_viewer_takes_it_without_a_warning(self):
        if viewer.missing():
            self.skipTest(viewer.missing())
        pids = self.partners()
        self.elsewhere("ping.json", "web2.json")
        self.merge("ping.json", "pong.json", "web2.json", "-o", "all.json")
        shown = viewer.view(self.dir / "all.json")
        self.assertIsNone(shown["error"])
        self.assertEqual(shown["warnings"], [])
        self.assertEqual({p["pid"]: sum(t["slices"]["count"] for t in p["threads"]) for p in shown["processes"]},
                         {pid: TURNS for pid in (*pids, pids[0] + PIDS)})

    def test_offsets(self):
        self.trace()
        self.trace("b.json")
        shift = self.shift("b.json", "a.json")
        for by, offset in (("+5ms", 5000000), ("-1.5us", -1500), ("+2s", 2000000000), ("+0ns", 0)):
            self.merge("a.json", "b.json", "-o", "all.json", "--offset", "b.json=" + by)
            self.same_events("all.json", [("a.json", 0, 0), ("b.json", shift + offset, 0)])
        # Before the others: then it begins there.
        self.merge("a.json", "b.json", "-o", "all.json", "--offset", "b.json=-100s")
        self.same_events("all.json", [("a.json", 100000000000 - shift, 0), ("b.json", 0, 0)])
        self.assertEqual(self.head("all.json")["start_clock_ns"], self.head("b.json")["start_clock_ns"] - 100000000000)

    def test_machines_with_the_same_numbers_are_apart(self):
        self.trace()
        start = self.head("a.json")
        # Its clock began at another time, and its wall clock says when that was.
        self.elsewhere("a.json", "b.json", start_clock_ns=5000000)
        done = self.merge("a.json", "b.json", "-o", "all.json")
        self.assertIn("%d is PID 1234 of the second" % (PIDS + 1234), done.stderr)
        self.same_events("all.json", [("a.json", 0, 0), ("b.json", 0, PIDS)])
        names = {e["pid"]: e["args"]["name"] for e in events_of(self.bytes_of("all.json")) if e["name"] == "process_name"}
        self.assertEqual(names, {start["pid"]: "steady @" + start["host"], start["pid"] + PIDS: "steady @web2"})
        ids = collections.defaultdict(set)
        for e in events_of(self.bytes_of("all.json")):
            if "id2" in e:
                ids[e["id2"]["local"]].add(e["pid"])
        self.assertTrue(all(len(pids) == 1 for pids in ids.values()))
        self.assertEqual([f["pids_from"] for f in self.head("all.json")["merged"]], [0, PIDS])
        # What has been merged is of no one machine: it cannot be told apart once more.
        self.elsewhere("a.json", "c.json", "web3")
        done = self.merge("all.json", "c.json", "-o", "more.json", code=harness.EXIT_INPUT)
        self.assertIn("all.json is of several machines, as are the others: merge the files that it was made of", done.stderr)

    def test_containers_on_one_machine(self):
        """Real ones, as far as the tool sees them: equal PIDs, one clock."""
        program = harness.build("partner")
        for pipe in "io":
            os.mkfifo(self.dir / pipe)
        script = ('hostname "$1"; "$2" "$1" "$3" "$4" %d "$5" < "$1.in" > "$1.out" & '
                  'exec "$6" -p $! -o "$1.json"' % TURNS)
        tools = {}
        for name, a, b, role in (("web1", "i", "o", "first"), ("web2", "o", "i", "second")):
            os.mkfifo(self.dir / (name + ".in"))
            tools[name] = harness.Tool(
                ["unshare", "-mupf", "--mount-proc", "sh", "-c", script, "sh", name, program, a, b, role, harness.TOOL], cwd=self.dir)
            self.addCleanup(tools[name].clean_up)
        ins = [open(self.dir / (name + ".in"), "w", encoding="utf-8") for name in tools]
        for file in ins:
            self.addCleanup(file.close)
        for tool in tools.values():
            self.assertTrue(tool.attached(), tool.messages())
        for file in ins:
            file.write("\n")
            file.flush()
        for name in tools:
            self.assertTrue(harness.wait_until(lambda n=name: "done" in (self.dir / (n + ".out")).read_text()))
        for file in ins:
            file.write("\n")
            file.flush()
        for tool in tools.values():
            self.end(tool, with_signal=None)
        heads = [self.head(name + ".json") for name in tools]
        self.assertEqual(heads[0]["pid"], heads[1]["pid"])
        self.assertEqual(heads[0]["boot_id"], heads[1]["boot_id"])
        self.merge("web1.json", "web2.json", "-o", "all.json")
        pid = heads[0]["pid"]
        turns = [(e["pid"], e["name"]) for e in events_of(self.bytes_of("all.json"))
                 if e["name"] in ("given", "taken")]
        self.assertEqual(turns, [(pid, "given"), (pid + PIDS, "taken"), (pid + PIDS, "given"), (pid, "taken")] * TURNS)

    def test_what_a_tool_that_was_killed_has_left(self):
        steady = self.target(harness.build("steady"), "--fast")
        for name in ("killed.json", "killed.pftrace"):
            path = self.dir / name
            tool = self.attach(steady.pid, output=name)
            self.assertTrue(harness.wait_until(lambda p=path: p.exists() and p.stat().st_size > 60000))
            self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        self.trace("whole.json")
        done = self.merge("killed.json", "whole.json", "killed.pftrace", "-o", "all.json")
        self.assertEqual(done.stderr.count("has no end: who wrote it was killed; what is there is in all.json"), 2)
        # It does not look more whole than it is, and what was left knows when it began.
        self.assertEqual(self.head("all.json"), {})
        for name in ("killed.json", "killed.pftrace"):
            done = harness.run(harness.TOOL, "convert", name, name + ".whole.json", cwd=self.dir)
            self.assertEqual(done.returncode, 0)
        starts = {n: json.loads(self.bytes_of(n))["traceEvents"][0]["args"]["start_clock_ns"]
                  for n in ("killed.json.whole.json", "whole.json", "killed.pftrace.whole.json")}
        first = min(starts.values())
        self.same_events("all.json", [(n, start - first, 0) for n, start in starts.items()])

    def test_what_is_no_trace(self):
        self.trace("a.json", "-o", "a.pftrace")
        self.write("kept.json", "precious")
        data = self.bytes_of("a.json")
        for name, content in {"empty": b"", "text": b"hello\n", "foreign": b'{"traceEvents":[]}'}.items():
            (self.dir / name).write_bytes(content)
            done = self.merge("a.json", name, "-o", "kept.json", code=harness.EXIT_INPUT)
            self.assertRegex(done.stderr, r"\A[^\n]*%s(, line 1)?: (this is no trace of viztrace-bpf|the file is empty)\n\Z" % name)
            self.assertEqual((self.dir / "kept.json").read_text(), "precious")
        self.assertIn("nowhere", self.merge("a.json", "nowhere", "-o", "kept.json", code=harness.EXIT_INPUT).stderr)
        # Without its clocks nobody knows where it belongs.
        text = re.sub(r'"start_(clock_ns|wall_ns|time)":("[^"]*"|\d+),', "", data.decode())
        self.write("old.json", text)
        done = self.merge("a.json", "old.json", "-o", "kept.json", code=harness.EXIT_INPUT)
        self.assertIn("old.json does not say when it began; --offset 'old.json=+5ms' places it", done.stderr)
        self.assertEqual((self.dir / "kept.json").read_text(), "precious")
        self.merge("a.json", "old.json", "-o", "all.json", "--offset", "old.json=+5ms")
        self.same_events("all.json", [("a.json", 0, 0), ("old.json", 5000000, 0)])
        # Damaged in the middle: what comes before is kept, and all of the others.
        lines = data.split(b"\n")
        middle = next(i for i in range(len(lines) // 2, len(lines)) if lines[i - 1].startswith(b'{"ph":"C"'))
        lines[middle] = b"oops,"
        (self.dir / "damaged.json").write_bytes(b"\n".join(lines))
        done = self.merge("damaged.json", "a.json", "-o", "all.json", code=harness.EXIT_INPUT)
        self.assertRegex(done.stderr, r"damaged.json, line %d: this is no event as viztrace-bpf writes them\n" % (middle + 1))
        self.assertIn("what comes before that is in all.json, and all of the other files", done.stderr)
        self.assertEqual(len(events_of(self.bytes_of("all.json"))), len(events_of(data)) + middle - 2)

    def test_usage(self):
        for args, said in (((), "merge takes the FILEs of traces"), (("a.json",), "merge into which file? -o FILE"),
                           (("a.json", "b.json", "a.json", "-o", "c.json"), "takes each file once, not 'a.json' twice"),
                           (("a.json", "-o", "c.json", "--offset", "b.json=+1s"), "'b.json=+1s' is of none of the files"),
                           (("a.json", "-o", "c.json", "--offset", "a.json=1s"), "as a.json=+5ms"),
                           (("a.json", "-o", "c.json", "--offset", "a.json=+1h"), "as a.json=+5ms"),
                           (("a.json", "-o", "c.json", "--offset", "a.json"), "as a.json=+5ms"),
                           (("a.json", "-o", "c.json", "-p", "1"), "merge takes the FILEs")):
            self.assertIn(said, self.merge(*args, code=harness.EXIT_USAGE).stderr)
        done = harness.run(harness.TOOL, "report", "a.json", "--offset", "a.json=+1s", cwd=self.dir)
        self.assertEqual(done.returncode, harness.EXIT_USAGE)
        self.assertIn("--offset goes with merge", done.stderr)

    def test_outputs_that_fail(self):
        self.trace()
        self.elsewhere("a.json", "b.json")
        self.assertIn("choose another place", self.merge("a.json", "b.json", "-o", "nowhere/c.json", code=harness.EXIT_OUTPUT).stderr)
        done = self.merge("a.json", "b.json", "-o", "/dev/full", "--format", "perfetto", code=harness.EXIT_OUTPUT)
        self.assertIn("No space left", done.stderr)
        # One of two: the other is whole.
        done = self.merge("a.json", "b.json", "-o", "all.json", "-o", "/dev/full", code=harness.EXIT_OUTPUT)
        self.same_events("all.json", [("a.json", 0, 0), ("b.json", 0, PIDS)])

    def test_the_memory_does_not_grow_with_the_files(self):
        """2 MB each, and ten times that, packed and not."""
        self.trace()
        first, *events, tail = self.bytes_of("a.json").decode().split("\n")
        events = [e.rstrip(" ,") for e in events]
        largest = []
        for n in (1, 10):
            with open(self.dir / "many.json", "w", encoding="utf-8") as file:
                file.write(first)
                for i in range(n):
                    for e in events:
                        file.write(("\n" if i == 0 and e is events[0] else ",\n") +
                                   re.sub(r'"ts":([\d.]+)', lambda m, i=i: '"ts":%.3f' % (float(m[1]) + 1e8 * i), e))
                file.write("\n" + tail)
            (self.dir / "packed.json.gz").write_bytes(gzip.compress(self.bytes_of("many.json"), 1))
            done = harness.run("python3", "-c", MEASURE, harness.TOOL, "merge", self.dir / "many.json", self.dir / "packed.json.gz",
                               "-o", self.dir / "all.json")
            self.assertEqual(done.returncode, 0, done.stderr)
            largest.append(int(done.stdout))
            self.assertEqual(len(self.bytes_of("all.json").split(b"\n")), 2 * n * (len(events) - 1) + 3)
        self.assertLess(max(largest), min(largest) + GROWTH, largest)
