# SPDX-License-Identifier: BSD-2-Clause
"""What the app says, what the command line says, what `ctl` says while it runs, and what of it is in the trace."""
import collections
import json
import os
import re
import shutil
import signal
import socket
import stat
import time

import harness
import tracefile
from tracefile import ns

LETTERS = {"o": "own", "p": "_private", "n": "nested", "l": "list", "t": "text"}
ALL = "onlt"

# What the app says of each object. They are made twice: once before the tool comes, once after.
APP = {
    "plain": [],
    "white": ["include %s own nested"],
    "black": ["exclude %s own text"],
    "both": ["include %s own text", "exclude %s own"],
    "silent": ["trigger %s 0"],
    "off": ["enabled %s 0"],
}

# options -> for each object "triggers|shown": the attributes of which a write is reported, and those that each
# report has. Every object also has one LOG at the end. "-": nothing at all, not even that it is there. Objects that
# are not named: as without options. One tool for each line, all those of a group at once on one program.
DEFAULT = {"plain": "onlt|onlt", "white": "on|on", "black": "nl|nl", "both": "ot|ot", "silent": "|onlt", "off": "|"}
NONE = dict.fromkeys(APP, "-")
TABLE = {
    "include": [
        ("", {}),
        ("--include plain", {**NONE, "plain": "onlt|onlt"}),
        ("--include box", {}),
        ("--include *", {}),
        ("--include *.*", {}),
        ("--include plain.own", {**NONE, "plain": "o|o"}),
        ("--include *.own", {"plain": "o|o", "white": "o|o", "black": "|", "both": "o|o", "silent": "|o"}),
    ],
    "patterns": [
        ("--include box.nested --include plain.list",
         {"plain": "nl|nl", "white": "n|n", "black": "n|n", "both": "|", "silent": "|n"}),
        ("--include [pw]*", {**NONE, "plain": "onlt|onlt", "white": "on|on"}),
        ("--include *[!x]t", {"plain": "l|l", "white": "|", "black": "l|l", "both": "|"}),
        ("--include b* --include silent.list", {}),
        ("--include *._private", NONE),
        ("--include nobody", NONE),
        ("--methods nobody --no-methods", {}),
    ],
    "exclude": [
        ("--exclude box", NONE),
        ("--exclude *", NONE),
        ("--exclude black", {"black": "-"}),
        ("--exclude *.own", {"plain": "nlt|nlt", "white": "n|n", "both": "t|t", "silent": "|nlt"}),
        ("--exclude *._private", {}),
        ("--exclude box.nested --exclude both.*", {"plain": "olt|olt", "white": "o|o", "black": "l|l", "both": "-",
                                                   "silent": "|olt"}),
    ],
    "include and exclude": [
        ("--include pl* --exclude *.t?xt", {**NONE, "plain": "onl|onl"}),
        ("--include plain --include black --exclude *.own", {**NONE, "plain": "nlt|nlt", "black": "nl|nl"}),
        ("--include plain.own --exclude plain", NONE),
        ("--filters rules", {**NONE, "plain": "onl|onl"}),
        ("--filters alone --include black.list", {**NONE, "plain": "onlt|onlt", "white": "o|o", "black": "l|l"}),
    ],
    # What the app excludes makes no report by itself; what is private is never shown.
    "include all": [
        ("--include-all", {"white": "on|onlt", "black": "nl|onlt", "both": "ot|onlt"}),
        ("--include-all --exclude *.own --include box",
         {"plain": "nlt|nlt", "white": "n|nlt", "black": "nl|nlt", "both": "t|nlt", "silent": "|nlt"}),
        ("--include-all --include black", {**NONE, "black": "nl|onlt"}),
        ("--include-all --trigger-on-change *",
         {"plain": "onlt|onlt", "white": "onlt|onlt", "black": "onlt|onlt", "both": "onlt|onlt", "silent": "onlt|onlt"}),
    ],
    "no trigger": [
        ("--no-trigger-on-change plain", {"plain": "|onlt"}),
        ("--no-trigger-on-change box", {"plain": "|onlt", "white": "|on", "black": "|nl", "both": "|ot"}),
        ("--no-trigger-on-change [wb][hlo]?[ct]* --exclude *.nested",
         {"plain": "olt|olt", "white": "|o", "black": "|l", "silent": "|olt"}),
    ],
    "trigger": [
        ("--trigger-on-change silent", {"silent": "onlt|onlt"}),
        ("--trigger-on-change box", {"silent": "onlt|onlt"}),
        ("--trigger-on-change sil* --exclude *.list",
         {"plain": "ont|ont", "black": "n|n", "silent": "ont|ont"}),
        ("--trigger-on-change *  --no-trigger-on-change plain", {"plain": "|onlt", "silent": "onlt|onlt"}),
        ("--trigger-on-change silent --include silent.own", {**NONE, "silent": "o|o"}),
        ("--trigger-on-change nobody", {}),
    ],
}
RULES = """# only some

  include   pl*  \r
exclude *.t?xt

#include box
no-trigger-on-change nobody
no-methods
"""
ALONE = "plain\nwhite.own"


