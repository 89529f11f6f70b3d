# SPDX-License-Identifier: BSD-2-Clause
"""Who is measured: how each is started, told to stop, and how much it got.

A contender traces one run of the app at a time. `start` returns when events are recorded, `finish` when all that came
is stored where its user wants it; what takes time after that (detaching) is left to run on in `leftover`.
"""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

from procs import COLLECTOR_CORE, App, Failed, Process, cpu_ns

OUTPUT_HEAD = 16384  # of the tool's file: its metadata, the same for any number of events
TRACEFS = "/sys/kernel/tracing"

COUNTERS = ("counter1", "counter4", "counter8", "counter32")
QUIET = ("excluded", "silent")
FILTERED = "filtered"  # a workload, and the object that it writes to


class Result:
    """What a contender has: numbers of operations, bytes on disk. None where it cannot tell."""

    def __init__(self, got, lost, size=None):
        self.got, self.lost, self.size = got, lost, size


class Contender:
    name = ""
    app = "app-viz"
    ops = 300000      # in a run: about 0.1 s
    events_per_op = {"method": 2, "method_args": 2}

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.process, self.leftover = None, None

    def why_not(self):
        """A reason why this cannot be measured here, or None."""
        if not os.path.exists(self.app_path()):
            return "its headers are not installed (make bench-deps)"
        return self.missing()

    def missing(self):
        return None

    def app_path(self):
        return os.path.join(self.build, "bench", self.app)

    def begin_app(self, threads):
        return App(self.app_path(), threads)

    def start(self, app, workload):
        raise NotImplementedError

    def cpu(self):
        """ns that the collecting side has used so far."""
        return (self.process or self.leftover).cpu()

    def finish(self, ops):
        raise NotImplementedError

    def clean(self):
        """Wait for what still ends."""
        if self.leftover:
            self.leftover.wait()
            self.leftover = None

    def end(self):
        for process in (self.process, self.leftover):
            if process:
                process.end()
        self.process = self.leftover = None

    def path(self, name):
        return os.path.join(self.folder, name)


class Nothing(Contender):
    """Nobody traces: the loop alone, or the loop with its macros off."""

    def __init__(self, build, folder, name, app):
        super().__init__(build, folder)
        self.name, self.app = name, app


class Tool(Contender):
    def __init__(self, build, folder, site="auto"):
        super().__init__(build, folder)
        self.site = site
        self.name = "viztrace-bpf" if site == "auto" else f"viztrace-bpf at {site}"
        self.output = self.path("trace.json")
        self.options = []

    def missing(self):
        """Start it once, on nothing that matters: does this kernel take the site?"""
        app = self.begin_app(1)
        try:
            self.start(app, "counter4")
            self.finish(0)
            self.clean()
        except Failed as e:
            return str(e)
        finally:
            self.end()
            app.end()
        return None

    def start(self, app, workload):
        self.process = Process([os.path.join(self.build, "viztrace-bpf"), "-p", str(app.pid), "-o", self.output,
                                "--probe-site", self.site, *self.options,
                                *(["--exclude", FILTERED] if workload == FILTERED else [])], COLLECTOR_CORE, "stderr")
        try:
            self.process.line_with("tracing process")
        except Failed as e:
            raise Failed(str(e).rsplit(": ", 1)[-1]) from None

    def finish(self, ops):
        self.process.signal(signal.SIGINT)
        self.process.line_with("no file, " if self.output == "none" else self.output + ": ")
        summary = self.process.line_with("  lost ")
        result = self.read() or Result(None, int(re.search(r"lost (\d+)", summary)[1]))
        self.leftover, self.process = self.process, None
        return result

    def read(self):
        """The books that the tool keeps are in the beginning of its file."""
        if not os.path.isfile(self.output):
            return None
        with open(self.output, encoding="utf-8") as f:
            head = f.read(OUTPUT_HEAD).rstrip()
        metadata = json.loads(head[:head.index('"traceEvents"')].rstrip(",") + "}")["metadata"]
        size = os.path.getsize(self.output) - OUTPUT_HEAD
        os.unlink(self.output)
        return Result(metadata["events"]["written"], metadata["events"]["lost"], size)


class Batches(Tool):
    """Many events for one trap: it takes many to be a measurement."""
    ops = 1000000

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.name = "viztrace-bpf --collect batch"
        self.options = ["--collect", "batch"]

    def start(self, app, workload):
        super().start(app, workload)
        why = re.search(r"no batches[^:]*: (.*)", self.process.said.decode(errors="replace"))
        if why:
            raise Failed(why[1])


