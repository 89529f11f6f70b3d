# SPDX-License-Identifier: BSD-2-Clause
"""Figures instead of a timeline: what --report says, beside a plain computation over the trace of the same run."""
import collections
import json
import re
import signal

import harness
from tracefile import ns


def bucket(value):
    """What stands for a duration: the middle of one of 64 buckets in each power of two."""
    width = 1 << max(value.bit_length() - 7, 0)
    return value // width * width + (width - 1) // 2


def percentile(durations, percent):
    """Exact, and as a histogram has it."""
    rank = -(-len(durations) * percent // 100)
    exact = sorted(durations)[rank - 1]
    if rank == len(durations):
        return exact, exact
    return exact, min(max(bucket(exact), min(durations)), max(durations))


class Attribute:
    def __init__(self):
        self.values, self.area, self.time, self.since = [], 0.0, 0, None

    def until(self, ts):
        if self.since is not None and ts > self.since:
            self.area += float(self.values[-1]) * float(ts - self.since)
            self.time += ts - self.since
        self.since = ts

    def figures(self):
        v = self.values
        return {"reports": len(v), "min": min(v), "max": max(v), "last": v[-1],
                "mean": self.area / self.time if self.time else float(v[-1])}


def counters_of(trace):
    found = collections.defaultdict(Attribute)
    for e in trace.of("C"):
        for key, value in e["args"].items():
            a = found[e["pid"], e["name"], e.get("id"), key]
            a.until(ns(e["ts"]))
            if "viz" in e:
                a.since = None
            else:
                a.values.append(value)
    return {key: a.figures() for key, a in found.items()}


def slices_of(trace):
    """[(name, pid, tid, begin, duration, self)], in the order of their ends."""
    stacks, done = collections.defaultdict(list), []
    for e in trace.of("B", "E"):
        stack = stacks[e["pid"], e["tid"]]
        if e["ph"] == "B":
            stack.append([ns(e["ts"]), 0])
            continue
        since, inside = stack.pop()
        duration = ns(e["ts"]) - since
        if stack:
            stack[-1][1] += duration
        done.append((e["name"], e["pid"], e["tid"], since, duration, duration - inside))
    return done


def methods_of(slices):
    calls = collections.defaultdict(list)
    for s in slices:
        calls[s[0]].append(s[4:])
    found = {}
    for name, times in calls.items():
        d = [t[0] for t in times]
        found[name] = {"calls": len(d), "total_ns": sum(d), "self_ns": sum(t[1] for t in times), "min_ns": min(d),
                       "mean_ns": sum(d) / len(d), "max_ns": max(d)}
        for percent in (50, 90, 99):
            exact, told = percentile(d, percent)
            assert abs(told - exact) <= exact / 100
            found[name]["p%d_ns" % percent] = told
    return found


def objects_of(trace):
    kinds = collections.defaultdict(lambda: {"made": 0, "found": 0, "destroyed": 0, "times": []})
    living = {}
    for e in trace.of("N", "O", "D"):
        key = (e["pid"], e["scope"], e["id"])
        kind = kinds[e["name"], e["scope"]]
        if e["ph"] == "N":
            kind["made"] += 1
            living[key] = ns(e["ts"])
            continue
        if key not in living:
            kind["found"] += 1
            living[key] = None
        if e["ph"] == "D":
            kind["destroyed"] += 1
            since = living.pop(key)
            if since is not None:
                kind["times"].append(ns(e["ts"]) - since)
    for kind in kinds.values():
        times = kind.pop("times")
        kind.update(alive=kind["made"] + kind["found"] - kind["destroyed"], lives=len(times),
                    life_mean_ns=sum(times) / len(times) if times else 0.0, life_max_ns=max(times, default=0))
    return dict(kinds)


def without(figures, *keys):
    return {k: v for k, v in figures.items() if k not in keys}


class Figures(harness.Case):
    maxDiff = None

    def compare(self, report, trace):
        """All figures to the last digit."""
        told = {(c["pid"], c["name"], c.get("id"), c["attribute"]): without(c, "pid", "name", "id", "attribute")
                for c in report["counters"]}
        self.assertEqual(told, counters_of(trace))
        slices = slices_of(trace)
        self.assertEqual({m["name"]: without(m, "name") for m in report["methods"]}, methods_of(slices))
        totals = [m["total_ns"] for m in report["methods"]]
        self.assertEqual(totals, sorted(totals, reverse=True))
        longest = sorted(slices, key=lambda s: -s[4])[:10]
        self.assertEqual([(s["name"], s["pid"], s["tid"], s["ts_ns"], s["duration_ns"]) for s in report["longest"]],
                         [s[:5] for s in longest])
        self.assertEqual({(o["name"], o["class"]): without(o, "name", "class") for o in report["objects"]},
                         objects_of(trace))
        self.assertEqual(report["beyond"], dict.fromkeys(("reports", "calls", "objects", "lives"), 0))
        self.assertEqual(report["open_before"], len(trace.open_before))
        self.assertEqual(report["lost"], trace.total["lost"])
        self.assertEqual(report["forgotten"], 0)

    def run_figures(self, *options, program="figures", code=0):
        t = self.target(harness.build(program))
        tool = self.attach_to("-p", t.pid, *options)
        t.tell()
        self.assertEqual(t.wait(), 0)
        self.end(tool, code, with_signal=None)
        return tool

    def said(self, *args, code=0, **more):
        """By the tool, which attaches to nothing."""
        done = harness.run(harness.TOOL, *args, cwd=self.dir, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done


class Report(Figures):
    def test_figures_are_those_of_the_trace(self):
        tool = self.run_figures("-o", "trace.json", "--report=json")
        report, trace = json.loads(tool.out.text()), self.load()
        self.compare(report, trace)
        # And these are known.
        depth = next(c for c in report["counters"] if c["attribute"] == "depth")
        values = [(i * 37) % 101 - 20 for i in range(200)]
        self.assertEqual((depth["name"], depth["reports"], depth["min"], depth["max"], depth["last"]),
                         ("queue", 200, min(values), max(values), values[-1]))
        self.assertTrue(min(values) < depth["mean"] < max(values))
        big = next(c for c in report["counters"] if c["attribute"] == "big")
        self.assertEqual((big["min"], big["max"]), ((1 << 63) - 200, (1 << 63) - 1))
        jobs = next(c for c in report["counters"] if c["name"] == "served")
        self.assertEqual((jobs["attribute"], jobs["reports"], jobs["last"]), ("jobs", 50, 50))
        methods = {m["name"]: m for m in report["methods"]}
        self.assertEqual(methods["handle"]["calls"], 240)
        self.assertEqual(methods["parse"]["calls"], 2 * 240 + 50)
        objects = {o["name"]: o for o in report["objects"]}
        self.assertEqual([objects["conn"][k] for k in ("class", "made", "destroyed", "alive", "lives")],
                         ["conn", 20, 20, 0, 20])
        self.assertEqual([objects["leak"][k] for k in ("made", "found", "alive", "lives")], [3, 0, 3, 0])
        self.assertEqual([objects["listener"][k] for k in ("made", "found", "alive")], [0, 1, 1])
        self.assertTrue(0 < objects["conn"]["life_mean_ns"] < objects["conn"]["life_max_ns"])

    def test_objects_that_were_forgotten_for_others_are_said(self):
        """There is no telling whether one that reports again is another one; that there are such can be told."""
        target = self.target(harness.build("inventor"), "objects", 6000)
        tool = self.attach(target.pid, "--memory", "4M", "--report=json")
        target.tell()
        target.await_step("done")
        target.tell()
        self.end(tool, with_signal=None)
        report, metadata = json.loads(tool.out.text()), self.load().metadata
        self.assertGreater(report["forgotten"], 0)
        self.assertIn("%d objects were forgotten for others" % report["forgotten"], tool.messages())
        self.assertEqual(metadata["forgotten"], report["forgotten"])
        self.assertEqual(json.loads(self.said("report", "--json", "trace.json").stdout)["forgotten"], report["forgotten"])
        self.assertIn("%d objects were forgotten for others (--memory)" % report["forgotten"],
                      self.said("report", "trace.json").stdout)

    def test_slices_that_end_in_other_ways(self):
        """By longjmp, without a beginning, out of order: the figures are those of what is shown."""
        for mode in ("longjmp", "unmatched", "threads", "middle"):
            with self.subTest(mode):
                t = self.target(harness.build("methods"), mode)
                tool = self.attach_to("-p", t.pid, "-o", mode + ".json", "--report=json")
                t.tell()
                self.assertEqual(t.wait(), 0)
                self.end(tool, with_signal=None)
                self.compare(json.loads(tool.out.text()), self.load(mode + ".json"))

    def test_tables_have_the_same_figures(self):
        tool = self.run_figures("-o", "trace.json", "--report")
        text, trace = tool.out.text(), self.load()
        self.assertRegex(text, r"(?m)^ +200 +-20 +\S+ +80 +%d  queue\.depth$" % ((199 * 37) % 101 - 20))
        self.assertRegex(text, r"(?m)^ +50 +1 +\S+ +50 +50  served\.jobs$")
        self.assertRegex(text, r"(?m)^ +530( +[\d.]+ [num]?s){7}  parse$")
        self.assertRegex(text, r"(?m)^ +20 +0 +20 +0( +[\d.]+ [num]?s){2}  conn$")
        self.assertRegex(text, r"(?m)^ +3 +0 +0 +3 +- +-  leak \(conn\)$")
        longest = sorted(slices_of(trace), key=lambda s: -s[4])[:10]
        rows = re.findall(r"(?m)^ +[\d.]+ [num]?s +([\d.]+) s +(\d+)  (\w+)$", text)
        self.assertEqual([(float(at), int(tid), name) for at, tid, name in rows],
                         [(round(s[3] / 1e9, 6), s[2], s[0]) for s in longest])
        self.assertNotIn("are not in these figures", text)

    def test_without_a_trace_there_is_no_file(self):
        tool = self.run_figures("-o", "none", "--report=json")
        self.assertEqual([f.name for f in self.dir.iterdir()], [])
        report = json.loads(tool.out.text())
        self.assertEqual(next(m for m in report["methods"] if m["name"] == "handle")["calls"], 240)
        self.assertRegex(tool.messages(), r"(?m)^no file, \d+\.\d{3} s, \d+ events of 2 threads")
        self.assertNotIn("perfetto", tool.messages())

    def test_a_command_and_an_interrupted_trace_are_reported(self):
        tool = self.launch(harness.build("figures"), options=["--report"], output="none")
        tool.signal(signal.SIGINT)
        self.assertTrue(tool.err.wait_for(b"(interrupted)"))
        tool.tell()
        self.assertEqual(tool.wait(), 0, tool.messages())
        self.assertIn("listener", tool.out.text())
        self.assertEqual([f.name for f in self.dir.iterdir()], [])

    def test_a_program_that_does_nothing_has_no_figures(self):
        t = self.target(harness.build("figures"))
        tool = self.attach_to("-p", t.pid, "-o", "none", "--report")
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 0)
        self.assertEqual(tool.out.text(), "no counters, methods or objects\n")
        self.assertIn("no events", tool.messages())

    def test_a_closed_stdout_is_said(self):
        t = self.target(harness.build("figures"))
        with open("/dev/full", "w", encoding="utf-8") as full:
            tool = self.attach_to("-p", t.pid, "-o", "trace.json", "--report", stdout=full)
            t.tell()
            t.wait()
            self.end(tool, harness.EXIT_OUTPUT, with_signal=None)
        self.assertIn("cannot write the report to stdout: No space left on device", tool.messages())
        self.load()

    def test_what_makes_no_sense_is_refused(self):
        for options, message in (
                (["-o", "none"], "-o none keeps nothing: it goes with --report or --check; see --help"),
                (["--report=xml"], "--report is --report=text or --report=json, not 'xml'"),
                (["--report="], "--report is --report=text or --report=json, not ''"),
                (["-o", "none", "-o", "x.json", "--report"],
                 "-o none goes with no other -o and no --format; a file of that name is ./none"),
                (["--format", "chrome", "-o", "none", "--report"],
                 "-o none goes with no other -o and no --format; a file of that name is ./none"),
                (["-o", "-", "--report"], "--report goes to stdout, and so would the trace: give it a file with -o"),
                (["-o", "-", "--check", "lost == 0"],
                 "--check goes to stdout, and so would the trace: give it a file with -o"),
                (["-o", "none", "--report", "--max-size", "1M"],
                 "--max-size is for a trace that goes to a file, not for -o none"),
                (["-o", "none", "--report", "--open"], "--open is for a trace that goes to a file; see --help")):
            done = harness.run(harness.TOOL, "-p", "1", *options, cwd=self.dir)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (harness.EXIT_USAGE, "", "viztrace-bpf: %s\n" % message), options)
        done = harness.run(harness.TOOL, "list", "--report")
        self.assertEqual((done.returncode, done.stderr),
                         (harness.EXIT_USAGE, "viztrace-bpf: --report is for tracing, not for list; see --help\n"))
        self.assertEqual(list(self.dir.iterdir()), [])

    def check(self, *expressions, options=("-o", "none"), code=0):
        """The lines that checks of one run print, without the expressions themselves."""
        more = [word for e in expressions for word in ("--check", e)]
        tool = self.run_figures(*options, *more, code=code)
        lines = tool.out.text().splitlines()
        self.assertEqual(len(lines), len(expressions), lines)
        for line, e in zip(lines, expressions):
            self.assertTrue(line.startswith("check: %s: " % e), line)
        return [line[len("check: %s: " % e):] for line, e in zip(lines, expressions)]

    def test_checks_that_hold(self):
        values = [(i * 37) % 101 - 20 for i in range(200)]
        lines = self.check("max(queue.depth) <= 80", "min(queue.depth) == -20", "last(queue.depth) == %d" % values[-1],
                           "mean(queue.depth) > -20", "max(queue.full) == 100%", "count(parse) == 530", "count(queue) == 200",
                           "rate(served.jobs) > 0.1/s", "p50(parse) > 0ns", "p90(parse) < 10s", "p99(*) < 10s",
                           "mean(handle) < 10s", "alive(leak) == 3", "alive(conn) == 4", "count(conn) == 24", "lost == 0")
        self.assertEqual(lines[0], "held: 80 (queue.depth)")
        self.assertEqual(lines[1], "held: -20 (queue.depth)")
        self.assertEqual(lines[4], "held: 100% (queue.full)")
        self.assertEqual(lines[5], "held: 530")
        self.assertRegex(lines[7], r"^held: [\d.e+]+/s$")
        self.assertRegex(lines[8], r"^held: [\d.e+]+ us \(parse\)$")
        self.assertRegex(lines[10], r"^held: [\d.e+]+ us \((parse|handle)\)$")
        self.assertEqual(lines[12:], ["held: 3", "held: 4", "held: 24", "held: 0"])
        self.assertEqual([f.name for f in self.dir.iterdir()], [])

    def test_checks_that_do_not_hold(self):
        lines = self.check("max(queue.depth) < 80", "lost == 0", "alive(leak) == 0", "max(parse) < 1ns", "count(nobody) == 0",
                           "max(nobody) < 5", "p99(queue) < 1s", "alive(queue) == 0", code=harness.EXIT_CHECK,
                           options=("-o", "trace.json"))
        self.assertRegex(lines[0], r"^NOT HELD: 80 \(queue\.depth\), first at \d\.\d{6} s$")
        self.assertEqual(lines[1:3], ["held: 0", "NOT HELD: 3"])
        self.assertRegex(lines[3], r"^NOT HELD: [\d.e+]+ us \(parse\), first at \d\.\d{6} s$")
        self.assertEqual(lines[4:], ["NOT HELD: nothing of that name appeared", "NOT HELD: no counter of that name appeared",
                                     "NOT HELD: no method of that name appeared",
                                     "NOT HELD: no object of that name appeared"])
        self.load()

    def test_checks_are_in_the_report(self):
        tool = self.run_figures("-o", "none", "--report=json", "--check", "max(queue.depth) < 80", "--check", "lost == 0",
                                "--check", "max(nobody) < 5", "--check", "max(handle) < 10s", code=harness.EXIT_CHECK)
        report = json.loads(tool.out.text())
        handle = next(m for m in report["methods"] if m["name"] == "handle")
        self.assertGreater(report["checks"][0].pop("first_ns"), 0)
        self.assertEqual(report["checks"], [
            {"check": "max(queue.depth) < 80", "held": False, "value": 80, "name": "queue", "attribute": "depth"},
            {"check": "lost == 0", "held": True, "value": 0},
            {"check": "max(nobody) < 5", "held": False, "value": None},
            {"check": "max(handle) < 10s", "held": True, "value": handle["max_ns"], "name": "handle"}])
        tool = self.run_figures("-o", "none", "--report", "--check", "lost == 0")
        self.assertRegex(tool.out.text(), r"(?s)^counters:.*\n\ncheck: lost == 0: held: 0\n$")

    def test_where_a_check_breaks_is_on_the_timeline(self):
        """At the first value for which it does, or at the end if that is not known before."""
        checks = ("max(queue.depth) < 80", "max(queue.depth) <= 79", "max(queue.depth) == 79", "min(queue.depth) >= -19",
                  "min(queue.depth) > -20", "max(handle) < 1ns", "min(parse) > 10s", "last(queue.depth) == 1000", "max(nobody) < 5",
                  "max(queue.depth) <= 80", "min(queue.depth) >= -20", "max(queue.depth) != 80", "lost == 0")
        options = [word for check in checks for word in ("--check", check)]
        tool = self.run_figures("-o", "trace.json", "--report=json", *options, code=harness.EXIT_CHECK)
        trace, results = self.load(), json.loads(tool.out.text())["checks"]

        def first(wrong):
            return next(e["ts"] for e in trace.of("C") if e["name"] == "queue" and wrong(e["args"]["depth"]))

        slices = slices_of(trace)
        handle = min(s[3] + s[4] for s in slices if s[0] == "handle")
        parse = min(s[3] + s[4] for s in slices if s[0] == "parse")
        largest, smallest = ns(first(lambda v: v == 80)), ns(first(lambda v: v == -20))
        wanted = [largest] * 3 + [smallest] * 2 + [handle, parse]
        told = {e["name"]: ns(e["ts"]) for e in trace.of("i") if e["name"].startswith("check: ")}
        self.assertEqual(len(told), 10)
        self.assertEqual([told[name] for check in checks[:7] for name in told if name.startswith("check: " + check + ": NOT HELD: ")],
                         wanted)
        self.assertEqual([r.get("first_ns") for r in results], wanted + [None] * 6)
        end = ns(trace.metadata["end_us"])
        self.assertEqual({name: ts for name, ts in told.items() if ts == end}, {
            "check: last(queue.depth) == 1000: NOT HELD: %d (queue.depth)" % ((199 * 37) % 101 - 20): end,
            "check: max(nobody) < 5: NOT HELD": end, "check: max(queue.depth) != 80: NOT HELD: 80 (queue.depth)": end})
        self.assertIn("check: max(queue.depth) == 79: NOT HELD: 80 (queue.depth)", told)

    def test_a_wrong_check_is_an_error_before_anything_is_attached_to(self):
        t = self.target(harness.build("figures"))
        for expression, what, mark in (
                ("p99(parse) < 5", "expected a time, as 5ms", "             ^"),
                ("max(queue.depth", "expected a ')'", "               ^"),
                ("max(\u00fc) =< 3", "expected one of < <= > >= == !=", "       ^")):
            done = harness.run(harness.TOOL, "-p", t.pid, "-o", "none", "--check", expression, cwd=self.dir)
            self.assertEqual(done.returncode, harness.EXIT_USAGE)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "viztrace-bpf: --check: %s; see man viztrace-bpf\nviztrace-bpf:   %s\n"
                             "viztrace-bpf:   %s\n" % (what, expression, mark))
        done = harness.run(harness.TOOL, "-p", t.pid, "--check", "max(a\nb) < 3")
        self.assertEqual((done.returncode, done.stderr), (
            harness.EXIT_USAGE, "viztrace-bpf: --check: it has a control character; see man viztrace-bpf\n"))

    def test_a_commands_status_and_a_check(self):
        """Ours says what the command's cannot."""
        for check, code in (("lost == 0", 3), ("lost > 0", harness.EXIT_CHECK)):
            tool = self.tool("-f", "-o", "none", "--check", check, "--", "sh", "-c", "%s; exit 3" % self.own("figures"),
                             stdin=harness.subprocess.PIPE)
            tool.child.stdin.write(b"\n")
            tool.child.stdin.flush()
            self.assertEqual(tool.wait(), code, tool.messages())
            self.assertIn("check: " + check, tool.out.text())