class Filters(harness.Case):
    def program(self, path=None):
        t = self.target(path or harness.build("filters"))
        t.do = lambda *lines: [t.ask(line) for line in lines]
        return t

    def finish(self, target, tool, **rules):
        """End both; the trace, and what the tool said."""
        target.tell("quit")
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.assertNotIn("do not balance", tool.messages())
        return self.load(**rules), tool.messages()

    def socket_of(self, target):
        return "/run/viztrace-bpf.%d.sock" % target.pid

    def ctl(self, target, *args, code=0, **more):
        done = harness.run(harness.TOOL, "ctl", "-p", target.pid, *args, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def caught_up(self, target):
        """Once the tool has seen what the target did so far, and told the kernel what it decided."""
        for _ in range(3):  # it reads, passes on, answers: all of that once for sure
            self.ctl(target, "--show")

    def notes(self, trace):
        return [e for e in trace.of("i") if e["name"].startswith("viztrace-bpf ctl ")]


def state(shown, values):
    """A snapshot of these attributes."""
    whole = {"own": values.get("o", 0), "nested": {"soft": values.get("n", 0), "hard": 0},
             "list": [0, values.get("l", 0)], "text": str(values["t"]) if "t" in values else ""}
    return {LETTERS[c]: whole[LETTERS[c]] for c in ALL if c in shown}


def expected(rule):
    """The reports of an object that has all its attributes written, one after the other, and a LOG."""
    if rule in ("-", "|"):
        return []
    triggers, shown = rule.split("|")
    reports, values = [], {}
    for n, c in enumerate("opnlt", 1):
        values[c] = n
        if c in triggers:
            reports.append(state(shown, values))
    return reports + [state(shown, values)]


class Table(Filters):
    def run_group(self, group):
        (self.dir / "rules").write_text(RULES)
        (self.dir / "alone").write_text(ALONE)
        lines = TABLE[group]
        target = self.program()
        self.make(target, "before")
        tools = [self.tool("-p", target.pid, "-o", "%d.json" % i, "--ring-size", "256k", *options.split())
                 for i, (options, _) in enumerate(lines)]
        for tool in tools:
            self.assertTrue(tool.attached(), tool.messages())
        self.make(target, "after")
        self.write(target, "before", "after")
        target.tell("quit")
        self.assertEqual(target.wait(), 0)
        for i, (tool, (options, rules)) in enumerate(zip(tools, lines)):
            with self.subTest(options):
                self.end(tool, with_signal=None)
                self.assertNotIn("do not balance", tool.messages())
                self.judge(self.load("%d.json" % i), {**DEFAULT, **rules})

    def make(self, target, when):
        for name, config in APP.items():
            target.do("make %s.%s %s" % (name, when, name), *(c % (name + "." + when) for c in config))

    def write(self, target, *when):
        for w in when:
            for name in APP:
                target.do(*("set %s.%s %s %d" % (name, w, LETTERS[c], n) for n, c in enumerate("opnlt", 1)),
                          "log %s.%s" % (name, w))

    def judge(self, trace, rules):
        self.assertEqual(trace.total["lost"], 0)
        lives = collections.defaultdict(list)
        for e in trace.of("O"):
            lives[e["id"]].append(e)
        found = collections.defaultdict(list)
        for events in lives.values():
            found[events[0]["name"]].append([tracefile.plain_keys(e["args"]["snapshot"]) for e in events])
        for name, rule in rules.items():
            reports = expected(rule)
            self.assertEqual(found.get(name, []), [reports] * 2 if reports else [], name)
            if rule == "-":
                self.assertEqual(trace.of("N", name=name), [])


def add_groups():
    def test_of(group):
        return lambda self: self.run_group(group)
    for group in TABLE:
        setattr(Table, "test_" + group.replace(" ", "_"), test_of(group))


add_groups()


class AppExcludedWithTrigger(Filters):
    def shown(self, *options):
        target = self.program()
        tool = self.attach(target.pid, *options)
        target.do("make w wary", "exclude w own", "trigger w 0")
        target.do("set w own 1", "set w _private 2", "set w list 3", "set w own 4")
        trace, _ = self.finish(target, tool)
        return trace

    def test_trigger_of_the_tool_does_not_show_what_the_app_excludes(self):
        trace = self.shown("--trigger-on-change", "wary")
        shown = trace.snapshots("wary")
        self.assertTrue(all("own" not in s for s in shown), shown)
        self.assertEqual([s["list"] for s in shown][:1], [[0, 3]])
        self.assertEqual(len(shown), 1)

    def test_trigger_of_the_tool_and_include_all_show_it(self):
        trace = self.shown("--trigger-on-change", "wary", "--include-all")
        self.assertEqual([(s["own"], s["list"][1]) for s in trace.snapshots("wary")], [(1, 0), (1, 3), (4, 3)])


class Kinds(Filters):
    def events(self, *options):
        target = self.program()
        tool = self.attach(target.pid, *options)
        target.do("tally c queue", "times c a 2", "set c b 7", "set c _c 1", "call 2", "value queue depth 3",
                  "value store depth 4", "instant now", "log c")
        trace, _ = self.finish(target, tool)
        return trace

    def test_counters(self):
        for options, shown in ((), [{"a": 1, "b": 0}, {"a": 2, "b": 0}, {"a": 2, "b": 7}, {"a": 2, "b": 7}]), \
                (("--exclude", "tally.b"), [{"a": 1}, {"a": 2}, {"a": 2}]), \
                (("--include", "queue.b", "--exclude", "*.depth"), [{"b": 7}, {"b": 7}]), \
                (("--on-change",), [{"a": 1, "b": 0}, {"a": 2, "b": 0}, {"a": 2, "b": 7}]):
            with self.subTest(options):
                trace = self.events(*options)
                self.assertEqual([s for s in trace.samples_of("queue") if "depth" not in s], shown)

    def test_methods(self):
        calls = ["+outer", "+inner", "-inner", "+inner", "-inner", "-outer"]
        for options, shown in ((), calls), (("--methods", "in*"), calls[1:5]), \
                (("--methods", "nothing"), []), (("--no-methods",), []), (("--exclude", "outer"), calls):
            with self.subTest(options):
                self.assertEqual(self.events(*options).slices(), shown)

    def test_values_and_instants(self):
        for options, shown in ((), [3, 4]), (("--include", "queue"), [3]), (("--exclude", "queue.depth"), [4]), \
                (("--include", "*.depth", "--exclude", "store"), [3]), (("--exclude", "*"), []):
            with self.subTest(options):
                trace = self.events(*options)
                self.assertEqual(sorted({a["depth"] for e in trace.of("C") for a in [e["args"]] if "depth" in a and "viz" not in e}),
                                 shown)
                self.assertEqual([e["name"] for e in trace.of("i")], ["now"])

    def test_on_change_leaves_out_what_says_nothing_new(self):
        target = self.program()
        tool = self.attach(target.pid, "--on-change", "--exclude", "*.list")
        target.do("make b box")
        for attr, n in ("own", 1), ("own", 1), ("list", 5), ("text", 3), ("text", 3), ("nested", 2), ("own", 2):
            target.do("set b %s %d" % (attr, n))
        target.do("log b", "set b own 1")
        trace, _ = self.finish(target, tool)
        self.assertEqual([(s["own"], s["text"], s["nested"]["soft"]) for s in trace.snapshots()],
                         [(1, "", 0), (1, "3", 0), (1, "3", 2), (2, "3", 2), (1, "3", 2)])
        self.assertEqual(trace.probe("set")["filtered"] + trace.probe("log")["filtered"], 4)


class Counts(Filters):
    """Where a filter worked."""

    def writes(self, n, *options, setup=()):
        target = self.program()
        tool = self.attach(target.pid, *options)
        target.do("make b box", *setup, "set b list 1", "set b own 1")
        self.caught_up(target)
        target.do("times b own %d" % n)
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.total["lost"], 0)
        return trace

    def test_what_the_app_excluded_takes_no_trap(self):
        trace = self.writes(5000, setup=["exclude b own"])
        self.assertEqual(trace.probe("set")["seen"], 1)
        trace = self.writes(5000, setup=["trigger b 0"])
        self.assertEqual(trace.probe("set")["seen"], 0)
        trace = self.writes(5000, "--exclude", "box.own", setup=["exclude b own"])
        self.assertEqual(trace.probe("set")["seen"], 1)
        self.assertEqual(trace.probe("set")["filtered"], 0)

    def test_what_the_tool_excluded_is_counted_and_not_written(self):
        few = self.writes(10, "--exclude", "box.own")
        many = self.writes(60000, "--exclude", "box.own")
        self.assertEqual(few.probe("set")["filtered"], 11)
        self.assertEqual(many.probe("set")["filtered"], 60001)
        self.assertEqual(many.probe("set")["written"], 1)
        self.assertEqual(few.counts, many.counts)
        self.assertLess(abs(len(many.data) - len(few.data)), 100)

    def test_a_tiny_ring_loses_nothing_of_what_the_kernel_filters(self):
        trace = self.writes(60000, "--exclude", "box.own", "--ring-size", "64k")
        self.assertEqual(trace.probe("set"), {"seen": 60002, "filtered": 60001, "written": 1, "lost": 0,
                                              "truncated": 0, "unreadable": 0})

    def attached_kinds(self, *options):
        target = self.program()
        tool = self.attach(target.pid, "-v", *options)
        self.finish(target, tool)
        return set(re.findall(r"attached viz:(\w+)", tool.messages()))

    def test_a_kind_that_no_filter_lets_through_is_not_attached(self):
        usual = {"init", "destroy", "set", "log", "enter", "exit", "value", "instant", "async"}
        for options, kinds in ((), usual), (("--no-methods",), usual - {"enter", "exit", "async"}), \
                (("--exclude", "*"), usual - {"set", "log", "value"}), \
                (("--trigger-on-change", "x"), usual | {"quiet"}):
            with self.subTest(options):
                self.assertEqual(self.attached_kinds(*options), kinds)

    def test_patterns_that_match_nothing_are_named(self):
        target = self.program()
        (self.dir / "rules").write_text("exclude gone\n")
        tool = self.attach(target.pid, "--include", "box", "--include", "bocks", "--exclude", "box.o*", "--exclude",
                           "*.owen", "--methods", "inner", "--methods", "outerr", "--trigger-on-change", "box.own",
                           "--no-trigger-on-change", "nix", "--filters", "rules")
        target.do("make b box", "set b list 1", "call 1")
        _, messages = self.finish(target, tool)
        self.assertEqual(set(re.findall(r"(--\S+ \S+) matched nothing", messages)),
                         {"--include bocks", "--exclude *.owen", "--methods outerr", "--no-trigger-on-change nix",
                          "--exclude gone"})

    def test_quiet_does_not_hide_that(self):
        target = self.program()
        tool = self.tool("-p", target.pid, "-o", "trace.json", "-q", "--exclude", "nix", "-d", "0.2")
        self.end(tool, with_signal=None)
        self.assertIn("--exclude nix matched nothing", tool.messages())


