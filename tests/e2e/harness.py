# SPDX-License-Identifier: BSD-2-Clause
"""Programs to trace, the tool that traces them, and the end of both.

Every wait has a timeout, every process is ended by its own id when its test is over. Tests run several at a time
(run.py), since most of a run's time is the kernel taking its probes out.
"""
import contextlib
import fcntl
import os
import pathlib
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import tracefile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = HERE / "programs"
HEADERS = [*(ROOT / "include").iterdir()]
BUILD = pathlib.Path(os.environ.get("E2E_BUILD", ROOT / "build" / "e2e"))
TOOL = os.environ.get("VIZTRACE", str(ROOT / "build" / "viztrace-bpf"))
# How to collect where a test does not say: "batch" runs all tests that way.
COLLECT = ["--collect", os.environ["E2E_COLLECT"]] if os.environ.get("E2E_COLLECT") else []
# Several suites may share two processors.
TIMEOUT = float(os.environ.get("E2E_TIMEOUT", "60"))

EXIT_USAGE, EXIT_PERMISSION, EXIT_NO_PROCESS, EXIT_NO_PROBES, EXIT_OUTPUT, EXIT_KERNEL, EXIT_LOST = 2, 3, 4, 5, 6, 7, 8
EXIT_HARM, EXIT_CHECK, EXIT_INPUT = 9, 10, 11


# As in user/common/event.h and programs/counted.c.
KINDS = ("init", "destroy", "set", "log", "enter", "exit", "value", "instant", "quiet", "async")
COUNTED = ["-Dviz__probe_%s=counted_%s" % (kind, kind) for kind in KINDS]


class BuildError(Exception):
    pass


