# SPDX-License-Identifier: BSD-2-Clause
"""What runs now: `top` in a terminal, which is tmux's, and without one."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import harness
import test_filters
from harness import wait_until

JOBSERVER = harness.ROOT / "tests" / "demo" / "jobserver.c"
BOTTOM = "? help"
BOX = re.compile(r"^ +1 +0\.0 +0\.0 +box$", re.M).search


def jobserver():
    return harness.build("jobserver", JOBSERVER, counted=False)


class Terminal:
    """A tmux of its own, with a shell in it."""

    def __init__(self, folder, width=100, height=30):
        self.socket = folder / "tmux"
        self.folder = folder
        self.run("new-session", "-d", "-x", width, "-y", height, "bash --norc --noprofile")
        self.type("PS1='$ '; cd %s; clear; echo before" % folder)
        self.wait(lambda text: re.match(r"before\n\$", text))

    def run(self, *command):
        env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "LC_ALL", "LC_CTYPE")}
        done = subprocess.run(["tmux", "-u", "-S", self.socket, "-f", "/dev/null", *map(str, command)], timeout=harness.TIMEOUT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env={**env, "LANG": "C.UTF-8"})
        if done.returncode:
            raise AssertionError("tmux %s: %s" % (command[0], done.stderr))
        return done.stdout

    def text(self):
        return self.run("capture-pane", "-p")

    def lines(self):
        return self.text().rstrip("\n").split("\n")

    def shown(self, what):
        return self.run("display-message", "-p", "#{%s}" % what).strip()

    def keys(self, *names):
        self.run("send-keys", *names)

    def type(self, line):
        self.run("send-keys", "-l", "--", line)
        self.keys("Enter")

    def wait(self, condition):
        """Until the text that is shown is so; the text."""
        seen = [""]

        def is_so():
            seen[0] = self.text()
            return condition(seen[0])
        if not wait_until(is_so):
            raise AssertionError("the screen is not so:\n" + seen[0])
        return seen[0]

    def wait_for(self, word):
        return self.wait(lambda text: word in text)

    def is_as_it_was(self):
        """The screen of before, a cursor, and what stty said then."""
        self.type("stty -g > after; cmp before after && echo same")
        text = self.wait_for("\nsame\n")
        return text.startswith("before\n") and self.shown("cursor_flag") == "1" and self.shown("alternate_on") == "0"

    def end(self):
        try:
            self.run("kill-server")
        except AssertionError:
            pass  # it has ended


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Screen(harness.Case):
    def terminal(self, **size):
        t = Terminal(self.dir, **size)
        self.addCleanup(t.end)
        return t

    def top(self, terminal, *arguments, word=BOTTOM):
        """Started by the shell there; what is shown, once it is."""
        terminal.type("stty -g > before; %s top %s; echo status $?" % (harness.TOOL, " ".join(map(str, arguments))))
        return terminal.wait_for(word)

    def pid_of_tool(self, terminal):
        shell = int(terminal.shown("pane_pid"))
        return [p for p in harness.children(shell) if harness.TOOL in pathlib.Path("/proc/%d/cmdline" % p).read_text()][0]

    def demo(self):
        return self.target(jobserver(), ready=None)

    def test_the_figures_of_the_demo_move(self):
        t = self.terminal(width=120, height=50)
        text = self.top(t, "-p", self.demo().pid)
        self.assertIn("process", text)
        done = []

        def moves(text):
            found = re.search(r"^ +(\d+) .* served\.done", text, re.M)
            if found and int(found[1]) not in done:
                done.append(int(found[1]))
            return len(done) >= 3
        text = t.wait(moves)
        self.assertEqual(done, sorted(done))
        self.assertRegex(text, r"lost 0 +\d+ events/s")
        self.assertRegex(text, r"(?m)^ +\d.* queue\.depth")
        self.assertRegex(text, r"(?m)^ +[\d.]+ +[\d.]+ \w+ +[\d.]+ \w+ .* execute$")
        self.assertRegex(text, r"(?m)^ +1 +0\.0 +0\.0 +worker-1 state \(worker\)$")
        self.assertRegex(text, "[\u2582-\u2588]")
        t.keys("Tab", "Tab", "Down")
        t.wait(lambda text: re.search(r'worker-\d state \(worker\): state: "\w+", job: ', text) or t.keys("Down"))

    def test_a_filter_that_is_typed_is_in_the_kernel(self):
        t = self.terminal()
        target = self.target(harness.build("filters"))
        target.ask("make b box")
        self.top(t, "-p", target.pid, "-o", "trace.json", "--ring-size", "64k")
        target.ask("set b own 1")
        t.wait(BOX)
        t.keys("/")
        t.wait_for("filter objects:")
        t.type("nothing*")
        t.wait_for("filter: --include nothing*")
        t.wait(lambda text: not BOX(text))
        self.assertEqual(harness.run(harness.TOOL, "ctl", "-p", target.pid, "--show").stdout, "--include nothing*\n")
        target.ask("set b own 2")
        for _ in range(3):  # it has told the kernel what it decided
            harness.run(harness.TOOL, "ctl", "-p", target.pid, "--show")
        # More than the ring holds, many times over: it never gets there.
        target.ask("times b own 60000")
        t.keys("/")
        t.type("--bad")
        t.wait_for("'--bad' is no filter")
        t.keys("/", "Enter")  # all again
        t.wait(lambda text: "filter: --include" not in text)
        target.ask("set b own 3")
        t.wait(BOX)
        t.keys("q")
        t.wait_for("status 0")
        self.assertTrue(t.is_as_it_was())
        trace = self.load()
        self.assertEqual(trace.probe("set"), {"seen": 60003, "filtered": 60001, "written": 2, "lost": 0, "truncated": 0,
                                              "unreadable": 0})
        notes = [e["name"] for e in trace.of("i") if "ctl" in e["name"]]
        self.assertEqual(notes, ["viztrace-bpf ctl --clear --include nothing*", "viztrace-bpf ctl --clear"])

    def test_a_kind_that_a_typed_filter_leaves_nobody_is_switched_off(self):
        t = self.terminal()
        target = self.target(self.own("filters"))
        self.top(t, "-p", target.pid)
        self.assertIn("enter", target.ask("armed"))
        t.keys("/")
        t.type("--no-methods")
        t.wait_for("filter: --no-methods")
        self.assertTrue(harness.wait_until(lambda: not {"enter", "exit"} & set(target.ask("armed").split())))
        t.keys("/")
        t.type("--clear")
        self.assertTrue(harness.wait_until(lambda: "enter" in target.ask("armed")))
        t.keys("q")
        t.wait_for("status 0")
        self.assertEqual(target.ask("armed").split(), [])

    def test_a_filter_of_methods_in_their_table(self):
        t = self.terminal(height=50)
        target = self.demo()
        self.top(t, "-p", target.pid)
        t.wait_for(" parse")
        t.keys("Tab", "/")
        t.wait_for("filter methods:")
        t.type("exec*")
        t.wait_for("filter: --methods exec*")
        text = t.wait(lambda text: " parse" not in text)
        self.assertIn(" execute", text)
        self.assertIn(" queue.depth", text)

    def interrupt_twice(self, t, _):
        """The second one while it sees to the first."""
        pid = self.pid_of_tool(t)
        os.kill(pid, signal.SIGINT)
        pending = re.compile(r"ShdPnd:\t(\w+)")
        with open("/proc/%d/status" % pid) as status:
            while int(pending.search(status.read())[1], 16):
                status.seek(0)
        os.kill(pid, signal.SIGINT)

    def test_however_it_ends_the_terminal_is_as_it_was(self):
        ways = {
            "q": (lambda t, target: t.keys("q"), 0),
            "Ctrl-C": (lambda t, target: t.keys("C-c"), 0),
            "Ctrl-C twice": (self.interrupt_twice, 0),
            "SIGTERM": (lambda t, target: os.kill(self.pid_of_tool(t), signal.SIGTERM), 0),
            "the target's end": (lambda t, target: target.signal(signal.SIGKILL), 0),
            "after a full disk": (lambda t, target: t.keys("q"), harness.EXIT_OUTPUT),
        }
        t = self.terminal()
        for way, (end, status) in ways.items():
            with self.subTest(way):
                t.type("clear; echo before")
                t.wait(lambda text: re.match(r"before\n\$", text))
                target = self.demo()
                self.top(t, "-p", target.pid, *(("-o", "/dev/full") if status else ()))
                self.assertEqual((t.shown("alternate_on"), t.shown("cursor_flag")), ("1", "0"))
                t.wait_for("queue.depth")
                self.assertNotIn("before", t.text())
                end(t, target)
                t.wait_for("status %d" % status)
                self.assertTrue(t.is_as_it_was(), t.text())
                self.assertEqual("writing /dev/full failed" in t.text(), status != 0)
                target.clean_up()

    def test_any_size_and_forty_columns(self):
        t = self.terminal(width=40, height=24)
        self.top(t, "-p", self.demo().pid)
        t.wait_for("cache.hits")
        for width, height in ((40, 24), (40, 10), (150, 40), (12, 4), (80, 24)):
            with self.subTest(width=width, height=height):
                t.run("resize-window", "-x", width, "-y", height)

                def fits(text):
                    lines = text.rstrip("\n").split("\n")
                    return len(lines) == height and lines[-1].startswith(BOTTOM) and lines[0].startswith("lost 0") and (
                        width < 80 or "events/s" in lines[0])
                text = t.wait(fits)
                if height >= 24:
                    for name in ("cache.hits", "methods (", "job", "calls/s", "alive", "last"):
                        self.assertIn(name, text)
        t.keys("q")
        t.wait_for("status 0")

    def test_keys(self):
        t = self.terminal(width=110, height=40)
        self.top(t, "-p", self.demo().pid)
        t.wait_for("served.done")
        t.keys("?")
        t.wait_for("Ctrl-C         quit")
        t.keys("x", ">")
        t.wait_for("\u25bclast")
        t.keys("r")
        t.wait_for("\u25b2last")
        t.keys("p")
        held = t.wait_for("PAUSED")
        figures = re.findall(r"(?m)^ +\d.* served\.done", held)
        time_held = re.search(r"([\d.]+) s ", held)[1]
        t.wait(lambda text: re.search(r"([\d.]+) s ", text)[1] != time_held)
        self.assertEqual(re.findall(r"(?m)^ +\d.* served\.done", t.text()), figures)
        t.keys("p")
        t.wait(lambda text: re.findall(r"(?m)^ +\d.* served\.done", text) != figures)
        t.keys("C-z")  # the shell has the terminal meanwhile
        t.wait_for("Stopped")
        t.type("fg")
        t.wait_for(BOTTOM)
        t.keys("F10")
        t.wait_for("(quit)")

    def test_a_command_writes_nothing_on_the_screen(self):
        t = self.terminal()
        self.top(t, "--", "sh", "-c", "'echo GARBAGE; echo GARBAGE >&2; exec %s --seconds 3'" % jobserver())
        t.wait_for("queue.depth")
        self.assertNotIn("GARBAGE", t.text())
        t.wait_for("status 0")
        self.assertTrue(t.is_as_it_was())

    def test_names_command_no_terminal(self):
        t = self.terminal()
        target = self.target(harness.build("content"))
        self.top(t, "-p", target.pid)
        target.tell()
        self.assertEqual(target.wait(), 0)
        t.wait_for("status 0")
        self.assertTrue(t.is_as_it_was())

    def test_a_terminal_that_is_not_known_gets_tables(self):
        t = self.terminal(height=60)
        t.type("TERM=none-such %s top -p %d -d 1; echo status $?" % (harness.TOOL, self.demo().pid))
        text = t.wait_for("status 0")
        self.assertIn("this terminal (TERM=none-such) has no screen", text)


class Tables(test_filters.Filters):
    def test_once_is_one_table(self):
        target = self.target(jobserver(), ready=None)
        tool = self.tool("top", "-p", target.pid, "--once", "-d", "2")
        self.assertEqual(tool.wait(), 0, tool.messages())
        said = tool.out.text()
        self.assertEqual(said.count("lost "), 1)
        heading = re.match(r"lost 0  \d+ events/s  (2\.\d) s  process %d \(jobserver\)\n" % target.pid, said)
        self.assertTrue(heading, said)
        rows = {line.split("  ")[-1]: line.split() for line in said.splitlines()}
        for name in ("queue.depth", "served.done", "execute", "worker-1 state (worker)"):
            self.assertIn(name, rows)
        last, changes, low, high = map(float, rows["served.done"][:4])
        # Each second its share of what there was; both figures are rounded to a tenth.
        self.assertLess(abs(changes * float(heading[1]) - (high - low)), 3 + 0.1 * changes)
        self.assertEqual(last, high)
        self.assertNotRegex(said, r"[^\n\x20-\x7e]")
        self.assertEqual(os.listdir(self.dir), [])

    def test_the_figures_are_those_of_the_trace(self):
        target = self.program()
        tool = self.tool("top", "-p", target.pid, "-o", "trace.json", "--include", "box.own")
        self.assertTrue(tool.attached())
        target.do("make b box", *("set b own %d" % i for i in range(5)))
        target.tell("quit")
        self.assertEqual(target.wait(), 0)
        self.assertEqual(tool.wait(), 0, tool.messages())
        self.assertEqual(len(self.load().of("O")), 5)

    def test_who_reads_the_tables_may_go(self):
        target = self.target(self.own("steady"))  # others may be traced at the same time, with all who run their file
        read, write = os.pipe()
        tool = self.tool("top", "-p", target.pid, "--once", stdout=write)
        os.close(read)
        os.close(write)
        self.assertEqual(tool.wait(), 0, tool.messages())
        self.assertEqual(target.semaphores(), 0)