class Thin(Filters):
    """Fewer reports of each object, and always the last one."""

    def test_every(self):
        target = self.program()
        target.do("make b busy", "make c calm", "tally t count")
        tool = self.attach(target.pid, "--every", "100")
        target.do("times b own 1000", "times t a 150", "set c own 7", "value queue depth 1", "value queue depth 2")
        trace, _ = self.finish(target, tool)
        shown = collections.defaultdict(list)
        for e in trace.of("O"):
            shown[e["name"]].append(e["args"]["snapshot"]["own"])
        self.assertEqual(shown, {"busy": [1, 101, 201, 301, 401, 501, 601, 701, 801, 901, 1000], "calm": [7]})
        self.assertEqual([s["a"] for s in trace.samples_of("count")][:3], [1, 101, 150])
        self.assertEqual(trace.samples_of("queue"), [{"depth": 1}, {"depth": 2}])
        probe = trace.probe("set")
        self.assertEqual((probe["seen"], probe["written"], probe["lost"]), (1151, 11 + 3 + 1, 0))

    def test_rate(self):
        target = self.program()
        target.do("make b box", "make c box")
        tool = self.attach(target.pid, "--rate", "20/s")
        start = time.monotonic()
        while time.monotonic() < start + 1:
            target.do("times b own 1000")
        target.do("set b own -1", "set c own -2")
        lasted = time.monotonic() - start
        trace, _ = self.finish(target, tool)
        b = [e for e in trace.of("O") if e["args"]["snapshot"]["own"] != -2]
        self.assertEqual(b[-1]["args"]["snapshot"]["own"], -1)
        self.assertLessEqual(len(b), 20 * lasted + 2)
        self.assertGreaterEqual(len(b), 3)
        for before, after in zip(b[:-1], b[1:-1]):
            self.assertGreaterEqual(after["ts"] - before["ts"], 49999)
        self.assertEqual(len(trace.of("O")), len(b) + 1)
        probe = trace.probe("set")
        self.assertEqual(probe["seen"], probe["written"] + probe["filtered"])

    def test_what_is_due_is_shown_while_the_object_is_silent(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid, "--rate", "5")
        target.do("set b own 1", "set b own 2", "set b own 3")
        time.sleep(1)
        target.do("instant later")
        trace, _ = self.finish(target, tool)
        values = [(e["ts"], e["args"]["snapshot"]["own"]) for e in trace.of("O")]
        later = next(e["ts"] for e in trace.of("i") if e["name"] == "later")
        self.assertEqual([v for _, v in values], [1, 3])
        self.assertAlmostEqual(values[1][0] - values[0][0], 200000, delta=1)
        self.assertLess(values[1][0], later)


