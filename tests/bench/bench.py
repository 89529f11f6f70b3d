#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark: see README.md. Needs root."""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import sys
import tempfile
import time

import probes
import report
import whole
from contenders import Batches, Tool
from procs import APP_CORE, COLLECTOR_CORE, Failed

SECTIONS = ("probes", "flood", "answers", "writer", "attach", "rings", "soak")
FLOOD_EVENTS = 10000000
ANSWERS_EVENTS = 2000000
SOAK_EVENTS = 50000000
MIB = 1 << 20
FLAT = 0.1  # bytes for each event; what keeps anything of each event needs at least 8


def arguments():
    a = argparse.ArgumentParser(description="What tracing costs, of this tool and of others. Needs root.")
    a.add_argument("section", nargs="*", metavar="SECTION", choices=[[], *SECTIONS],
                   help="probes: all contenders; flood: 10 million events; answers: figures instead of a file; writer: user space alone; attach; "
                        "rings: losses by --ring-size; soak: 50 million events (default: all but these two)")
    a.add_argument("--build", default="build", help="where `make` put things (default: build)")
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--quick", action="store_true", help="2 short rounds: to see that it runs, not for its figures")
    a.add_argument("--soak", action="store_true", help="the soak as well")
    a.add_argument("--only", metavar="REGEX", default="", help="of the probes: rows and contenders, as 'method: perf'")
    a.add_argument("--ahead", action="store_true", help="run ahead of all else on this machine, where it is not idle")
    a.add_argument("--json", metavar="FILE", help="all figures")
    return a.parse_args()


def machine():
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo", encoding="utf-8").read())
    return {"kernel": platform.release(), "machine": platform.machine(), "cpus": len(os.sched_getaffinity(0)),
            "cpu": model[1] if model else "", "load_before": os.getloadavg()[0],
            "app_core": min(APP_CORE), "collector_core": min(COLLECTOR_CORE)}


def run_ahead():
    """The scheduler shares out time between sessions first, and then among the processes of each."""
    if os.getsid(0) != os.getpid():
        if os.fork():
            os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
        os.setsid()
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as f:
            f.write("-19")
    except OSError:
        pass  # a kernel without such groups


def run_probes(o, folder, out, limits):
    rounds, scale = (2, 0.2) if o.quick else (o.rounds, 1.0)
    rows, skipped, seconds, site = probes.run(o.build, folder, rounds, scale,
                                              lambda row, name: re.search(o.only, f"{row}: {name}"))
    out.update(site=site, rounds=rounds, probes=report.probes_json(rows), skipped=skipped,
               seconds_by_contender=seconds)
    print(f"\n{rounds} rounds; the tool attaches at {site} on this kernel\n")
    print(report.probes_table(rows))
    for name, why in skipped.items():
        print(f"  not measured: {name}: {why}")
    if not o.only:
        report.probe_limits(limits, rows, site)