@contextlib.contextmanager
def one_at_a_time(what):
    """Of all tests, which are processes (run.py)."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / (what + ".lock"), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _out_of_date(output, command, inputs):
    note = pathlib.Path(str(output) + ".cmd")
    if not output.exists() or not note.exists() or note.read_text() != command:
        return True
    made = output.stat().st_mtime
    return any(path.stat().st_mtime > made for path in inputs)


def build(name, *sources, cc="cc", flags=("-O2",), libs=("-lpthread",), counted=True):
    """The path of the program `name`, compiled from files of programs/ (or full paths) when they are newer.

    It counts what it sends while somebody listens (counted.c), unless `counted` is false."""
    sources = [PROGRAMS / s for s in sources or (name + ".c",)]
    if counted:
        sources.append(PROGRAMS / "counted.c")
        flags = (*flags, *COUNTED)
    output = BUILD / name
    if cc in ("c++", "g++", "clang++"):
        libs = tuple(libs) + ("-lstdc++",)
    inputs = sources + [*HEADERS, *(h for s in sources for h in s.parent.glob("*.h"))]
    command = [*shlex.split(cc), "-Wall", "-Wextra", "-g", *flags, "-I", str(ROOT / "include"), "-I", str(PROGRAMS),
               *map(str, sources), "-o", str(output) + ".new", *libs]
    with one_at_a_time(name):
        if _out_of_date(output, shlex.join(command), inputs):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
                                  check=False)
            if done.returncode:
                raise BuildError("%s\n%s" % (shlex.join(command), done.stderr))
            os.replace(str(output) + ".new", output)
            pathlib.Path(str(output) + ".cmd").write_text(shlex.join(command))
    return output


class Pump:
    """Reads all of a pipe as it comes, so that nobody blocks on us."""

    def __init__(self, pipe):
        self.data = bytearray()
        self.ended = False
        self.changed = threading.Condition()
        self.pipe = pipe
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                piece = os.read(self.pipe.fileno(), 65536)
            except OSError:  # a terminal of which the other side is gone
                piece = b""
            with self.changed:
                self.data += piece
                self.ended = not piece
                self.changed.notify_all()
            if not piece:
                return

    def text(self):
        with self.changed:
            return self.data.decode("utf-8", "replace")

    def wait_for(self, wanted, timeout=None):
        """Until `wanted` (bytes) is there. False: the pipe ended, or time is over."""
        deadline = time.monotonic() + (timeout or TIMEOUT)
        with self.changed:
            while wanted not in self.data:
                left = deadline - time.monotonic()
                if self.ended or left <= 0:
                    return False
                self.changed.wait(left)
        return True

    def close(self):
        self.thread.join(5)
        if not self.thread.is_alive():
            self.pipe.close()


class Process:
    """A child that is ended with its test."""

    def __init__(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more):
        self.argv = [str(a) for a in argv]
        self.child = subprocess.Popen(self.argv, stdin=stdin, stdout=stdout, stderr=stderr, **more)
        self.pid = self.child.pid
        self.out = Pump(self.child.stdout) if stdout == subprocess.PIPE else None
        self.err = Pump(self.child.stderr) if stderr == subprocess.PIPE else None

    def signal(self, number):
        self.child.send_signal(number)

    def running(self):
        return self.child.poll() is None

    def wait(self, timeout=None):
        """The exit code; -N for signal N."""
        try:
            code = self.child.wait(timeout or TIMEOUT)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s does not end: %s%s" % (
                shlex.join(self.argv), self.out.text()[-500:] if self.out else "",
                self.err.text()[-1500:] if self.err else "")) from None
        for pump in (self.out, self.err):
            if pump:
                pump.thread.join(5)
        return code

    def clean_up(self):
        if self.running():
            self.child.kill()
        self.child.wait()
        if self.child.stdin:
            try:
                self.child.stdin.close()
            except OSError:
                pass
        for pump in (self.out, self.err):
            if pump:
                pump.close()


class Target(Process):
    """A program of programs/, which goes on step by step (step.h)."""

    def __init__(self, argv, **more):
        self.steps = 0
        more.setdefault("stderr", None)
        super().__init__(argv, stdin=subprocess.PIPE, **more)

    def await_step(self, word="ready", timeout=None):
        """Until it says `word` once more; what it said since the last time."""
        deadline = time.monotonic() + (timeout or TIMEOUT)
        wanted = ("\n%s\n" % word).encode()
        with self.out.changed:
            while True:
                data = b"\n" + self.out.data
                at = data.find(wanted, self.steps)
                if at >= 0:
                    said = data[self.steps:at].decode("utf-8", "replace").strip("\n")
                    self.steps = at + len(wanted) - 1
                    return said
                left = deadline - time.monotonic()
                if self.out.ended or left <= 0:
                    raise AssertionError("%s did not say %r but %r; exit code %r" % (
                        shlex.join(self.argv), word, data[self.steps:].decode("utf-8", "replace"), self.child.poll()))
                self.out.changed.wait(left)

    def tell(self, text=""):
        self.child.stdin.write(text.encode() + b"\n")
        self.child.stdin.flush()

    def ask(self, text, word="ok", timeout=None):
        """Tell it something, and what it said to that."""
        self.tell(text)
        return self.await_step(word, timeout)

    def semaphores(self):
        """How many tracers its probes believe in, all together; for programs that answer to this (steady.c)."""
        return int(self.ask("semaphores"))


class Tool(Process):
    def attached(self, timeout=None):
        word = b"tracing all" if "-x" in self.argv else b"tracing 2" if self.argv.count("-p") == 2 else b"tracing process"
        return self.err.wait_for(word, timeout)

    def messages(self):
        return self.err.text() if self.err else "(not captured)"


class Launcher(Target, Tool):
    """The tool with a command of programs/, which goes on step by step: they share stdin and stdout."""


class Case(unittest.TestCase):
    """A test with a folder of its own, in which nothing is left behind."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="viztrace-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.counts = tempfile.NamedTemporaryFile(prefix="viztrace-e2e-counts-")
        self.addCleanup(self.counts.close)
        self.counts.truncate(4096)
        os.chmod(self.counts.name, 0o666)
        os.environ["VIZTRACE_TEST_COUNTS"] = self.counts.name
        self.tools = 0
        self.batches = "batch" in COLLECT  # these get past the stubs, and are counted by the app itself

    def target(self, program, *args, ready="ready", **more):
        """Start a program and wait until it is ready to be traced."""
        t = Target([program, *args], **more)
        self.addCleanup(t.clean_up)
        if ready:
            t.await_step(ready)
        else:
            # Popen returns while the kernel is still about to load the program.
            name = os.path.basename(str(program))
            self.assertTrue(wait_until(lambda: name in mapped(t.pid) or not t.running()), "%s does not start" % name)
        return t

    def need(self, *commands):
        for command in commands:
            if not shutil.which(command):
                self.skipTest("%s is not installed" % command)

    def kill(self, tool):
        """By kill -9, with its children; it was started in a session of its own."""
        os.killpg(tool.pid, signal.SIGKILL)
        tool.wait()

    def own(self, name, *sources, **how):
        """build(), but a file that no other test runs: one that is traced for several processes fires in all that run it."""
        path = self.dir / name
        return path if path.exists() else copy(build(name, *sources, **how), path)

    def tool(self, *args, **more):
        """Start the tool with these arguments."""
        prefix = more.pop("prefix", [])
        more.setdefault("cwd", self.dir)
        if COLLECT and args[0] not in ("list", "ctl", "doctor", "help") and "--collect" not in args:
            args = [*COLLECT, *args]
        t = Tool([*prefix, TOOL, *args], **more)
        self.tools += 1
        self.batches |= "batch" in args
        self.addCleanup(t.clean_up)
        return t

    def attach(self, pid, *options, output="trace.json", **more):
        """Start the tool and wait until it has attached."""
        return self.attach_to("-p", pid, "-o", output, *options, **more)

    def attach_to(self, *args, **more):
        """The same with all of its arguments: several processes, or a program."""
        t = self.tool(*args, **more)
        if not t.attached():
            t.child.poll()
            self.fail("not attached, exit code %r: %s" % (t.child.returncode, t.messages()))
        return t

    def launch(self, *command, options=(), output="trace.json", ready="ready", **more):
        """Start the tool with a command, and wait until that is ready."""
        more.setdefault("cwd", self.dir)
        t = Launcher([TOOL, *COLLECT, "-o", output, *options, "--", *command], stderr=subprocess.PIPE, **more)
        self.tools += 1
        self.addCleanup(t.clean_up)
        if ready:
            t.await_step(ready)
        return t

    def disk(self, name, size="50%"):
        """A file system of its own, in the test's folder."""
        at = self.dir / name
        at.mkdir()
        done = run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", at)
        if done.returncode:
            self.skipTest("no tmpfs: " + done.stderr.strip())
        self.addCleanup(run, "umount", "-l", at)
        return at

    def launched(self, *command, options=(), code=0, **more):
        """One run of a command, to its end. (trace, the tool)"""
        tool = self.tool("-o", "trace.json", *options, "--", *command, **more)
        self.end(tool, code, with_signal=None)
        return self.load(), tool

    def end(self, tool, code=0, with_signal=signal.SIGINT, complete=True):
        """End the tool (None: it ends by itself); its exit code has to be `code`. `complete`: nothing was left behind in a probe or a lap."""
        if with_signal:
            tool.signal(with_signal)
        self.assertEqual(tool.wait(), code, tool.messages())
        # What the books lack is counted as lost, so their sum alone shows no count that was forgotten.
        if complete:
            self.assertNotIn("were not completed in time", tool.messages())
        self.assertNotIn("do not balance", tool.messages())

    def load(self, path="trace.json", **options):
        """The trace in a file, checked against every rule; see tracefile.check()."""
        trace = tracefile.check((self.dir / path).read_bytes(), **options)
        if not options.get("killed"):
            self.compare_counts(trace)
        return trace

    # "all": what the programs counted while their semaphores were up is what was seen. "most": that is too much to ask, as
    # they also run where they are not traced.
    seen = "all"
    # Threads that a signal ended in the midst of their work: each may have counted one event that it did not come to send.
    killed = 0

    def compare_counts(self, trace):
        """Is what the programs of this test counted what the tool saw? One tool at a time can be asked."""
        counted = dict(zip(KINDS, struct.unpack("10Q", os.pread(self.counts.fileno(), 80, 0))))
        seen = {kind: trace.probe(kind)["seen"] for kind in KINDS}
        if self.tools != 1 or self.batches or "batch" in trace.metadata["command"] or not any(counted.values()):
            return
        for kind in KINDS:
            self.assertLessEqual(seen[kind], counted[kind], "%s: more was seen than sent" % kind)
        # Until it is detached from a program goes on sending; at its own end there is nothing left.
        if self.seen == "all" and trace.metadata["ended"] not in ("interrupted", "the time is over", "--max-size is reached"):
            missing = sum(counted.values()) - sum(seen.values())
            self.assertLessEqual(missing, self.killed, "not all was seen that was sent while somebody listened: %s of %s" % (
                seen, counted))

    def traced(self, program, *args, options=(), code=0, target_code=0, **rules):
        """One run: start, attach, let the program go and end. (trace, what the program said, what the tool said)"""
        t = self.target(program, *args)
        tool = self.attach(t.pid, *options)
        t.tell()
        self.assertEqual(t.wait(), target_code, "the program: " + t.out.text())
        self.end(tool, code, with_signal=None)
        return self.load(**rules), t.out.text(), tool.messages()


def run(*argv, timeout=None, **more):
    """subprocess.run with a timeout and text."""
    return subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout or TIMEOUT, check=False, **more)


def copy(program, path):
    """To run it. Not by us: a process that another test forks meanwhile would have it open for writing, and nobody can run it then."""
    done = run("cp", program, path)
    if done.returncode:
        raise OSError(done.stderr)
    return pathlib.Path(path)


def state(pid):
    """Of a process: R, S, t..., as in ps."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def children(pid):
    """Of all of its threads."""
    return [int(child) for task in pathlib.Path("/proc/%d/task" % pid).iterdir()
            for child in (task / "children").read_text().split()]


def wait_until(condition, timeout=None):
    """Until condition() is true; whether it became so."""
    deadline = time.monotonic() + (timeout or TIMEOUT)
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def mapped(pid):
    """The files in its memory, as text."""
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as f:
        return f.read()


def have(*commands):
    return all(shutil.which(c) for c in commands)


if __name__ == "__main__":
    sys.exit("see run.py")