class Config(Filters):
    """The app changes its mind at run time."""

    def test_the_very_next_write_is_another(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid, "--exclude", "*.text")
        keys = []
        for line, shown in (("set b own 1", "onl"), ("exclude b own", ""), ("set b own 2", ""), ("set b list 3", "nl"),
                            ("include b own", ""), ("set b list 4", ""), ("set b own 5", "o"),
                            ("trigger b 0", ""), ("set b own 6", ""), ("log b", "o"), ("trigger b 1", ""),
                            ("include b", ""), ("exclude b", ""), ("set b own 7", "onl"), ("enabled b 0", ""),
                            ("set b own 8", ""), ("log b", ""), ("enabled b 1", ""), ("set b nested 9", "onl")):
            target.do(line)
            if shown:
                keys.append([LETTERS[c] for c in shown])
        trace, _ = self.finish(target, tool)
        self.assertEqual([list(s) for s in trace.snapshots()], keys)
        self.assertEqual(trace.snapshots()[-1]["own"], 8)
        self.assertEqual(trace.total["lost"], 0)

    def test_an_unknown_attribute_changes_nothing(self):
        target = self.program()
        target.do("make b box")
        self.assertEqual(target.do("exclude b own", "exclude b nix", "exclude b own nix"), ["0", "-2", "-2"])
        tool = self.attach(target.pid)
        target.do("set b own 1", "set b list 2")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.snapshots(), [state("nlt", {"l": 2})])


