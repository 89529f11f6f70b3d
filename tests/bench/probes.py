# SPDX-License-Identifier: BSD-2-Clause
"""The rounds: every contender of every row once in each, one after the other."""
import os
import subprocess
import sys
import time

from contenders import FILTERED, Batches, Bpftrace, Floor, Lttng, Nothing, Perf, Tool
from procs import COLLECTOR_CORE, App, Failed, Process

ROWS = [  # workload, threads, title
    ("counter4", 1, "counter, 4 attributes"),
    ("counter1", 1, "counter, 1 attribute"),
    ("counter8", 1, "counter, 8 attributes"),
    ("counter32", 1, "counter, 32 attributes"),
    ("object", 1, "object, 1 integer and 2 strings"),
    ("method", 1, "method: enter and exit"),
    ("method_args", 1, "method with 2 arguments: enter and exit"),
    ("counter4", 2, "counter, 4 attributes, 2 threads"),
    ("counter4", 4, "counter, 4 attributes, 4 threads"),
    ("excluded", 1, "write to an attribute that the app excludes"),
    ("silent", 1, "write with trigger_on_change off"),
    ("filtered", 1, "write to an object that the tool excludes"),
]
QUIET = ("excluded", "silent")
NO_EVENTS = QUIET + (FILTERED,)
FAST = "nop5"  # a call instead of a trap, on kernels that do that; the tool may have reasons not to choose it
QUIET_OPS = 5000000  # no events come of these
OFF_OPS = 10000000
WARM_OPS = 500

LOOP, OFF, TOOL, BPFTRACE, PERF, LTTNG = "loop without probes", "macros off", "viztrace-bpf", "bpftrace printf", \
    "perf record", "LTTng-UST"
BATCHES = "viztrace-bpf --collect batch"
SDT, SDT_ARGS = "sdt.h + 40-byte record", "sdt.h + record with arguments"


def empty(site):
    return f"empty program at {site}"


def record(site):
    return f"40-byte record at {site}"


def tool_at(site):
    return f"{TOOL} at {site}"


def chosen_site(build, app_path):
    """The site that the tool chooses here, by its own words."""
    app = App(app_path)
    tool = Process([os.path.join(build, "viztrace-bpf"), "-v", "-p", str(app.pid), "-o", "/dev/null"], COLLECTOR_CORE,
                   "stderr")
    try:
        return tool.line_with("probe site: ").split()[-1]
    finally:
        app.end()
        tool.end()


class Sample:
    """One run. Times are ns for each operation; `off` and `on` are CPU time of the app's threads."""

    def __init__(self, off):
        self.off = off
        self.on = self.wall = self.collector = self.lost = self.bytes = self.rate = None


def contenders_of(build, folder, site):
    out = [Nothing(build, folder, LOOP, "app-none"), Nothing(build, folder, OFF, "app-viz"), Tool(build, folder)]
    out += [Tool(build, folder, s) for s in ("nop1", "nop5", "nop10") if s != site] + [Batches(build, folder)]
    out += [Floor(build, folder, empty(s), "empty", s) for s in ("nop5", "nop1")]
    out += [Floor(build, folder, record(s), "record", s) for s in ("nop5", "nop1")]
    out += [Floor(build, folder, SDT, "usdt_bare", "sdt"), Floor(build, folder, SDT_ARGS, "usdt_args", "sdt")]
    return out + [Bpftrace(build, folder), Perf(build, folder), Lttng(build, folder)]


def takes_part(name, workload, threads, site):
    """Everybody in the first row; elsewhere who has something to say about it."""
    if (workload, threads) == ("counter4", 1):
        return True
    if workload in NO_EVENTS:
        return name in (LOOP, TOOL)
    if threads > 1:
        return name in (TOOL, BATCHES, LTTNG, SDT, empty(site), record(site)) or threads == 2 and name == tool_at(FAST)
    if workload == "method":
        return name in (LOOP, TOOL, tool_at(FAST), BATCHES, LTTNG, SDT, BPFTRACE, PERF, empty(site))
    return name in (LOOP, TOOL, LTTNG) or name == BATCHES and workload != "object"  # whose strings are traps


def measure(c, workload, threads, ops, clean_others):
    if c.leftover:
        c.clean()
    app = c.begin_app(threads)
    try:
        off_ops = OFF_OPS // (5 if workload.startswith("method") else 1)
        off = min(app.run(workload, threads, off_ops)[0] for _ in range(3)) / off_ops / threads
        s = Sample(off)
        if isinstance(c, Nothing):
            return s
        c.start(app, workload)
        clean_others()
        app.run(workload, threads, WARM_OPS)
        time.sleep(0.02)
        cpu, begin = c.cpu(), time.monotonic()
        app_cpu, wall = app.run(workload, threads, ops)
        result = c.finish(ops)
        seconds = time.monotonic() - begin
        total, all_ops = ops * threads, (ops + WARM_OPS) * threads
        s.on, s.wall = app_cpu / total, wall / ops
        if workload in NO_EVENTS:
            return s
        events = all_ops * c.events_per_op.get(workload, 1)
        if result.lost is None and result.got is not None:
            result.lost = max(events - result.got, 0)
        if result.lost is not None:
            s.lost = result.lost / events
            s.collector = (c.cpu() - cpu) / total
            s.rate = total * c.events_per_op.get(workload, 1) * (1 - s.lost) / seconds
        if result.size is not None and s.lost is not None and s.lost < 1:
            s.bytes = result.size / (all_ops * (1 - s.lost))
        return s
    finally:
        app.end()


def measure_or_again(c, workload, threads, ops, contenders):
    """Tracers fail now and then for reasons of their own: each has a second try."""
    def clean_others():
        for other in contenders:
            if other is not c:
                other.clean()

    for last in (False, True):
        try:
            return measure(c, workload, threads, ops, clean_others)
        except (Failed, subprocess.SubprocessError, OSError):
            c.end()
            if last:
                raise
        finally:
            if c.leftover is None:
                c.clean()
    return None


def run(build, folder, rounds, scale, chosen):
    """({(workload, threads): {name: [Sample]}}, {name: why it was skipped}, {name: seconds}, the tool's site)."""
    site = chosen_site(build, os.path.join(build, "bench", "app-viz"))
    contenders, skipped, rows, seconds = [], {}, {}, {}
    for c in contenders_of(build, folder, site):
        why = c.why_not()
        if why:
            skipped[c.name] = why
        else:
            contenders.append(c)
    try:
        for i in range(rounds):
            for workload, threads, title in ROWS:
                for c in contenders:
                    if not takes_part(c.name, workload, threads, site) or not chosen(title, c.name):
                        continue
                    progress(f"round {i + 1} of {rounds}: {title}: {c.name}")
                    ops = max(int((QUIET_OPS if workload in QUIET else c.ops) * scale), 2000)
                    begin = time.monotonic()
                    try:
                        s = measure_or_again(c, workload, threads, ops, contenders)
                        rows.setdefault((workload, threads), {}).setdefault(c.name, []).append(s)
                    except (Failed, subprocess.SubprocessError, OSError) as e:
                        skipped[f"{c.name} ({title})"] = str(e).strip()
                    seconds[c.name] = seconds.get(c.name, 0) + time.monotonic() - begin
    finally:
        for c in contenders:
            c.end()
        progress("")
    return rows, skipped, seconds, site


def progress(text):
    if sys.stderr.isatty():
        print("\r\x1b[K" + text, end="", file=sys.stderr, flush=True)