class Floor(Contender):
    """A small libbpf program (floor.c)."""
    ops = 400000

    def __init__(self, build, folder, name, program, site):
        super().__init__(build, folder)
        self.name, self.program, self.site = name, program, site
        if site == "sdt":
            self.app = "app-sdt"

    def missing(self):
        return Tool.missing(self)

    def start(self, app, workload):
        log = open(self.path("floor.log"), "wb")  # pylint: disable=consider-using-with
        with log:
            self.process = Process([os.path.join(self.build, "bench", "floor"), self.program, self.site, str(app.pid),
                                    self.app_path()], COLLECTOR_CORE, log=log)
        if not (self.process.line() or "").startswith("attached"):
            with open(self.path("floor.log"), encoding="utf-8") as f:
                raise Failed(f.read().strip()[-200:])

    def finish(self, ops):
        self.process.close_stdin()
        records, lost = re.match(r"records (\d+) lost (\d+)", self.process.line_with("records ")).groups()
        self.leftover, self.process = self.process, None
        if self.program == "empty":
            return Result(None, None)
        return Result(int(records), int(lost))


class Bpftrace(Contender):
    """Prints each event: its attribute's name and value, or the method's name."""
    name = "bpftrace printf"
    ops = 10000

    SCRIPTS = {
        "method": 'usdt:{0}:viz:enter {{ printf("%lld %d enter %s\\n", nsecs, tid, str(arg0)); }} '
                  'usdt:{0}:viz:exit {{ printf("%lld %d exit %s\\n", nsecs, tid, str(arg0)); }}',
        "": 'usdt:{0}:viz:set {{ printf("%lld %d %s %lld\\n", nsecs, tid, str(arg3), arg2); }}',
    }

    def missing(self):
        return None if shutil.which("bpftrace") else "bpftrace is not installed (make bench-deps)"

    def start(self, app, workload):
        script = self.SCRIPTS.get(workload, self.SCRIPTS[""]).format(app.path)
        with open(self.path("bpftrace.log"), "wb") as log:
            self.process = Process(["bpftrace", "-p", str(app.pid), "-o", self.path("bpftrace.txt"), "-e", script],
                                   COLLECTOR_CORE, stdout=log, stderr=log, stream="stdin")
        app.wait_until_on(workload)
        time.sleep(0.3)  # the counters that it raises come before the probes

    def finish(self, ops):
        self.process.signal(signal.SIGINT)
        self.process.wait()
        text = self.path("bpftrace.txt")
        with open(text, encoding="utf-8", errors="replace") as f:
            got = sum(1 for line in f if line[0].isdigit())
        result = Result(got, None, os.path.getsize(text))
        os.unlink(text)
        return result