class Ctl(Filters):
    def attach(self, pid, *options, **more):
        tool = super().attach(pid, *options, **more)
        self.assertTrue(harness.wait_until(lambda: os.path.exists("/run/viztrace-bpf.%d.sock" % pid)))
        return tool

    def test_each_change_is_in_force_at_the_next_write(self):
        target = self.program()
        target.do("make b box", "make s silent", "trigger s 0")
        tool = self.attach(target.pid)
        shown = []
        for args, rule in (((), ALL), (("--exclude", "box.own"), "nlt"), (("--exclude", "*.text"), "nl"),
                           (("--clear", "--include", "*.own"), "o"), (("--clear",), ALL),
                           (("--no-trigger-on-change", "box"), ""),
                           (("--clear", "--trigger-on-change", "silent"), ALL)):
            if args:
                self.ctl(target, *args)
            target.do("set b own 1", "set s own 1")
            if "o" in rule or args == ("--exclude", "box.own"):
                shown += [] if "--exclude" in args else [("box", [LETTERS[c] for c in rule])]
            if args and args[-1] == "silent":
                shown.append(("silent", [LETTERS[c] for c in ALL]))
            target.do("set b list 2")
            if "l" in rule:
                shown.append(("box", [LETTERS[c] for c in rule]))
        trace, _ = self.finish(target, tool)
        self.assertEqual([(e["name"], list(tracefile.plain_keys(e["args"]["snapshot"]))) for e in trace.of("O")], shown)
        self.assertEqual([e["name"] for e in self.notes(trace)], [
            "viztrace-bpf ctl --exclude box.own", "viztrace-bpf ctl --exclude *.text",
            "viztrace-bpf ctl --clear --include *.own", "viztrace-bpf ctl --clear",
            "viztrace-bpf ctl --no-trigger-on-change box", "viztrace-bpf ctl --clear --trigger-on-change silent"])
        self.assertEqual(trace.total["lost"], 0)

    def test_what_was_hidden_comes_with_its_name_and_state(self):
        target = self.program()
        target.do("make b hidden one")
        tool = self.attach(target.pid, "--exclude", "hidden*")
        target.do("make c hidden two", "set b own 1", "set c own 2", "make d hidden three", "destroy d")
        self.ctl(target, "--clear")
        target.do("set b list 3", "set c list 4")
        trace, _ = self.finish(target, tool)
        self.assertEqual([(e["name"], tracefile.plain_keys(e["args"]["snapshot"])) for e in trace.of("O")],
                         [("hidden one", state(ALL, {"o": 1, "l": 3})), ("hidden two", state(ALL, {"o": 2, "l": 4}))])
        self.assertEqual(trace.probe("init")["filtered"], 2)
        self.assertEqual(trace.probe("destroy")["filtered"], 1)

    def test_kinds_that_were_not_attached_come_when_they_are_wanted(self):
        self.seen = "most"  # while a kind is detached its semaphore is up for a moment longer
        target = self.program()
        tool = self.attach(target.pid, "--no-methods", "--exclude", "*")
        target.do("call 1", "value queue depth 1")
        self.ctl(target, "--clear")
        target.do("call 1", "value queue depth 2")
        self.ctl(target, "--methods", "inner")
        target.do("call 1")
        self.ctl(target, "--no-methods")
        target.do("call 1")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+outer", "+inner", "-inner", "-outer", "+inner", "-inner"])
        self.assertEqual(trace.samples_of("queue"), [{"depth": 2}])

    ALL_KINDS = {"init", "destroy", "set", "log", "enter", "exit", "value", "instant", "async"}

    def leaves_on(self, target, kinds):
        seen = []

        def is_so():
            seen[:] = target.ask("armed").split()
            return set(seen) == kinds
        self.assertTrue(harness.wait_until(is_so), (seen, kinds))

    def needs_links_for_many(self, tool):
        if "no links for many uprobes" in tool.messages():
            self.skipTest("this kernel has no links for many uprobes: it lets go of all or none")

    def test_kinds_that_nobody_wants_any_more_are_let_go_of(self):
        self.seen = "most"  # while a kind is detached its semaphore is up for a moment longer
        for options in ((), ("-f",), ("--collect", "batch")):
            with self.subTest(options):
                target = self.program(self.own("filters"))
                target.do("make b box")
                tool = self.attach(target.pid, "-v", *options)
                self.needs_links_for_many(tool)
                target.do("call 1", "set b own 1")
                self.assertEqual(set(target.ask("armed").split()), self.ALL_KINDS)
                self.ctl(target, "--no-methods")
                target.do("call 1", "set b own 2")
                self.leaves_on(target, self.ALL_KINDS - {"enter", "exit", "async"})
                target.do("call 1", "set b own 3")
                self.ctl(target, "--exclude", "*")
                self.leaves_on(target, {"init", "destroy", "instant"})
                target.do("call 1", "set b own 4", "value queue depth 1")
                self.ctl(target, "--clear")
                self.assertEqual(set(target.ask("armed").split()), self.ALL_KINDS)
                target.do("call 1", "set b own 5", "value queue depth 2")
                trace, _ = self.finish(target, tool)
                self.assertEqual(trace.slices(), ["+outer", "+inner", "-inner", "-outer"] * 2)
                self.assertEqual([s["own"] for s in trace.snapshots()], [1, 2, 3, 5])
                self.assertEqual(trace.samples_of("queue"), [{"depth": 2}])

    def test_wanted_again_at_once(self):
        """Whatever the kernel is about by then."""
        target = self.program(self.own("filters"))
        tool = self.attach(target.pid, "-v")
        self.needs_links_for_many(tool)
        for i in range(20):
            self.ctl(target, "--no-methods", "--exclude", "*")
            time.sleep(0.01 * (i % 4))
            self.ctl(target, "--clear")
            target.do("call 1", "value queue depth %d" % i)
        self.leaves_on(target, self.ALL_KINDS)
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+outer", "+inner", "-inner", "-outer"] * 20)
        self.assertEqual([s["depth"] for s in trace.samples_of("queue")], list(range(20)))

    def test_what_is_open_has_its_end_before_its_probes_go(self):
        target = self.program(self.own("filters"))
        tool = self.attach(target.pid, "-v")
        self.needs_links_for_many(tool)
        target.do("inside", "begin 1")
        self.ctl(target, "--no-methods")
        self.leaves_on(target, self.ALL_KINDS - {"enter"})
        time.sleep(3)  # longer than the tool waits for what it has not read yet
        self.assertEqual(set(target.ask("armed").split()), self.ALL_KINDS - {"enter"})
        target.do("call 1", "outside", "begin 2", "end 1")
        self.leaves_on(target, self.ALL_KINDS - {"enter", "exit", "async"})
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.slices(), ["+outer", "-outer"])
        self.assertEqual([(e["ph"], e["name"]) for e in trace.of("b", "e") if e["cat"] != "viz.object"],
                         [("b", "request"), ("e", "request")])
        told = trace.metadata
        self.assertEqual(told["unmatched_exits"], 0)

    def test_semaphores_that_were_raised_by_hand_are_lowered_when_nobody_wants_them(self):
        """The program's file is mapped a second time, so the kernel may raise the wrong ones."""
        target = self.program(self.own("filters"))
        target.do("map")
        tool = self.attach(target.pid, "-v")
        self.needs_links_for_many(tool)
        self.leaves_on(target, self.ALL_KINDS)
        self.ctl(target, "--no-methods")
        self.leaves_on(target, self.ALL_KINDS - {"enter", "exit", "async"})
        target.do("call 1")
        self.end(tool)
        self.leaves_on(target, set())
        self.assertEqual(self.load().slices(), [])

    def test_show_tells_what_is_in_force(self):
        target = self.program()
        tool = self.attach(target.pid, "--exclude", "a b", "--no-methods")
        target.do("instant now")
        self.assertEqual(self.ctl(target, "--show").stdout, "--exclude a b --no-methods\n")
        self.ctl(target, "--include", "x", "--on-change", "--include-all")
        self.assertEqual(self.ctl(target, "--show", "--exclude", "y").stdout,
                         "--include x --exclude a b --exclude y --include-all --no-methods --on-change\n")
        self.assertEqual(self.ctl(target, "--clear").stdout, "")
        self.assertEqual(self.ctl(target, "--show").stdout, "\n")
        trace, _ = self.finish(target, tool)
        # To look changes nothing.
        self.assertEqual([e["name"][17:] for e in self.notes(trace)],
                         ["--include x --include-all --on-change", "--show --exclude y", "--clear"])

    def test_show_tells_all_of_many_filters(self):
        target = self.program()
        patterns = ["name-%d-%s" % (i, "x" * 100) for i in range(1000)]
        options = [o for p in patterns for o in ("--exclude", p)]
        tool = self.attach(target.pid, *options[:1200])
        self.ctl(target, *options[1200:1300])
        self.assertEqual(self.ctl(target, "--show").stdout, " ".join(options[:1300]) + "\n")
        trace, _ = self.finish(target, tool)
        self.assertEqual([e["name"][17:] for e in self.notes(trace)], [" ".join(options[1200:1300])])

    def test_sockets_of_tools_that_were_killed_go(self):
        left = []
        for n in (4194301, 4194302):  # above what PIDs are, so of nobody
            left.append("/run/viztrace-bpf.%d.sock" % n)
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.bind(left[-1])
            self.addCleanup(lambda path: os.path.exists(path) and os.unlink(path), left[-1])
        left.append(left[0] + ".4194303")
        os.rename(left[0], left[2])
        other, target = self.program(), self.program()
        first = self.attach(other.pid)
        tool = self.attach(target.pid)
        self.assertEqual([p for p in left if os.path.exists(p)], [])
        self.ctl(other, "--show")  # the other one's is still there
        self.finish(target, tool)
        self.end(first)
        self.assertFalse(os.path.exists("/run/viztrace-bpf.%d.sock" % target.pid))

    def test_a_change_in_a_program_that_says_nothing_is_in_the_trace(self):
        target = self.program()
        tool = self.attach(target.pid)
        self.ctl(target, "--exclude", "x")
        trace, _ = self.finish(target, tool)
        self.assertEqual([e["name"] for e in self.notes(trace)], ["viztrace-bpf ctl --exclude x"])

    def test_filters_from_a_file(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid)
        (self.dir / "rules").write_text("# now\nexclude *.own\n*.own\n*.list\n")
        self.ctl(target, "--filters", str(self.dir / "rules"))
        target.do("set b own 1", "set b list 2", "set b text 3")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.snapshots(), [state("l", {"l": 2})])

    def test_nobody_traces_that(self):
        target = self.program()
        done = self.ctl(target, "--clear", code=harness.EXIT_NO_PROCESS)
        self.assertIn("no viztrace-bpf traces process %d" % target.pid, done.stderr)

    def test_bad_requests_are_usage_errors_and_change_nothing(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid)
        for args in ("--exclude", ""), ("--exclude",), ("--nonsense",), (), ("--filters", "/nonexistent"), \
                ("--exclude", "x" * 70000):
            with self.subTest(str(args)[:30]):
                done = harness.run(harness.TOOL, "ctl", "-p", target.pid, *args)
                self.assertNotEqual(done.returncode, 0)
                if args[-1:] != ("x" * 70000,):
                    self.assertEqual(done.returncode, harness.EXIT_USAGE, done.stderr)
                self.assertIn("viztrace-bpf: ", done.stderr)
        target.do("set b own 1")
        trace, _ = self.finish(target, tool)
        self.assertEqual(len(trace.snapshots()), 1)
        self.assertEqual(self.notes(trace), [])

    def test_garbage_on_the_socket_harms_nobody(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid)
        answers = []
        for packet in b"x", b"\0", b"\0\0\0", b"--exclude", b"--exclude\0", b"--exclude\0\0", b"--nonsense\0x\0", \
                b"--clear\0x\0", b"--show\0--exclude\0", b"\xff" * 65536, b"--exclude\0a\0" * 6000, b"":
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.settimeout(harness.TIMEOUT)
                s.connect(self.socket_of(target))
                try:
                    s.send(packet)
                    answers.append(s.recv(4096))
                except OSError:
                    answers.append(b"")
        for packet, answer in enumerate(answers):
            self.assertTrue(not answer or answer.startswith(b"error: "), (packet, answer))
        # Nor does one that connects and says nothing, or goes away before the answer.
        silent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(silent.close)
        silent.connect(self.socket_of(target))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.connect(self.socket_of(target))
            s.send(b"--exclude\0*.own\0")
        self.assertEqual(self.ctl(target, "--show").stdout, "--exclude *.own\n")
        target.do("set b own 1", "set b list 1")
        trace, _ = self.finish(target, tool)
        self.assertEqual(trace.snapshots(), [state("nlt", {"l": 1})])
        self.assertEqual([e["name"] for e in self.notes(trace)], ["viztrace-bpf ctl --exclude *.own"])

    def test_who_takes_time_to_ask_is_heard(self):
        """And nobody else waits for that."""
        target = self.program()
        tool = self.attach(target.pid)
        asking = []
        for _ in range(9):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(s.close)
            s.settimeout(harness.TIMEOUT)
            s.connect(self.socket_of(target))
            asking.append(s)
        self.assertEqual(self.ctl(target, "--exclude", "x").stdout, "")
        time.sleep(0.5)
        # Eight can wait, and one has come since: of nine the first two had to go.
        self.assertEqual([s.recv(4096) for s in asking[:2]], [b"", b""])
        for s in asking[:1:-1]:
            s.send(b"--show\0")
            self.assertEqual(s.recv(4096), b"--exclude x\0")
        self.finish(target, tool)

    def test_only_root_may_ask(self):
        target = self.program()
        tool = self.attach(target.pid)
        self.assertEqual(stat.S_IMODE(os.stat(self.socket_of(target)).st_mode), 0o600)
        self.dir.chmod(0o755)
        shutil.copy(harness.TOOL, self.dir / "tool")
        (self.dir / "tool").chmod(0o755)
        done = harness.run("setpriv", "--reuid=65534", "--clear-groups", self.dir / "tool", "ctl", "-p", target.pid,
                           "--clear", cwd="/")
        self.assertEqual(done.returncode, harness.EXIT_PERMISSION, done.stderr)
        self.assertIn("sudo", done.stderr)
        # Not even if somebody opened the door.
        os.chmod(self.socket_of(target), 0o666)
        done = harness.run("setpriv", "--reuid=65534", "--clear-groups", self.dir / "tool", "ctl", "-p", target.pid,
                           "--exclude", "*", cwd="/")
        self.assertEqual(done.returncode, harness.EXIT_PERMISSION, done.stderr)
        self.assertEqual(self.ctl(target, "--show").stdout, "\n")
        self.finish(target, tool)
        self.assertFalse(os.path.exists(self.socket_of(target)))

    def test_the_first_of_two_tools_listens(self):
        target = self.program()
        target.do("make b box")
        first = self.attach(target.pid)
        second = self.attach(target.pid, "-v", output="second.json")
        self.assertTrue(second.err.wait_for(b"no ctl for this trace: "))
        self.ctl(target, "--exclude", "*.own")
        target.do("set b own 1")
        self.end(second)
        # The second one's end leaves the first one's socket alone.
        self.ctl(target, "--clear")
        target.do("set b own 2")
        trace, _ = self.finish(target, first)
        self.assertEqual([s["own"] for s in trace.snapshots()], [2])
        self.assertEqual([s["own"] for s in self.load("second.json").snapshots()], [1])

    def test_the_socket_of_a_killed_tool_is_no_obstacle(self):
        target = self.program()
        target.do("make b box")
        tool = self.attach(target.pid)
        self.end(tool, code=-signal.SIGKILL, with_signal=signal.SIGKILL)
        if not os.path.exists(self.socket_of(target)):  # another tool that starts sweeps them up
            with socket.socket(socket.AF_UNIX) as left_over:
                left_over.bind(self.socket_of(target))
        done = self.ctl(target, "--clear", code=harness.EXIT_NO_PROCESS)
        self.assertIn("no viztrace-bpf traces process", done.stderr)
        tool = self.attach(target.pid)
        self.ctl(target, "--exclude", "*.own")
        target.do("set b own 1", "set b list 2")
        trace, _ = self.finish(target, tool)
        self.assertEqual(len(trace.snapshots()), 1)
        self.assertFalse(os.path.exists(self.socket_of(target)))

    FLIPS = [("--clear", "--exclude", "*.own", "--exclude", "*.a"), ("--clear", "--exclude", "*.list", "--exclude", "*.b"),
             ("--clear",), ("--clear", "--include", "witness*", "--include", "racer*.[ola]*"),
             ("--exclude", "racer 0", "--exclude", "racer 1")]
    # Which of these attributes each of them lets through, of racers 0 and 1, and of 2 and 3.
    ALLOWED = [({"list", "b"},) * 2, ({"own", "a"},) * 2, ({"own", "list", "a", "b"},) * 2,
               ({"own", "list", "a"},) * 2, (set(), {"own", "list", "a"})]

    def test_four_threads_write_while_filters_flip_a_hundred_times(self):
        target = self.program()
        tool = self.attach(target.pid, "--ring-size", "64M")
        target.tell("race 6000")
        done = []  # when each change was in force for sure
        for i in range(100):
            self.ctl(target, *self.FLIPS[i % len(self.FLIPS)])
            done.append(time.monotonic_ns())
        writes = [int(n) for n in target.await_step("ok").split()]
        trace, _ = self.finish(target, tool)
        produced = sum(n + n // 4 for n in writes)
        self.assertEqual(trace.probe("set")["seen"], produced)
        self.assertEqual(trace.total["lost"], 0)
        notes = self.notes(trace)
        self.assertEqual([e["name"][17:] for e in notes], [" ".join(self.FLIPS[i % 5]) for i in range(100)])
        base = trace.metadata["start_clock_ns"]
        changes = [(ns(e["ts"]), done[i] - base) for i, e in enumerate(notes)]
        for told, answered in changes:
            self.assertLess(told, answered)
        self.check_race(trace, changes)
        # Nothing of those that no filter is about was lost on the way.
        for i, n in enumerate(writes):
            self.assertEqual([s["step"] for s in trace.snapshots("witness %d" % i)], list(range(4, n + 1, 4)))

    def check_race(self, trace, changes):
        """Each report has what the filter of its time lets through, or what the one before did until the change was answered."""
        now, late, judged = -1, [0], 0
        for e in trace.of("O", "C"):
            if not e["name"].startswith("racer") or "viz" in e:
                continue
            ts = ns(e["ts"])
            while now + 1 < len(changes) and changes[now + 1][0] <= ts:
                now += 1
            shown = {k for k in (e["args"]["snapshot"] if e["ph"] == "O" else e["args"])} & {"own", "list", "a", "b"}
            group = int(e["name"][-1]) // 2
            kinds = {"own", "list"} if e["ph"] == "O" else {"a", "b"}

            def allowed(i):
                return (self.ALLOWED[i % 5][group] if i >= 0 else {"own", "list", "a", "b"}) & kinds
            judged += 1
            if shown and shown == allowed(now):
                continue
            self.assertGreaterEqual(now, 0)
            self.assertEqual(shown, allowed(now - 1), "%s, change %d was %d ns before and answered %d ns later" % (
                json.dumps(e), now, ts - changes[now][0], changes[now][1] - changes[now][0]))
            self.assertLess(ts, changes[now][1], "%s: change %d was answered already" % (json.dumps(e), now))
            late.append(ts - changes[now][0])
        print("flips: %d reports judged, %d by the filter before, the last of these %.3f ms after the change" % (
            judged, len(late) - 1, max(late) / 1e6))
        self.assertGreater(judged, 1000)
    test_four_threads_write_while_filters_flip_a_hundred_times.order = -1


def peak_memory(tool):
    with open("/proc/%d/status" % tool.pid, encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1])