# Of a command: by a small parent, whose own size a child begins with.
MEASURE = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


class File(Figures):
    """The same of a trace that was written before."""

    def test_a_trace_has_the_figures_of_its_run(self):
        checks = ("max(queue.depth) < 80", "lost == 0", "p99(parse) < 1ns", "alive(conn) == 4", "rate(parse) > 1")
        options = [word for check in checks for word in ("--check", check)]
        outputs = ("-o", "trace.json", "-o", "trace.json.gz")
        tool = self.run_figures(*outputs, "--report=json", *options, code=harness.EXIT_CHECK)
        self.compare(json.loads(tool.out.text()), self.load())
        for name in ("trace.json", "trace.json.gz"):
            self.assertEqual(self.said("check", "--json", name, *checks, code=harness.EXIT_CHECK).stdout, tool.out.text())
        tool = self.run_figures(*outputs, "--report", "--check", "lost == 0")
        for name in ("trace.json", "trace.json.gz"):
            done = self.said("report", name, "--check", "lost == 0")
            self.assertEqual((done.stdout, done.stderr), (tool.out.text(), ""))

    def test_so_have_those_of_other_programs(self):
        """Names that viewers cannot have, numbers of all kinds, objects that take each other's place, open slices."""
        modes = {"identity": ("reused", "again", "twins", "nested", "copies", "silent"), "methods": ("middle", "longjmp", "unmatched"),
                 "garbage": ("strings", "numbers", "names", "json", "stub"), "content": ("names",)}
        for program, mode in ((p, m) for p, all_modes in modes.items() for m in all_modes):
            with self.subTest(program=program, mode=mode):
                t = self.target(harness.build(program), mode)
                tool = self.attach_to("-p", t.pid, "-o", "other.json", "--report=json")
                t.tell()
                t.wait()
                self.end(tool, with_signal=None, complete=False)
                # Names that viewers cannot have end in an underscore in the file.
                said = re.sub(r'"(__proto__|constructor|toString|hasOwnProperty|valueOf)_"', r'"\1"',
                              self.said("report", "--json", "other.json").stdout)
                self.assertEqual(said, tool.out.text())

    def test_a_pipe_is_read_as_well(self):
        self.run_figures("-o", "trace.json")
        whole = self.said("report", "trace.json").stdout
        done = harness.run("sh", "-c", "cat trace.json | %s report -" % harness.TOOL, cwd=self.dir)
        self.assertEqual((done.stdout, done.stderr), (whole, ""))
        t = self.target(harness.build("figures"))
        tool = self.attach_to("-p", t.pid, "-o", "-", stdout=open(self.dir / "piped", "wb"))
        t.tell()
        self.assertEqual(t.wait(), 0)
        self.end(tool, with_signal=None)
        done = self.said("report", "--json", "piped")
        self.assertEqual(done.stderr, "")
        self.assertEqual(next(m for m in json.loads(done.stdout)["methods"] if m["name"] == "handle")["calls"], 240)

    def test_one_that_was_cut_short(self):
        """The tool is killed: what it has written by then is there, and nobody knows how much was lost."""
        t = self.target(harness.build("steady"))
        tool = self.attach_to("-p", t.pid, "-o", "trace.json")
        t.ask("work 100")
        path = self.dir / "trace.json"
        self.assertTrue(harness.wait_until(lambda: b'"sum"' in path.read_bytes()))
        tool.signal(signal.SIGKILL)
        tool.wait()
        done = self.said("check", "trace.json", "count(sum) > 0", "lost == 0", code=harness.EXIT_CHECK)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("trace.json has no end: who wrote it was killed", done.stderr)
        self.assertIn("check: count(sum) > 0: held", done.stdout)
        self.assertIn("check: lost == 0: NOT HELD: it is not known what was lost", done.stdout)
        self.run_figures("-o", "whole.json")
        data = (self.dir / "whole.json").read_bytes()
        (self.dir / "half.json").write_bytes(data[:len(data) // 2])
        done = self.said("check", "half.json", "lost == 0")
        self.assertIn("the end of half.json is missing", done.stderr)

    def test_what_is_no_trace(self):
        self.run_figures("-o", "trace.json")
        (self.dir / "empty.json").touch()
        (self.dir / "other.json").write_text('{"traceEvents":[]}')
        (self.dir / "changed.json").write_text((self.dir / "trace.json").read_text().replace('"ph":"B"', '"ph":"X"', 1))
        for name, said in (("nowhere.json", "cannot read nowhere.json: No such file"), ("/", "cannot read /: Is a directory"),
                           ("empty.json", "empty.json: the file is empty"), ("other.json", "other.json, line 1: this is no trace of"),
                           (harness.TOOL, "line 1: this is no trace of viztrace-bpf"),
                           ("changed.json", "this is no event as viztrace-bpf writes them")):
            for command in (("report",), ("check", "--check", "lost == 0")):
                done = self.said(*command, name, code=harness.EXIT_INPUT)
                self.assertEqual(done.stdout, "")
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(said, done.stderr)

    def test_the_memory_does_not_grow_with_the_file(self):
        """A hundred times the events take what they take once."""
        self.run_figures("-o", "trace.json")
        head, *events, tail = (self.dir / "trace.json").read_text().split("\n")
        events = [e.rstrip(" ,") for e in events]
        largest = []
        for n in (1, 100):
            later = ("," + re.sub(r'"ts":([\d.]+)', lambda m, i=i: '"ts":%.3f' % (float(m[1]) + 1e8 * i), e) + "\n"
                     for i in range(n) for e in events)
            (self.dir / "many.json").write_text("%s\n%s\n%s" % (head, "".join(later)[1:].replace("\n,", ",\n"), tail))
            largest.append(int(harness.run("python3", "-c", MEASURE, harness.TOOL, "report", self.dir / "many.json").stdout))
        self.assertLess(largest[1], largest[0] + (2 << 10), largest)


class Checks(Figures):
    def test_from_a_file(self):
        (self.dir / "checks").write_text("# of the queue\nmax(queue.depth) <= 80\n\n  lost == 0  \r\n")
        self.run_figures("-o", "trace.json", "--checks", self.dir / "checks")
        said = self.said("check", "trace.json", "--checks", "checks")
        self.assertEqual(said.stdout, "check: max(queue.depth) <= 80: held: 80 (queue.depth)\ncheck: lost == 0: held: 0\n")
        said = self.said("check", "trace.json", "alive(leak) == 0", "--checks", "checks", code=harness.EXIT_CHECK)
        self.assertEqual(len(said.stdout.splitlines()), 3)

    def test_a_wrong_file_of_them(self):
        t = self.target(harness.build("figures"))
        for text, said in (("lost == 0\nmax(queue.depth) <\n", "checks, line 2: expected a number, as 5 or 1.5ms"),
                           ("# nothing\n", "checks: there is nothing to check in it"), (None, "cannot read checks: No such file")):
            if text is None:
                (self.dir / "checks").unlink()
            else:
                (self.dir / "checks").write_text(text)
            done = self.said("-p", t.pid, "-o", "none", "--checks", "checks", code=harness.EXIT_USAGE)
            self.assertTrue(done.stderr.startswith("viztrace-bpf: " + said), done.stderr)

    def test_what_does_not_go_together(self):
        for args, said in ((("report",), "report takes the FILE of a trace"), (("check", "a.json"), "check takes the FILE of a trace and"),
                           (("check",), "check takes the FILE"), (("report", "a", "b"), "'b' is not understood"),
                           (("report", "a", "-p", "1"), "report is about a FILE; -p is for tracing"),
                           (("check", "a", "lost = 0"), "expected one of < <="), (("-p", "1", "--json"), "--json goes with"),
                           (("report", "a", "-f"), "are for tracing, not for report")):
            self.assertIn(said, self.said(*args, code=harness.EXIT_USAGE).stderr)