class Perf(Contender):
    name = "perf record"
    ops = 100000

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.fds = []  # of its control pipes

    def missing(self):
        if not shutil.which("perf"):
            return "perf is not installed (make bench-deps)"
        if subprocess.run(["perf", "--version"], capture_output=True, check=False).returncode:
            return "perf does not run here"
        if not os.access(TRACEFS + "/uprobe_events", os.W_OK):
            return f"there is no {TRACEFS}/uprobe_events (mount -t tracefs tracefs {TRACEFS})"
        return None

    ARGS = {"set": "obj=%di index=%si:u32 bits=%dx attr=+0(%cx):string", "enter": "name=+0(%di):string frame=%si",
            "exit": "name=+0(%di):string frame=%si"}
    ARGS_ARM = {"set": "obj=%x0 index=%x1:u32 bits=%x2 attr=+0(%x3):string", "enter": "name=+0(%x0):string frame=%x1",
                "exit": "name=+0(%x0):string frame=%x1"}

    def define(self, add):
        args = self.ARGS_ARM if os.uname().machine == "aarch64" else self.ARGS
        where = subprocess.run([os.path.join(self.build, "bench", "floor"), "where", self.app_path()], check=True,
                               capture_output=True, text=True).stdout
        for line in where.splitlines():
            probe, offset, semaphore = line.split()
            text = f"p:vizbench/{probe} {os.path.abspath(self.app_path())}:{offset}({semaphore}) {args[probe]}\n" \
                if add else f"-:vizbench/{probe}\n"
            fd = os.open(TRACEFS + "/uprobe_events", os.O_WRONLY | os.O_APPEND)
            try:
                os.write(fd, text.encode())
            except OSError:  # there was none to remove
                if add:
                    raise
            finally:
                os.close(fd)

    def start(self, app, workload):
        self.define(False)
        self.define(True)
        events = ["vizbench:enter", "vizbench:exit"] if workload == "method" else ["vizbench:set"]
        control, acks = self.path("perf.ctl"), self.path("perf.ack")
        for fifo in (control, acks):
            if not os.path.exists(fifo):
                os.mkfifo(fifo)
            # Both ends, so that it never ends for perf.
            self.fds.append(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
        with open(self.path("perf.log"), "wb") as log:
            self.process = Process(["perf", "record", "-q", "-D", "-1", "--control", f"fifo:{control},{acks}",
                                    *[a for e in events for a in ("-e", e)], "-p", str(app.pid),
                                    "-o", self.path("perf.data")], COLLECTOR_CORE, stdout=log, stderr=log,
                                   stream="stdin")
        os.write(self.fds[0], b"enable\n")
        if not select.select([self.fds[1]], [], [], 10)[0]:
            with open(self.path("perf.log"), encoding="utf-8", errors="replace") as f:
                raise Failed("perf record: " + f.read()[-300:]) from None
        app.wait_until_on(workload)

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def finish(self, ops):
        data = self.path("perf.data")
        self.process.signal(signal.SIGINT)
        self.process.wait()
        self.close()
        stats = subprocess.run(["perf", "report", "--stats", "-i", data], capture_output=True, text=True,
                               check=False).stdout
        got = re.search(r"SAMPLE events:\s+(\d+)", stats)
        result = Result(int(got[1]) if got else 0, None, os.path.getsize(data))
        os.unlink(data)
        return result

    def clean(self):
        super().clean()
        self.define(False)

    def end(self):
        super().end()
        self.close()
        if self.missing() is None:
            self.define(False)


class Lttng(Contender):
    name = "LTTng-UST"
    app = "app-lttng"
    ops = 400000

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.daemon = None
        self.lost = self.size = 0  # so far: one session takes all runs

    def missing(self):
        if not shutil.which("lttng") or not shutil.which("lttng-sessiond"):
            return "lttng-tools is not installed (make bench-deps)"
        return None

    def command(self, *args):
        done = subprocess.run(["lttng", "--no-sessiond", *args], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "LTTNG_HOME": self.folder})
        if done.returncode:
            raise Failed(f"lttng {args[0]}: {(done.stderr + done.stdout).strip()[-300:]}")
        return done.stdout

    def begin_app(self, threads):
        """The daemon is there before the app, which registers with it at its start."""
        if not self.daemon:
            with open(self.path("lttng.log"), "wb") as log:
                self.daemon = Process(["lttng-sessiond", "--no-kernel"], COLLECTOR_CORE, stdout=log, stderr=log,
                                      stream="stdin", env={**os.environ, "LTTNG_HOME": self.folder})
            for _ in range(100):
                try:
                    self.command("list")
                    break
                except Failed:
                    time.sleep(0.05)
            self.command("create", "vizbench", "--output", self.path("lttng"))
            self.command("enable-event", "-u", "vizbench:*")
            self.lost = self.size = 0
        return super().begin_app(threads)

    def start(self, app, workload):
        self.command("start")
        app.wait_until_on(workload)
        time.sleep(0.02)

    def processes(self):
        pids = [self.daemon.pid]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == self.daemon.pid:
                        pids.append(int(pid))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return pids

    def cpu(self):
        return sum(cpu_ns(pid) for pid in self.processes())

    def finish(self, ops):
        self.command("stop")
        lost = sum(int(n) for n in re.findall(r"Discarded events: (\d+)", self.command("list", "vizbench")))
        size = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.path("lttng"))
                   for name in names)
        # Its count sometimes runs below zero.
        result = Result(None, lost - self.lost if self.lost <= lost < 1 << 63 else None, size - self.size)
        self.lost, self.size = lost, size
        return result

    def end(self):
        super().end()
        if self.daemon:
            try:
                self.command("destroy", "vizbench")
            except Failed:
                pass
            self.daemon.signal(signal.SIGTERM)
            self.daemon.wait(10)
            self.daemon = None
            shutil.rmtree(self.path("lttng"), ignore_errors=True)
