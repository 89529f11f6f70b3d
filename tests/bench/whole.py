# SPDX-License-Identifier: BSD-2-Clause
"""The tool as a whole: many events without a loss, its memory, how long it attaches and detaches; and its stages alone."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from contenders import Tool
from procs import COLLECTOR_CORE, Failed, Process

ATTACH_SECONDS = 0.3
RING_SIZES = ("256k", "1M", "2M", "4M", "8M", "16M", "32M", "64M")


def memory(pid):
    """(bytes resident but for the rings, bytes of the rings)."""
    total = rings = 0
    is_ring = False
    try:
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
            for line in f:
                key = line.split(maxsplit=1)[0]
                if key == "Rss:":
                    size = int(line.split()[1]) * 1024
                    total += size
                    rings += size if is_ring else 0
                elif not key.endswith(":"):
                    is_ring = "bpf-map" in line
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total - rings, rings


class MemoryWatch(threading.Thread):
    """Looks at a process's memory every now and then."""

    def __init__(self, pid, every):
        super().__init__(daemon=True)
        self.pid, self.every = pid, every
        self.samples, self.rings, self.done = [], 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(self.every):
            own, rings = memory(self.pid)
            if own:
                self.samples.append(own)
                self.rings = max(self.rings, rings)

    def stop(self):
        self.done.set()
        self.join()
        return self.samples


def flood(build, folder, events, output=None, every=0.25, options=(), contender=Tool):
    """One app thread writes a counter of 4 attributes as fast as it can."""
    tool = contender(build, folder)
    tool.options += options
    if output:
        tool.output = output
    elif shutil.disk_usage(folder).free < events * 200:
        return {"skipped": f"{folder} has no room for {events * 150 >> 30} GiB"}
    app = tool.begin_app(1)
    try:
        tool.start(app, "counter4")
        watch = MemoryWatch(tool.process.pid, every)
        cpu, begin = tool.cpu(), time.monotonic()
        app_cpu, _ = app.run("counter4", 1, events)
        result = tool.finish(events)
        seconds = time.monotonic() - begin
        samples = watch.stop()
        return {"events": events, "lost": result.lost, "on_ns": app_cpu / events,
                "collector_ns": (tool.cpu() - cpu) / events, "events_per_second": (events - result.lost) / seconds,
                "bytes_per_event": result.size / max(result.got, 1) if result.size else None,
                "memory_bytes": samples, "rings_bytes": watch.rings}
    finally:
        tool.end()
        app.end()


def answers(build, folder, events, rounds):
    """{what is made of the events: [the collector's ns for each]}, in turn."""
    out = {}
    for _ in range(rounds):
        for what, output, options in (("a file", None, ()), ("a file and --report", None, ("--report",)),
                                      ("-o none --report", "none", ("--report",))):
            f = flood(build, folder, events, output, options=options)
            if "skipped" in f:
                raise Failed(f["skipped"])
            out.setdefault(what, []).append(f["collector_ns"])
    return out


def rings(build, folder, events, rounds):
    """{(size, threads): [share lost]}: one or two app threads at full speed; none of the output is kept."""
    out = {}
    for _ in range(rounds):
        for size in RING_SIZES:
            for threads in (1, 2):
                tool = Tool(build, folder)
                tool.output, tool.options = "/dev/null", ["--ring-size", size]
                app = tool.begin_app(threads)
                try:
                    tool.start(app, "counter4")
                    app.run("counter4", threads, events // threads)
                    lost = tool.finish(events).lost
                    tool.clean()
                finally:
                    tool.end()
                    app.end()
                out.setdefault((size, threads), []).append(lost / events)
    return out


def growth(samples, events):
    """Bytes for each event, from the first quarter's most to the last quarter's most. Buffers double when a read comes
    late, up to what the rings hold: some steps are no growth."""
    quarter = len(samples) // 4
    if quarter < 2:
        return None
    return (max(samples[-quarter:]) - max(samples[:quarter])) / (events * 0.75)


def attach(build, folder, rounds):
    """Seconds: from the program's start to its first probe, to attach, to detach; and whether the trace was whole then."""
    trace = os.path.join(folder, "attach.json")
    out = {"start": [], "attach": [], "detach": [], "probes": None, "whole": []}
    for _ in range(rounds):
        app = Process([os.path.join(build, "bench", "attach", "app")], {min(os.sched_getaffinity(0))})
        tool = None
        try:
            app.line_with("ready")
            begin = time.monotonic()
            tool = Process([os.path.join(build, "viztrace-bpf"), "-v", "-p", str(app.pid), "-o", trace], COLLECTOR_CORE,
                           "stderr")
            tool.line_with("probe site: ")
            chosen = time.monotonic()
            out["probes"] = tool.line_with("tracing process").split(", ", 1)[1]
            attached = time.monotonic()
            time.sleep(ATTACH_SECONDS)
            tool.signal(signal.SIGINT)
            tool.line_with("  lost ")
            ended = time.monotonic()
            with open(trace, encoding="utf-8") as f:
                text = f.read()
            tool.wait()
            out["detach"].append(time.monotonic() - ended)
            out["start"].append(chosen - begin)
            out["attach"].append(attached - chosen)
            out["whole"].append(is_whole(text))
        finally:
            if tool:
                tool.end()
            app.end()
    return out


def is_whole(text):
    try:
        return len(json.loads(text)["traceEvents"]) > 1
    except ValueError:
        return False


def writer(build, events, rounds):
    """{(workload, stage): [ns for each event]}: writer.c."""
    out = {}
    done = subprocess.run([os.path.join(build, "bench", "writer"), str(events), str(rounds)], capture_output=True, text=True,
                          check=False, preexec_fn=lambda: os.sched_setaffinity(0, COLLECTOR_CORE))
    if done.returncode:
        raise Failed(done.stderr.strip())
    for line in done.stdout.splitlines():
        stage, workload, ns, n = line.split()
        out.setdefault((workload, stage), []).append(int(ns) / int(n))
    return out
