# SPDX-License-Identifier: BSD-2-Clause
"""Processes of the benchmark: pinned, read with a time limit, their CPU time looked up, and ended one by one."""
import contextlib
import os
import select
import signal
import subprocess
import time

TIMEOUT = 60  # seconds, for anything that should take less than five


class Failed(Exception):
    """A program did not do what it should; the text says which and what it said."""


def cores():
    """(cores of the app, cores of the collector): one each, or all for both if there is just one."""
    allowed = sorted(os.sched_getaffinity(0))
    return ({allowed[0]}, {allowed[1]}) if len(allowed) > 1 else (set(allowed), set(allowed))


ALL_CORES = os.sched_getaffinity(0)
APP_CORE, COLLECTOR_CORE = cores()


def cpu_ns(pid):
    """ns that all threads of a process have run; 0 if it is gone."""
    total = 0
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


class Process:
    """A child with line-wise reading of `stream` ("stdout" or "stderr")."""

    def __init__(self, argv, core, stream="stdout", log=None, **kwargs):
        self.argv = argv
        self.exit_cpu = None  # ns, all that it used, once it was waited for
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": log or subprocess.DEVNULL}
        streams[stream] = subprocess.PIPE
        streams.update(kwargs)
        self.popen = subprocess.Popen(argv, preexec_fn=lambda: os.sched_setaffinity(0, core), **streams)
        self.pid = self.popen.pid
        self.out = getattr(self.popen, stream)
        self.said = b""
        self.pending = b""

    def line(self, timeout=TIMEOUT):
        """The next line, without its end; None at the stream's end."""
        end = time.monotonic() + timeout
        while b"\n" not in self.pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.out], [], [], left)[0]:
                raise Failed(f"{self.argv[0]} said nothing for {timeout} s; so far: {self.said.decode()[-500:]}")
            more = os.read(self.out.fileno(), 65536)
            if not more:
                return None
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        self.said += line + b"\n"
        return line.decode(errors="replace")

    def line_with(self, text, timeout=TIMEOUT):
        """The next line that has `text` in it."""
        end = time.monotonic() + timeout
        while True:
            line = self.line(max(end - time.monotonic(), 0.01))
            if line is None:
                raise Failed(f"{os.path.basename(self.argv[0])}: {self.said.decode(errors='replace').strip()[-500:]}")
            if text in line:
                return line

    def send(self, text):
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def close_stdin(self):
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.close()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)  # and not by Popen, which would wait for it behind our back

    def cpu(self):
        return self.exit_cpu if self.exit_cpu is not None else cpu_ns(self.pid)

    def wait(self, timeout=TIMEOUT):
        """Its exit status; killed if it takes longer."""
        end = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.exit_cpu = int((usage.ru_utime + usage.ru_stime) * 1e9)
                self.popen.returncode = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() > end:
                self.signal(signal.SIGKILL)
                end = float("inf")
            time.sleep(0.002)
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        return self.popen.returncode

    def end(self):
        """Whatever it is doing."""
        if self.popen.returncode is None:
            self.signal(signal.SIGKILL)
            self.wait()


class App(Process):
    """The program that is measured (app.c)."""

    def __init__(self, path, threads=1):
        self.path = path
        super().__init__([path], APP_CORE if threads == 1 else ALL_CORES)
        self.line_with("ready")

    def run(self, workload, threads, ops):
        """(CPU ns, wall ns) of `ops` operations on each of the threads; the CPU time is that of all threads."""
        self.send(f"run {workload} {threads} {ops}\n")
        line = self.line() or ""
        if len(line.split()) != 2:
            raise Failed(f"{self.path}: run {workload} {threads} {ops}: {line}")
        return tuple(map(int, line.split()))

    def wait_until_on(self, workload):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            self.send(f"on {workload}\n")
            if self.line() != "0":
                return
            time.sleep(0.005)
        raise Failed("its probes were never switched on")
