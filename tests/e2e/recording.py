# SPDX-License-Identifier: BSD-2-Clause
"""What programs/recorded.c does, step by step, and dumps of it: what they begin with, and that no step is missing."""
import pathlib
import re

import harness
import tracefile

OBJECTS, COUNTERS, IDS, DEPTH = 6, 3, 4, 8  # as in programs/recorded.c


class State:
    """What all is like after a step of recorded.c."""

    def __init__(self):
        self.step, self.random = 0, 1
        self.things, self.gauges, self.depth, self.slices, self.open = {}, {}, None, [], set()

    def go_on(self):
        self.step += 1
        self.random = (self.random * 1103515245 + 12345) & 0xffffffff
        r, i = self.random >> 16, self.step
        what, k = r % 8, r // 8
        if what < 2:
            name = "o%d" % (k % OBJECTS)
            self.things[name] = None if name not in self.things else {"a": i, "text": "text %d" % i}
        elif what == 2:
            self.things.pop("o%d" % (k % OBJECTS), None)
        elif what == 3:
            self.gauges["c%d" % (k % COUNTERS)] = {"n": i, "half": i / 2}
        elif what == 4:
            self.depth = i % 100
        elif what == 5 and len(self.slices) < DEPTH:
            self.slices.append("s%d" % len(self.slices))
        elif what == 6 and self.slices:
            self.slices.pop()
        elif what == 7:
            self.open ^= {k % IDS}

    def all(self):
        return (dict(self.things), dict(self.gauges), self.depth, list(self.slices), set(self.open))


class States:
    """Of any step, going up."""

    def __init__(self):
        self.state = State()

    def after(self, step):
        if step < self.state.step:
            self.state = State()
        while self.state.step < step:
            self.state.go_on()
        return self.state.all()


def number(text):
    return float(text) if "." in str(text) else int(text)


def told_state(trace):
    """What the trace says of its first moment: as State.all(), and the step."""
    things, gauges, depth, slices, opened, step = {}, {}, None, [], set(), 0
    for e in trace.events:
        if e["ph"] == "M":
            continue
        if tracefile.ns(e["ts"]):
            break
        if e["ph"] == "N":
            things[e["name"]] = None
        elif e["ph"] == "O":
            things[e["name"]] = {k: int(v) if k == "a" else v for k, v in e["args"]["snapshot"].items()}
        elif e["ph"] == "B":
            slices.append(e["name"])
        elif e["ph"] == "b" and e["cat"] == "async" and e["name"] != "slow":  # which is no step; this may begin in it
            opened.add(int(e["args"]["id"]))
        elif e["ph"] == "C" and e["name"] == "step":
            step = int(e["args"]["n"])
        elif e["ph"] == "C" and e["name"] == "queue":
            depth = int(e["args"]["depth"])
        elif e["ph"] == "C" and e["name"] != "bug":  # nor is this
            gauges[e["name"]] = {k: number(v) for k, v in e["args"].items()}
    return (things, gauges, depth, slices, opened), step


def steps_of(trace):
    """The numbers of its steps, in the order in which they came."""
    return [int(e["args"]["n"]) for e in trace.events
            if e["ph"] == "C" and e["name"] == "step" and "viz" not in e and tracefile.ns(e["ts"])]


def memory_of(pid):
    """Bytes of its own that a process has in memory."""
    text = pathlib.Path("/proc/%d/status" % pid).read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", text).group(1)) << 10


class Recording(harness.Case):
    def setUp(self):
        super().setUp()
        self.dumps = self.dir / "dumps"
        self.dumps.mkdir()

    def recorded(self, *args):
        return self.target(self.own("recorded", counted=False), *args)

    def record(self, target, *options, **more):
        return self.attach_to("-p", target.pid, "--dump-to", self.dumps, *options, **more)

    def files(self):
        """Also those that one does not see."""
        return sorted(self.dumps.iterdir(), key=lambda path: int(path.name.split("Z-")[1].split("-")[0].split(".")[0]))

    def await_dumps(self, n):
        self.assertTrue(harness.wait_until(lambda: len(self.files()) >= n))
        return self.files()

    def ctl(self, target, *options):
        return harness.run(harness.TOOL, "ctl", "-p", target.pid, *options, cwd=self.dir)

    def read(self, path):
        return tracefile.check(path.read_bytes())

    def compare(self, trace, states):
        """Its first moment with what the program did, which was between two steps or in the middle of one."""
        got, step = told_state(trace)
        self.assertIn(got, (states.after(step), states.after(step + 1)), "after step %d" % step)
        steps = steps_of(trace)
        self.assertEqual(steps, list(range(step + 1, step + 1 + len(steps))), "no step is missing")
        return step, steps
