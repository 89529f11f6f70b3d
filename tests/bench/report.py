# SPDX-License-Identifier: BSD-2-Clause
"""Figures in, tables and JSON out."""
from statistics import median

import probes as p


class Spread:
    """Smallest, middle and largest of some figures."""

    def __init__(self, figures):
        figures = [f for f in figures if f is not None]
        self.min, self.median, self.max = (min(figures), median(figures), max(figures)) if figures else (None,) * 3

    def __bool__(self):
        return self.min is not None

    def json(self):
        return {"min": self.min, "median": self.median, "max": self.max} if self else None


def spread(samples, field):
    return Spread([getattr(s, field) for s in samples])


def show(figure, digits=1, scale=1.0, unit=""):
    return "-" if figure is None else f"{figure * scale:,.{digits}f}{unit}"


def table(head, lines):
    """Columns as wide as what is in them; the first to the left, the others to the right. A text alone is a heading."""
    rows = [line for line in lines if isinstance(line, (list, tuple))]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    out = []
    for line in [head, *lines]:
        if isinstance(line, str):
            out += ["", line]
        else:
            out.append(("  " + line[0].ljust(widths[0]) + "".join(
                "  " + cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))).rstrip())
    return "\n".join(out)


HEAD = ["ns for each operation", "off", "on: min", "median", "max", "lost", "collector ns", "bytes", "stored/s"]


def probes_table(rows):
    lines = []
    for workload, threads, title in p.ROWS:
        if (workload, threads) not in rows:
            continue
        lines.append(title)
        for name, samples in rows[workload, threads].items():
            on = spread(samples, "on")
            lines.append([name, show(spread(samples, "off").min, 2), show(on.min), show(on.median), show(on.max),
                          show(spread(samples, "lost").median, 1, 100, " %"),
                          show(spread(samples, "collector").median, 0), show(spread(samples, "bytes").median, 0),
                          show(spread(samples, "rate").median, 0)])
    return table(HEAD, lines)


def probes_json(rows):
    fields = ("off", "on", "wall", "lost", "collector", "bytes", "rate")
    return [{"workload": workload, "threads": threads, "contender": name, "rounds": len(samples),
             **{f: spread(samples, f).json() for f in fields}}
            for (workload, threads), contenders in rows.items() for name, samples in contenders.items()]


def writer_table(figures):
    lines = []
    workload_before = None
    for (workload, stage), ns in sorted(figures.items(), key=lambda item: list(figures).index(item[0])):
        if workload != workload_before:
            lines.append(workload)
            workload_before = workload
        s = Spread(ns)
        lines.append([stage, show(s.min), show(s.median), show(s.max), show(1e9 / s.median, 0)])
    return table(["user space alone, ns for each event", "min", "median", "max", "events/s"], lines)


def rings_table(events, lost):
    lines = []
    for size in dict.fromkeys(size for size, _ in lost):
        one, two = (Spread(lost[size, threads]) for threads in (1, 2))
        lines.append([size, *(show(x, 2, 100, " %") for s in (one, two) for x in (s.min, s.median, s.max))])
    return table([f"lost of {events:,}, by --ring-size", "1 thread: min", "median", "max", "2 threads: min", "median", "max"],
                 lines)


class Limits:
    """What was promised, and what came out."""

    def __init__(self):
        self.lines = []

    def add(self, what, limit, by_median, by_min, unit="", at_least=False, digits=2):
        if by_median is None:
            met = None
        else:
            met = by_median >= limit if at_least else by_median <= limit
        self.lines.append({"what": what, "limit": limit, "at_least": at_least, "unit": unit, "median": by_median,
                           "min": by_min, "met": met, "digits": digits})

    def ratio(self, what, limit, a, b):
        if a and b:
            self.add(what, limit, a.median / b.median, a.min / b.min, " x")
        else:
            self.add(what, limit, None, None, " x")

    def text(self):
        return table(["limits", "limit", "by medians", "by minima", ""], [
            [x["what"], ("at least " if x["at_least"] else "") + show(x["limit"], x["digits"]) + x["unit"],
             show(x["median"], x["digits"], unit=x["unit"]), show(x["min"], x["digits"], unit=x["unit"]),
             {None: "not measured", True: "met", False: "not met"}[x["met"]]] for x in self.lines])

    def json(self):
        return [{k: v for k, v in x.items() if k != "digits"} for x in self.lines]


def probe_limits(limits, rows, site):
    def on(name, workload="counter4", threads=1, field="on"):
        return spread(rows.get((workload, threads), {}).get(name, []), field)

    pairs = list(zip(*(rows.get(("counter4", 1), {}).get(n, []) for n in (p.OFF, p.LOOP))))
    off, loop = on(p.OFF, field="off"), on(p.LOOP, field="off")
    limits.add("off: above the empty loop", 0.5, Spread([a.off - b.off for a, b in pairs]).median,
               off.min - loop.min if off and loop else None, " ns")
    traced = [(p.TOOL, site)]
    if site != p.FAST and on(p.tool_at(p.FAST)):
        traced.append((p.tool_at(p.FAST), p.FAST))
    for tool, at in traced:
        write, name = on(tool), f"at {at}, write of 4 attributes"
        limits.ratio(f"{name}: to the empty program there", 1.6, write, on(p.empty(at)))
        limits.ratio(f"{name}: to sdt.h + 40-byte record", 0.65, write, on(p.SDT))
        limits.ratio(f"{name}: to bpftrace printf", 1.0, write, on(p.BPFTRACE))
        limits.ratio(f"{name}: to perf record", 1.0, write, on(p.PERF))
        limits.ratio(f"at {at}, method, enter and exit: to a write", 2.0, on(tool, "method"), write)
        limits.ratio(f"at {at}, 2 threads: to 1 thread, for each event", 1.3, on(tool, threads=2), write)
    batches = on(p.BATCHES)
    limits.ratio("batches, write of 4 attributes: to LTTng-UST", 0.3, batches, on(p.LTTNG))
    limits.ratio("batches, write of 4 attributes: to a trap at nop1", 0.05, batches,
                 on(p.TOOL if site == "nop1" else p.tool_at("nop1")))
    for workload, what, limit in (("method", "method, enter and exit", 0.2), ("counter8", "write of 8 attributes", 0.4),
                                  ("counter32", "write of 32 attributes", 0.4)):
        limits.ratio(f"batches, {what}: to LTTng-UST", limit, on(p.BATCHES, workload), on(p.LTTNG, workload))
    limits.ratio("batches, 2 threads: to 1 thread, for each event", 1.15, on(p.BATCHES, threads=2), batches)
    for workload, what in (("excluded", "write that the app excludes"), ("silent", "write with its trigger off")):
        quiet = rows.get((workload, 1), {}).get(p.TOOL, [])
        limits.add(f"{what}: above off", 3.0, Spread([s.on - s.off for s in quiet]).median,
                   Spread([s.on - s.off for s in quiet]).min, " ns")