class Scale(Filters):
    N = 100000

    def check_items(self, trace):
        """Every snapshot has the number that its object's name has; {number: snapshots}."""
        seen = collections.Counter()
        for name, number in re.findall(rb'"ph":"O"[^\n]*"name":"item (\d+)"[^\n]*"snapshot":\{"number":(\d+),"step":[12]\}',
                                       trace.data):
            self.assertEqual(name, number)
            seen[int(number)] += 1
        self.assertEqual(sum(seen.values()), len(re.findall(rb'"ph":"O"', trace.data)))
        return seen

    def scale(self, command, *options, before=()):
        """The trace, unparsed but for its metadata; what the program said."""
        target = self.program()
        target.do(*before)
        tool = self.attach(target.pid, "--ring-size", "32M", *options)
        said = target.ask(command, timeout=300)
        time.sleep(0.5)
        print("%s: peak memory of the tool %d MB, with %d rings of 32 MB" % (
            " ".join((*before, command, *options)), peak_memory(tool) // 1024, os.cpu_count()))
        target.tell("quit")
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.assertNotIn("do not balance", tool.messages())
        trace = tracefile.Trace()
        trace.data = (self.dir / "trace.json").read_bytes()
        head = trace.data[:trace.data.index(b'"traceEvents":[\n')]
        trace.metadata = tracefile.parse(head + b'"traceEvents":[]}')["metadata"]
        tracefile.check_metadata(trace.metadata)
        return trace, said

    def crowd(self, *options):
        trace, _ = self.scale("fire", *options, before=["crowd %d" % self.N])
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.probe("set")["seen"], 2 * self.N)
        return trace, self.check_items(trace)

    def test_a_hundred_thousand_objects_are_found_late(self):
        trace, seen = self.crowd()
        self.assertEqual(len(seen), self.N)
        self.assertEqual(set(seen.values()), {2})
        self.assertEqual(trace.metadata["objects"], self.N)
    test_a_hundred_thousand_objects_are_found_late.order = -1

    def test_a_hundred_thousand_objects_and_a_filter_that_outgrows_the_kernels_map(self):
        trace, seen = self.crowd("--exclude", "item *7")
        self.assertEqual(set(seen), {i for i in range(self.N) if i % 10 != 7})
        self.assertEqual(set(seen.values()), {2})
        self.assertEqual(trace.probe("set")["filtered"], 2 * self.N // 10)
    test_a_hundred_thousand_objects_and_a_filter_that_outgrows_the_kernels_map.order = -1

    def churn(self, *options):
        trace, said = self.scale("churn 10", *options)
        made = int(said)
        self.assertGreater(made, 100000)
        self.assertEqual(trace.probe("init")["seen"], made)
        return trace, self.check_items(trace), made

    def test_objects_that_take_each_others_place_ten_thousand_times_a_second(self):
        trace, seen, made = self.churn()
        self.assertLessEqual(max(seen.values()), 2)
        if not trace.total["lost"]:
            self.assertEqual(len(seen), made)
            self.assertEqual(set(seen.values()), {2})
    test_objects_that_take_each_others_place_ten_thousand_times_a_second.order = -1

    def test_the_same_with_a_filter(self):
        trace, seen, made = self.churn("--exclude", "item *[02468]")
        self.assertLessEqual(max(seen.values()), 2)
        self.assertTrue(all(i % 2 for i in seen))
        if not trace.total["lost"]:
            self.assertEqual(len(seen), made // 2)
            self.assertEqual(trace.probe("init")["filtered"], (made + 1) // 2)
    test_the_same_with_a_filter.order = -1