def run_flood(o, folder, out, limits):
    for key, what, contender in (("flood", "default settings", Tool), ("flood_in_batches", "--collect batch", Batches)):
        why = contender(o.build, folder).missing()
        if why:
            print(f"\n  not measured: flood, {what}: {why}")
            continue
        f = whole.flood(o.build, folder, FLOOD_EVENTS // (10 if o.quick else 1), contender=contender)
        out[key] = f
        if "skipped" in f:
            print("\n  not measured: flood: " + f["skipped"])
            return
        print(f"\n{f['events']:,} events at full speed, {what}: lost {f['lost']:,}; app {f['on_ns']:.0f} ns, "
              f"collector {f['collector_ns']:.0f} ns, {f['bytes_per_event']:.0f} bytes for each; "
              f"{f['events_per_second']:,.0f} events/s from the first write to the whole file")
        limits.add(f"{what}: lost, {f['events']:,} events at full speed", 0, f["lost"], f["lost"], digits=0)
        limits.add(f"{what}: collector CPU, ring to JSON on disk, for each event", 250, f["collector_ns"],
                   f["collector_ns"], " ns", digits=0)
        if f["memory_bytes"]:
            limits.add(f"{what}: memory besides the rings", 64, max(f["memory_bytes"]) / MIB, min(f["memory_bytes"]) / MIB,
                       " MiB", digits=1)


def run_answers(o, folder, out, limits):
    events, rounds = (ANSWERS_EVENTS // 10, 2) if o.quick else (ANSWERS_EVENTS, o.rounds)
    figures = {what: report.Spread(ns) for what, ns in whole.answers(o.build, folder, events, rounds).items()}
    out["answers"] = [{"what": what, "ns": s.json()} for what, s in figures.items()]
    print("\n" + report.table([f"collector CPU of {events:,} events: ns for each", "min", "median", "max"], [
        [what, *(report.show(f) for f in (s.min, s.median, s.max))] for what, s in figures.items()]))
    limits.ratio("collector CPU, -o none --report: to a file", 1.0, figures["-o none --report"], figures["a file"])


def run_writer(o, _folder, out, limits):
    figures = whole.writer(o.build, 100000 if o.quick else 500000, 2 if o.quick else o.rounds)
    out["writer"] = [{"workload": w, "stage": s, "ns": report.Spread(ns).json()} for (w, s), ns in figures.items()]
    print("\n" + report.writer_table(figures))
    ns = report.Spread(figures["counter4", "format"])
    limits.add("JSON formatting alone, counter of 4 attributes", 4e6, 1e9 / ns.median, 1e9 / ns.min, " /s", True, digits=0)
    for workload in ("counter4", "doubles4", "object", "method"):
        limits.ratio(f"Perfetto's format alone, {workload}: to JSON", 1.0, report.Spread(figures[workload, "perfetto"]),
                     report.Spread(figures[workload, "format"]))
        limits.ratio(f"rows alone, {workload}: to JSON", 1.5, report.Spread(figures[workload, "rows"]),
                     report.Spread(figures[workload, "format"]))


def run_attach(o, folder, out, limits):
    a = whole.attach(o.build, folder, 2 if o.quick else o.rounds)
    out["attach"] = a
    figures = {k: report.Spread([s * 1e3 for s in a[k]]) for k in ("start", "attach", "detach")}
    print("\n" + report.table([f"2,000 uses, {a['probes']}: ms", "min", "median", "max"], [
        [name, *(report.show(f, 0) for f in (s.min, s.median, s.max))] for name, s in (
            ("start: load the programs, try the sites", figures["start"]), ("attach", figures["attach"]),
            ("detach, after the trace is whole", figures["detach"]))]))
    if not all(a["whole"]):
        print("  the trace was NOT whole before detaching began")
    for key, limit in (("attach", 150), ("detach", 500)):
        limits.add(f"{key}: 2,000 uses in 4 files", limit, figures[key].median, figures[key].min, " ms", digits=0)


def run_rings(o, folder, out, _limits):
    events = 200000 if o.quick else 2000000
    lost = whole.rings(o.build, folder, events, 2 if o.quick else o.rounds)
    out["rings"] = [{"ring": size, "threads": threads, "lost": report.Spread(shares).json()}
                    for (size, threads), shares in lost.items()]
    print("\n" + report.rings_table(events, lost))


def run_soak(o, folder, out, limits):
    f = whole.flood(o.build, folder, SOAK_EVENTS, "/dev/null", every=1)
    out["soak"] = f
    mib = [m / MIB for m in f["memory_bytes"]]
    growth = whole.growth(f["memory_bytes"], f["events"])
    flat = "too short to tell whether it grows" if growth is None else \
        f"{'flat' if growth < FLAT else 'NOT flat'}, {growth:.3f} bytes more for each event"
    print(f"\nsoak: {f['events']:,} events, lost {f['lost']:,}: memory besides the rings ({f['rings_bytes'] / MIB:.0f} MiB) "
          f"{min(mib):.1f} to {max(mib):.1f} MiB: {flat}")
    limits.add(f"memory besides the rings, {f['events']:,} events", 64, max(mib), min(mib), " MiB", digits=1)


def main():
    o = arguments()
    sections = o.section or list(SECTIONS[:-2])
    if o.soak and "soak" not in sections:
        sections.append("soak")
    if os.geteuid() != 0 and sections != ["writer"]:
        print("this attaches to processes: run it as root (sudo make bench)", file=sys.stderr)
        return 2
    if o.ahead:
        run_ahead()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is ended
    begin, out, limits = time.monotonic(), {"machine": machine()}, report.Limits()
    m = out["machine"]
    print(f"{m['cpu'] or m['machine']}, {m['cpus']} CPUs, Linux {m['kernel']}, load {m['load_before']:.1f}; "
          f"app on CPU {m['app_core']}, collectors on CPU {m['collector_core']}")
    folder = tempfile.mkdtemp(prefix="run-", dir=os.path.join(o.build, "bench"))
    try:
        for section in SECTIONS:
            if section in sections:
                {"probes": run_probes, "flood": run_flood, "answers": run_answers, "writer": run_writer, "attach": run_attach,
                 "rings": run_rings, "soak": run_soak}[section](o, folder, out, limits)
    except Failed as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out.update(limits=limits.json(), seconds=time.monotonic() - begin)
    if limits.lines:
        print("\n" + limits.text())
    print(f"\n{out['seconds']:.0f} s")
    if o.json:
        with open(o.json, "w", encoding="utf-8") as f:
            json.dump(out, f, indent=1)
            f.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
