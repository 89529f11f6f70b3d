# SPDX-License-Identifier: BSD-2-Clause
"""Several processes in one trace: families, all that run a program, and commands that the tool starts."""
import collections
import contextlib
import ctypes
import os
import re
import signal
import subprocess

import harness
import tracefile

NOBODY, NOGROUP = 65534, 65534
STARTED = 1  # the instant in main, of what family.c does before all else


def acts(n):
    """How many events act(n) of family.c are."""
    return n + 4


def steps(n):
    """What it reports."""
    return list(range(1, n + 1))


@contextlib.contextmanager
def first_thread_held(pid):
    """Of a child of ours; its other threads go on."""
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p
    seize, interrupt, detach = 0x4206, 0x4207, 17
    for request in seize, interrupt:
        if ptrace(request, pid, None, None) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(pid, 0)
    yield
    ptrace(detach, pid, None, None)


class Family(harness.Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.program = self.own("family")

    def script(self, text, name="script"):
        path = self.dir / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def load(self, path="trace.json", **options):
        """Also: every snapshot is on the timeline of the process that made it, and every process has a name."""
        trace = super().load(path, **options)
        for e in trace.of("O"):
            if "owner" in e["args"]["snapshot"]:
                self.assertEqual(e["args"]["snapshot"]["owner"], e["pid"])
        trace.process_names = collections.defaultdict(list)
        for e in trace.of("M", name="process_name"):
            trace.process_names[e["pid"]].append(e["args"]["name"])
        trace.acts = collections.defaultdict(lambda: collections.defaultdict(list))  # [process][object's name]: steps
        for e in trace.of("O"):
            if "step" in e["args"]["snapshot"]:
                trace.acts[e["pid"]][e["name"]].append(e["args"]["snapshot"]["step"])
        return trace

    def all_there(self, trace, events, processes):
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.total["written"], events)
        self.assertEqual(trace.total["seen"], events)
        self.assertEqual(trace.metadata["processes"], processes)
        self.assertEqual(trace.metadata["missed_processes"], 0)
        self.assertEqual(len(self.pids(trace)), processes)

    @staticmethod
    def pids(trace):
        return {e["pid"] for e in trace.events if e["ph"] != "M" and e not in trace.found}

    def by_name(self, trace):
        """Object's name: its steps. Each act has a name of its own."""
        named = {}
        for objects in trace.acts.values():
            for name, steps in objects.items():
                self.assertNotIn(name, named)
                named[name] = steps
        return named

    def waiting_shell(self, script):
        """A shell that runs it once it is told so."""
        shell = self.target("/bin/sh", "-c", "echo ready; read x; . %s" % script, cwd=self.dir)
        return shell

    def setuid(self, program):
        os.chmod(self.dir, 0o711)
        os.chmod(program, 0o4755)
        said = harness.run(program, "who", user=NOBODY, group=NOGROUP, extra_groups=[]).stdout.split()
        if said[2:3] != ["0"]:
            self.skipTest("%s is mounted nosuid" % self.dir)
        return program


class Commands(Family):
    def test_from_the_first_probe_in_main_and_its_exit_status(self):
        for code in (0, 7, 200):
            with self.subTest(code=code):
                trace, _ = self.launched(self.program, "leaf", 5, code, code=code)
                self.all_there(trace, STARTED + acts(5), 1)
                self.assertEqual([e["name"] for e in trace.of("i")], ["main"])
                self.assertEqual(self.by_name(trace), {"leaf": steps(5)})
                self.assertEqual(list(trace.process_names.values()), [["family"]])

    def test_killed_by_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            with self.subTest(signal=number):
                trace, _ = self.launched(self.program, "signal", int(number), code=128 + number)
                self.all_there(trace, STARTED + acts(5), 1)

    def test_found_by_path_and_wrapped(self):
        env = dict(os.environ, PATH="%s:%s" % (self.program.parent, os.environ["PATH"]))
        for wrapped in (["family"], ["env", "X=1", "family"], ["sh", "-c", "exec family leaf 3 9"],
                        ["env", "env", "sh", "-c", "exec env family leaf 3 9"]):
            with self.subTest(command=wrapped):
                args = [] if wrapped[-1] != wrapped[-1].split()[0] else ["leaf", 3, 9]
                trace, _ = self.launched(*wrapped, *args, code=9, env=env)
                self.all_there(trace, STARTED + acts(3), 1)
                self.assertEqual(list(trace.process_names.values())[0][-1].split(" → ")[-1], "family")

    def test_a_script(self):
        for text, events in (("#!/bin/sh\nexec %s leaf 4 6\n" % self.program, STARTED + acts(4)),
                             ("#!%s leaf\n" % self.program, STARTED + acts(0))):
            with self.subTest(text=text):
                script = self.script(text)
                trace, _ = self.launched(script, *([] if "exec" in text else ["6"]), code=6)
                self.all_there(trace, events, 1)

    def test_a_shared_library_and_its_constructor(self):
        library = harness.build("liblinked.so", "library.c", flags=("-O2", "-shared", "-fPIC"), libs=())
        program = harness.build("linked", libs=(str(library),))
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                trace, _ = self.launched(program, options=options, code=3)
                self.assertEqual([e["name"] for e in trace.of("i")], ["library's constructor", "main"])
                self.assertEqual([s["hits"] for s in trace.samples_of("library's cache")], list(range(1, 11)))
                self.assertEqual(len(trace.metadata["files"]), 2)
                self.assertEqual(trace.total["lost"], 0)

    def test_what_cannot_be_run_leaves_no_trace(self):
        plain = self.script("x")
        plain.chmod(0o644)
        for command, code, word in ((self.dir / "none", 127, "No such file"), ("no-such-program", 127, "No such file"),
                                    (plain, 126, "Permission denied"), (self.dir, 126, "Permission denied")):
            with self.subTest(command=command):
                tool = self.tool("-o", "trace.json", "--", command, "x")
                self.assertEqual(tool.wait(), code, tool.messages())
                self.assertIn(word, tool.messages())
                self.assertIn(str(command), tool.messages())
                self.assertFalse((self.dir / "trace.json").exists())

    def test_a_command_without_probes(self):
        for options, word in (((), "-f follows children"), (("-f",), "no process had viz probes")):
            with self.subTest(options=options):
                tool = self.tool("-o", "trace.json", *options, "--", "true")
                self.assertEqual(tool.wait(), harness.EXIT_NO_PROBES, tool.messages())
                self.assertIn(word, tool.messages())

    def test_its_own_status_is_worth_more_than_ours_for_no_probes(self):
        tool = self.tool("-o", "trace.json", "--", "sh", "-c", "exit 42")
        self.assertEqual(tool.wait(), 42, tool.messages())
        self.assertIn("no process had viz probes", tool.messages())

    def test_stdin_and_stdout_are_its_own(self):
        text = b"".join(b"line %d\n" % i for i in range(500))
        (self.dir / "in").write_bytes(text)
        with open(self.dir / "in", "rb") as stdin:
            trace, tool = self.launched(self.program, "echo", stdin=stdin)
        self.assertEqual(tool.out.data, text)
        self.all_there(trace, STARTED + 500, 1)

    def who(self, *options, program=None, env=None):
        trace, tool = self.launched(program or self.program, "who", options=options, env=env)
        self.all_there(trace, STARTED + 1, 1)
        s = os.stat(self.dir / "trace.json")
        return tool.out.text().split(), (s.st_uid, s.st_gid)

    def test_it_runs_as_who_called_sudo(self):
        os.chmod(self.dir, 0o711)
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUDO_")}
        ids = [str(NOBODY), str(NOGROUP)]
        sudo = dict(env, SUDO_UID=ids[0], SUDO_GID=ids[1])
        program = self.program
        self.assertEqual(self.who(program=program, env=env), (["0"] * 4, (0, 0)))
        self.assertEqual(self.who(program=program, env=sudo), (ids * 2, (NOBODY, NOGROUP)))
        self.assertEqual(self.who("--user", "root", program=program, env=sudo), (["0"] * 4, (NOBODY, NOGROUP)))
        self.assertEqual(self.who("--user", "nobody", program=program, env=env), (ids * 2, (0, 0)))

    def test_a_setuid_program_gets_its_rights(self):
        env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOGROUP))
        program = self.setuid(self.program)
        for _ in range(8):  # for the kernel its exec looks like an exit, too: what we hear of first is chance
            said, _ = self.who(program=program, env=env)
            self.assertEqual(said, [str(NOBODY), str(NOGROUP), "0", str(NOGROUP)])

    def test_a_running_setuid_program(self):
        target = self.target(self.setuid(self.program), "--wait", "who", user=NOBODY, group=NOGROUP, extra_groups=[])
        tool = self.attach(target.pid)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.assertIn("%d %d 0" % (NOBODY, NOGROUP), target.out.text())
        self.end(tool, with_signal=None)
        self.all_there(self.load(), 1, 1)

    def goes_on(self, tool):
        """The trace is over and whole, the command has not noticed."""
        self.assertTrue(tool.err.wait_for(b"open trace.json"), tool.messages())
        self.assertTrue(harness.wait_until(lambda: tool.semaphores() == 0), "semaphores stay up")
        self.assertTrue(tool.running())
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 100)
        self.assertEqual(tool.ask("work 100"), self.expected)
        return trace

    def steady(self, *options):
        steady = self.own("steady")
        alone = self.target(steady, "--still")
        self.expected = alone.ask("work 100")
        tool = self.launch(steady, "--still", options=options)
        self.assertEqual(tool.ask("work 100"), self.expected)
        self.assertGreater(tool.semaphores(), 0)
        return tool

    def test_when_the_time_is_over_the_command_goes_on(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                tool = self.steady("-d", "1", *options)
                self.assertEqual(self.goes_on(tool).metadata["ended"], "the time is over")
                tool.tell("quit")
                self.end(tool, with_signal=None)

    def test_ctrl_c_for_the_tool_alone(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                tool = self.steady(*options)
                tool.signal(signal.SIGINT)
                self.assertEqual(self.goes_on(tool).metadata["ended"], "interrupted")
                tool.tell("quit")
                self.end(tool, with_signal=None)

    def test_ctrl_c_in_a_terminal_is_for_both(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                tool = self.launch(self.program, "--wait", "leaf", 5, options=options, start_new_session=True)
                os.killpg(tool.pid, signal.SIGINT)
                self.end(tool, 128 + signal.SIGINT, with_signal=None)
                self.all_there(self.load(), STARTED, 1)

    def test_a_user_that_does_not_exist(self):
        tool = self.tool("-o", "trace.json", "--user", "nobody-of-that-name", "--", self.program, "leaf", 5)
        self.assertEqual(tool.wait(), harness.EXIT_USAGE, tool.messages())
        self.assertIn("there is no user nobody-of-that-name", tool.messages())
        self.assertFalse((self.dir / "trace.json").exists())

    def test_the_status_of_a_command_that_outlives_the_trace(self):
        tool = self.launch(self.program, "--wait", "leaf", 5, 7)
        tool.signal(signal.SIGTERM)
        self.assertTrue(tool.err.wait_for(b"open trace.json"))
        tool.tell()
        self.end(tool, 7, with_signal=None)
        self.all_there(self.load(), STARTED, 1)

    def test_the_tool_is_killed(self):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                tool = self.steady(*options)
                path = self.dir / "trace.json"
                self.assertTrue(harness.wait_until(lambda: path.read_bytes().count(b'"name":"sum"') == 100))
                tool.signal(signal.SIGKILL)
                tool.child.wait(harness.TIMEOUT)
                # The command has our pipes still.
                self.assertEqual(tool.ask("work 100"), self.expected)
                self.assertTrue(harness.wait_until(lambda: tool.semaphores() == 0), "semaphores stay up")
                self.assertEqual(len(self.load(killed=True).samples_of("sum")), 100)
                tool.tell("quit")


class Forks(Family):
    def both_ways(self, *mode, **attached):
        """The trace of a command with -f, and of the same when it runs already."""
        trace, tool = self.launched(self.program, *mode, options=("-f",), **attached)
        yield trace, STARTED
        target = self.target(self.program, "--wait", *mode)
        tool = self.attach(target.pid, "-f")
        target.tell()
        target.wait()
        self.end(tool, with_signal=None)
        yield self.load(), 0

    def test_children_and_grandchildren(self):
        expected = {"parent", *("child %d" % i for i in range(3)),
                    *("grandchild %d %d" % (i, j) for i in range(3) for j in range(2))}
        for trace, first in self.both_ways("tree"):
            with self.subTest(first=first):
                self.all_there(trace, first + 10 * acts(5), 10)
                self.assertEqual(self.by_name(trace), {name: steps(5) for name in expected})
                self.assertEqual({tuple(n) for n in trace.process_names.values()}, {("family",)})
                self.assertEqual({tuple(trace.slices(pid)) for pid in self.pids(trace)}, {("+act", "-act")})
                self.assertEqual(len(trace.metadata["process_list"]), 10)

    def test_parent_and_child_with_an_object_at_the_same_address(self):
        for trace, first in self.both_ways("twice"):
            with self.subTest(first=first):
                self.all_there(trace, first + 2 + 2 * 11, 2)
                parent = trace.metadata["pid"]
                (child,) = self.pids(trace) - {parent}
                self.assertEqual(trace.acts[parent]["of both"], list(range(11)))
                self.assertEqual(trace.acts[child]["of both"], list(range(-1, -11, -1)))
                self.assertEqual(len({e["id"] for e in trace.of("O")}), 1)

    def test_a_prefork_servers_children_from_their_first_event(self):
        target = self.target(self.program, "--wait", "prefork", 8)
        tool = self.attach(target.pid, "-f")
        target.ask("", "forked")
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.all_there(trace, 8 * (acts(1) + acts(5)), 8)
        self.assertNotIn(target.pid, self.pids(trace))
        for pid in self.pids(trace):
            self.assertEqual(dict(trace.acts[pid]), {"worker begins": steps(1), "worker works": steps(5)})

    def test_a_daemon_outlives_its_parent(self):
        for trace, first in self.both_ways("daemon", code=3):
            with self.subTest(first=first):
                self.all_there(trace, first + 2 * acts(5), 2)
                self.assertEqual(set(self.by_name(trace)), {"parent", "daemon"})

    def test_a_zombie(self):
        target = self.target(self.program, "--wait", "zombie")
        tool = self.attach(target.pid, "-f")
        target.ask("", "a zombie")
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.all_there(trace, 2 * acts(5), 2)
        self.assertEqual(set(self.by_name(trace)), {"parent", "child"})

    def test_vfork_and_posix_spawn(self):
        for how in ("vfork", "spawn"):
            for trace, first in self.both_ways(how, self.program, "leaf", 3):
                with self.subTest(how=how, first=first):
                    self.all_there(trace, first + 2 * acts(5) + STARTED + acts(3), 2)
                    self.assertEqual(self.by_name(trace), {"before": steps(5), "leaf": steps(3),
                                                           "after": steps(5)})

    def test_an_unrelated_process_of_the_same_program(self):
        self.seen = "most"  # it runs with its semaphores up, and is nobody's
        other = self.target(self.program, "--wait", "leaf", 50)
        target = self.target(self.program, "--wait", "tree")
        tool = self.attach(target.pid, "-f")
        other.tell()
        self.assertEqual(other.wait(), 0)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.all_there(trace, 10 * acts(5), 10)
        self.assertNotIn(other.pid, self.pids(trace))

    def test_ctl_for_a_family(self):
        target = self.target(self.program, "--wait", "prefork", 4)
        tool = self.attach(target.pid, "-f")
        target.ask("", "forked")
        done = harness.run(harness.TOOL, "ctl", "-p", target.pid, "--exclude", "item.step", "--methods", "none")
        self.assertEqual(done.returncode, 0, done.stderr)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(trace.total["lost"], 0)
        self.assertEqual(trace.total["seen"], 4 * (acts(1) + acts(5)))
        for pid in self.pids(trace) - {target.pid}:
            self.assertEqual(dict(trace.acts[pid]), {"worker begins": steps(1)})
            self.assertEqual(trace.slices(pid), ["+act", "-act"])
        self.assertEqual(len(self.pids(trace) - {target.pid}), 4)

    def test_the_tool_is_killed_while_it_follows(self):
        steady = self.own("steady")
        shell = self.target("/bin/sh", "-c", "echo waits; read x; %s --still; echo after $?; exit 9" % steady, ready="waits")
        tool = self.attach(shell.pid, "-f")
        shell.tell()
        shell.await_step()
        self.assertTrue(tool.err.wait_for(b"steady is traced"), tool.messages())
        self.assertGreater(shell.semaphores(), 0)
        expected = shell.ask("work 100")
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        self.assertTrue(harness.wait_until(lambda: shell.semaphores() == 0), "semaphores stay up")
        self.assertEqual(shell.ask("work 100"), expected)
        shell.tell("quit")
        self.assertEqual(shell.await_step("after 0"), "")
        self.assertEqual(shell.wait(), 9)


class Execs(Family):
    def exec_of(self, trace, first, events):
        self.all_there(trace, first + acts(5) + 3 + events, 1)
        (pid,) = self.pids(trace)
        self.assertEqual(trace.process_names[pid], ["family", "family \u2192 other"])
        self.assertEqual(dict(trace.acts[pid]), {"before": steps(5), "open": steps(1), "leaf": steps(3)})
        self.assertEqual(trace.slices(), ["+act", "-act", "+never left", "-never left", "+act", "-act"])
        # What the first program had ends no later than the second one begins.
        order = [e["name"] for e in trace.events if e["ph"] in "eEi" or (e["ph"] == "N" and e["name"] == "leaf")]
        begins = len(order) - 1 - order[::-1].index("main")
        self.assertIn("never left", order[:begins])
        self.assertIn("open", order[:begins])
        self.assertNotIn("open", order[begins:])

    def other(self):
        path = self.dir / "other"
        path.symlink_to(self.program)
        return path

    def test_a_command_executes_another_program(self):
        other = self.other()
        for how in ("exec", "thread-exec"):
            with self.subTest(how=how):
                trace, _ = self.launched(self.program, how, other, "leaf", 3, options=("-f",))
                self.exec_of(trace, STARTED, STARTED + acts(3))

    def test_a_running_process_of_a_family_executes_another_program(self):
        target = self.target(self.program, "--wait", "exec", self.other(), "leaf", 3)
        tool = self.attach(target.pid, "-f")
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.exec_of(self.load(), 0, STARTED + acts(3))

    def test_a_process_traced_alone_executes_another_program(self):
        """What it does then is traced from when we saw it; this one waits for that. Not for the file that it ran before."""
        for other, word in ((self.other(), b""), (harness.copy(self.program, self.dir / "more"), b"more is traced from here on")):
            with self.subTest(other=other):
                self.alone(other, word)

    def test_a_process_traced_alone_executes_a_setuid_program(self):
        other = self.setuid(harness.copy(self.program, self.dir / "more"))
        self.alone(other, b"more is traced from here on", user=NOBODY, group=NOGROUP, extra_groups=[])

    def alone(self, other, word, **who):
        target = self.target(self.program, "--wait", "exec", other, "--wait", "leaf", 3, **who)
        tool = self.attach(target.pid)
        target.ask("", "ready")
        self.assertEqual(os.stat("/proc/%d" % target.pid).st_uid, 0)
        self.assertTrue(tool.err.wait_for(word), tool.messages())
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(dict(trace.acts[target.pid]),
                         {"before": steps(5), "open": steps(1), "leaf": steps(3)})
        self.assertEqual(trace.slices(), ["+act", "-act", "+never left", "-never left", "+act", "-act"])
        self.assertEqual(trace.process_names[target.pid], ["family", "family \u2192 " + other.name])
        first = [e["name"] for e in trace.of("i", name="main")]
        if first or not word:  # of another file: comes before we are there, mostly
            self.assertEqual(first, ["main"])
        self.assertEqual(trace.total["lost"], 0)

    def test_a_process_traced_alone_executes_a_short_one(self):
        """Traced or not, but not in silence, wherever in the attaching it ends."""
        more = harness.copy(self.program, self.dir / "more")
        for i in range(8):
            with self.subTest(i=i):
                target = self.target(self.program, "--wait", "exec", more, "leaf", 0)
                tool = self.attach(target.pid)
                target.tell()
                self.assertEqual(target.wait(), 0)
                self.end(tool, with_signal=None)
                trace = self.load()
                if trace.total["seen"] < acts(5) + 3 + STARTED + acts(0):
                    self.assertRegex(tool.messages(),
                                     r"more is traced from here on|\(more\) ended before we could attach to the probes in")

    def generations(self, *more):
        flags = ("-O2", "-no-pie", "-fno-pie", *more)
        one = self.own("generation-1" + "".join(more), "generation.c", flags=flags)
        two = self.own("generation-2" + "".join(more), "generation.c", flags=(*flags, "-DSECOND"))
        trace, tool = self.launched(one, two, one, options=("-f",))
        said = tool.out.text().split()
        self.assertEqual(len(said), 3)
        self.assertEqual(len(set(said)), 1, "the objects are at different addresses")
        self.assertEqual(trace.snapshots(), [{"length": 3, "width": 2}, {"weight": 3, "height": 2},
                                             {"length": 3, "width": 2}])
        self.assertEqual([e["scope"] for e in trace.of("N")], ["box", "bag", "box"])
        self.all_there(trace, 3 * (4 if more else 2), 1)
        return trace

    def test_other_classes_at_the_same_addresses(self):
        self.generations()

    def test_a_counter_of_the_same_name_with_other_attributes(self):
        """Viewers take a counter's series from its first sample: it has to be another counter for them."""
        trace = self.generations("-DCOUNTER")
        self.assertEqual(trace.samples_of("count"), [{"in": 5}, {"out": 6}, {"in": 5}])


class Stalled(Family):
    def test_a_reader_that_does_not_read(self):
        """The tool waits for it, and the command for nobody. Whom we come too late for is named."""
        other = harness.copy(self.program, self.dir / "other")
        script = self.script("for i in $(seq 20); do %s leaf 1000; done; %s leaf 5; touch done; read x\n" %
                             (self.program, other))
        ours, theirs = os.pipe()
        with open(ours, "rb") as reader:
            tool = self.tool("-f", "-o", "-", "--", "sh", script, stdin=subprocess.PIPE, stdout=theirs)
            os.close(theirs)
            self.assertTrue(harness.wait_until((self.dir / "done").exists), "the command hangs")
            tool.child.stdin.close()
            trace = tracefile.check(reader.read(), pipe=True)
        self.end(tool, code=1, with_signal=None)  # the shell's, which reads no line
        self.assertIn(" lost 0,", tool.messages())
        written = collections.Counter(e["pid"] for e in trace.of("N", "O", "D"))
        self.assertEqual(list(written.values()), [1000 + 2] * 20)
        self.assertRegex(tool.messages(), r"process \d+ \(other\) ended before we could attach to the probes in %s" % other)
        self.assertIn("1 processes could not be traced from their start", tool.messages())


class Crowds(Family):
    N = 200
    EVENTS = STARTED + acts(5)

    def two_hundred(self):
        for i in range(self.N):
            (self.dir / ("p%d" % i)).symlink_to(self.program)
        return self.script("i=0\nwhile [ $i -lt %d ]; do ./p$i leaf 5; i=$((i+1)); done\n" % self.N)

    def events_of(self, trace):
        """How many events there are of each process, and that they are the right ones."""
        events = collections.Counter()
        for pid, objects in trace.acts.items():
            self.assertEqual(objects, {"leaf": steps(5)})
        for e in trace.of("i", "N", "O", "D", "B", "E"):
            events[e["pid"]] += 1
        return events

    def test_two_hundred_short_processes(self):
        script = self.two_hundred()
        trace, tool = self.launched("sh", script, options=("-f",))
        self.all_there(trace, self.N * self.EVENTS, self.N)
        self.assertEqual({pid: n for pid, n in self.events_of(trace).items() if n != self.EVENTS}, {})
        pids = self.pids(trace)
        self.assertEqual(sorted(names[-1] for pid, names in trace.process_names.items() if pid in pids),
                         sorted("p%d" % i for i in range(self.N)))
        self.assertNotIn("warning", tool.messages())

    def test_two_hundred_short_processes_of_a_shell_that_runs(self):
        """Nobody holds them: the first ones may be over before we can attach. Then they are named."""
        shell = self.waiting_shell(self.two_hundred())
        tool = self.attach(shell.pid, "-f", "-v")
        shell.tell()
        self.assertEqual(shell.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(trace.total["lost"], 0)
        whole = {pid for pid, n in collections.Counter(e["pid"] for e in trace.of("i", "N", "O", "D", "B", "E")).items()
                 if n >= self.EVENTS}
        late = {int(m) for m in re.findall(r"process (\d+) \(.*from here on", tool.messages())}
        missed = {int(m) for m in re.findall(r"process (\d+) \(.*ended before we could attach", tool.messages())}
        some = {pid: names for pid, names in trace.process_names.items() if pid not in whole | late | missed}
        self.assertEqual(len(whole | late | missed), self.N, (some, tool.messages()))
        self.assertEqual(trace.metadata["missed_processes"], len(missed))
        self.assertGreaterEqual(len(whole), 1)
        for pid in whole - late:
            self.assertEqual(trace.acts[pid], {"leaf": steps(5)})

    def is_held(self, pid):
        """Does a process below `pid` have our program and wait in its exec?"""
        return any(harness.state(c) == "t" and os.path.samefile("/proc/%d/exe" % c, self.program) or self.is_held(c)
                   for c in harness.children(pid))

    def test_who_waits_for_us_is_not_late(self):
        """A program is held before its first instruction, however long it takes us to see that its process was forked."""
        script = self.script("for i in 1 2 3 4 5 6 7 8; do echo ready; read x; %s leaf 5; done\n" % self.program)
        tool = self.launch("sh", script, options=("-f",))
        for i in range(8):
            if i:
                tool.await_step("ready")
            with first_thread_held(tool.pid):
                tool.tell("go")
                self.assertTrue(harness.wait_until(lambda: self.is_held(tool.pid)))
        self.end(tool, with_signal=None)
        trace = self.load()
        self.all_there(trace, 8 * self.EVENTS, 8)
        self.assertEqual({e["name"] for e in trace.of("i")}, {"main"})

    def test_a_process_that_comes_just_before_the_end(self):
        """The tool has not looked since, and is told to end."""
        steady = self.own("steady")
        tool = self.attach_to("-x", steady, "-o", "trace.json")
        tool.signal(signal.SIGSTOP)
        target = self.target(steady)
        target.ask("work 10")
        tool.signal(signal.SIGINT)
        tool.signal(signal.SIGCONT)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(trace.metadata["pid"], target.pid)
        self.assertEqual(len(trace.samples_of("sum")), 10)

    def test_more_than_the_tool_can_follow(self):
        """It is stopped while so much happens that the kernel drops what it has to tell. What is there is traced, and that is said."""
        steady = self.own("steady")
        script = self.script("i=0\nwhile [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done\n%s --still\n:\n" % steady)
        shell = self.waiting_shell(script)
        cpu = {min(os.sched_getaffinity(0))}
        os.sched_setaffinity(shell.pid, cpu)
        tool = self.attach(shell.pid, "-f")
        tool.signal(signal.SIGSTOP)
        shell.tell()
        shell.await_step()
        tool.signal(signal.SIGCONT)
        # What comes next there tells of what was dropped.
        harness.run("true", preexec_fn=lambda: os.sched_setaffinity(0, cpu))
        self.assertTrue(tool.err.wait_for(b"more happened than we could follow"), tool.messages())
        self.assertTrue(tool.err.wait_for(b"steady is traced from here on"), "the last one is not traced: %r" % tool.messages())
        self.assertGreater(shell.semaphores(), 0)
        shell.ask("work 10")
        shell.tell("quit")
        self.assertEqual(shell.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        (name,) = (names[-1] for pid, names in trace.process_names.items() if pid != shell.pid)
        self.assertEqual(name, "steady")
        self.assertEqual(len(trace.samples_of("sum")), 10)
        self.assertEqual(len([e for e in trace.of("i") if "more happened" in e["name"]]), 1)

    def test_several_processes(self):
        steady = self.own("steady")
        one, two, three = (self.target(steady, "--still") for _ in range(3))
        tool = self.attach_to("-p", one.pid, "-p", two.pid, "-o", "trace.json")
        for target, n in ((one, 10), (two, 20), (three, 40)):
            target.ask("work %d" % n)
        self.assertEqual([t.semaphores() > 0 for t in (one, two, three)], [True, True, False])
        one.tell("quit")
        self.assertEqual(one.wait(), 0)
        two.ask("work 5")
        two.tell("quit")
        self.assertEqual(two.wait(), 0)
        self.end(tool, with_signal=None)
        trace = self.load()
        self.assertEqual(self.pids(trace), {one.pid, two.pid})
        self.assertEqual(len(trace.samples_of("sum", pid=one.pid)), 10)
        self.assertEqual(len(trace.samples_of("sum", pid=two.pid)), 25)
        self.assertEqual(trace.total["seen"], 35 * 4)
        self.assertEqual(trace.metadata["ended"], "the targets ended")

    def test_all_that_run_a_program_now_and_later(self):
        steady = self.own("steady")
        link = self.dir / "another name"
        link.symlink_to(steady)
        before = self.target(steady, "--still")
        other = self.target(harness.copy(steady, self.dir / "copy"), "--still")
        tool = self.attach_to("-x", link, "-o", "trace.json")
        before.ask("work 10")
        short = harness.run(steady, "--still")  # ends for lack of input
        self.assertEqual(short.returncode, 99)
        after = [self.target(steady, "--still", user=user) for user in (0, 0)]
        for target in (*after, other):
            target.ask("work 20")
        self.assertEqual(other.semaphores(), 0)
        before.tell("quit")
        self.assertEqual(before.wait(), 0)
        self.end(tool)
        trace = self.load()
        self.assertEqual({pid: len(trace.samples_of("sum", pid=pid)) for pid in (before.pid, *(t.pid for t in after))},
                         {before.pid: 10, after[0].pid: 20, after[1].pid: 20})
        self.assertNotIn(other.pid, self.pids(trace))
        # What each says at its beginning, the short one too.
        self.assertEqual(trace.probe("init")["written"], 3 * 3)
        self.assertEqual(trace.total["lost"], 0)
        for target in after:
            self.assertTrue(harness.wait_until(lambda t=target: t.semaphores() == 0))

    def test_two_hundred_processes_of_a_program(self):
        script = self.two_hundred()
        tool = self.attach_to("-x", self.program, "-o", "trace.json")
        self.assertEqual(harness.run("sh", script, cwd=self.dir).returncode, 0)
        self.end(tool)
        trace = self.load()
        self.all_there(trace, self.N * self.EVENTS, self.N)
        self.assertEqual({pid: n for pid, n in self.events_of(trace).items() if n != self.EVENTS}, {})
        self.assertEqual(sorted(trace.process_names[pid][-1] for pid in self.pids(trace)),
                         sorted("p%d" % i for i in range(self.N)))

    def test_a_program_that_is_replaced_between_two_runs(self):
        new = harness.build("family-O0", "family.c", flags=("-O0",))
        harness.copy(self.program, self.dir / "program")
        script = self.script("./program leaf 3\nrm program\ncp %s program\n./program leaf 4\n"
                             "cp %s new\nmv new program\n./program leaf 5\n" % (new, self.program))
        trace, _ = self.launched("sh", script, options=("-f",))
        self.all_there(trace, 3 * STARTED + acts(3) + acts(4) + acts(5), 3)
        self.assertEqual(sorted(len(objects["leaf"]) for objects in trace.acts.values()), [3, 4, 5])

    def replace(self, steady):
        harness.copy(harness.build("steady-O0", "steady.c", flags=("-O0",)), self.dir / "new")
        os.replace(self.dir / "new", steady)

    def end_of_two(self, tool, old, new):
        """The processes of a replaced program, of which each has worked."""
        self.end(tool)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum", pid=old.pid)), 10)
        self.assertEqual(len(trace.samples_of("sum", pid=new.pid)), 20)
        self.assertEqual((old.semaphores(), new.semaphores()), (0, 0))

    def test_a_replaced_program_of_which_one_runs(self):
        steady = self.own("steady")
        old = self.target(steady, "--still")
        tool = self.attach_to("-x", steady, "-v", "-o", "trace.json")
        self.replace(steady)
        new = self.target(steady, "--still")
        old.ask("work 10")
        # Not by its semaphores: the kernel puts in one probe after the other.
        attached = b"attached viz:instant"
        self.assertTrue(harness.wait_until(lambda: tool.err.data.count(attached) == 2), tool.messages())
        new.ask("work 20")
        self.end_of_two(tool, old, new)

    def test_a_program_that_is_replaced_while_more_happens_than_the_tool_can_follow(self):
        steady = self.own("steady")
        cpu = {min(os.sched_getaffinity(0))}
        old = self.target(steady, "--still")
        tool = self.attach_to("-x", steady, "-o", "trace.json")
        tool.signal(signal.SIGSTOP)
        self.replace(steady)
        run = {"preexec_fn": lambda: os.sched_setaffinity(0, cpu)}
        self.assertEqual(harness.run("sh", self.script("i=0\nwhile [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done\n"),
                                     **run).returncode, 0)
        new = self.target(steady, "--still", **run)
        tool.signal(signal.SIGCONT)
        harness.run("true", **run)
        self.assertTrue(tool.err.wait_for(b"more happened than we could follow"), tool.messages())
        said = b"process %d (steady): steady is traced from here on" % new.pid
        self.assertTrue(tool.err.wait_for(said), "the new one is not traced: " + tool.messages())
        old.ask("work 10")
        new.ask("work 20")
        self.end_of_two(tool, old, new)


class Builds(Family):
    def command(self, name, **build):
        self.works(self.own(name, "family.c", **build))

    def works(self, program):
        for options in ((), ("-f",)):
            with self.subTest(options=options):
                trace, _ = self.launched(program, "leaf", 5, 7, options=options, code=7)
                self.all_there(trace, STARTED + acts(5), 1)
                self.assertEqual(self.by_name(trace), {"leaf": steps(5)})

    def test_static(self):
        self.command("family-static", flags=("-O2", "-static"))

    def test_static_and_position_independent(self):
        self.command("family-static-pie", flags=("-O2", "-static-pie"))

    def test_stripped(self):
        self.assertEqual(harness.run("strip", self.program).returncode, 0)
        self.works(self.program)

    def musl(self, name, flags):
        if not harness.have("musl-gcc"):
            self.skipTest("no musl-gcc")
        program = self.own(name, "family.c", cc="musl-gcc", flags=flags)
        self.works(program)
        target = self.target(program, "--wait", "tree")
        tool = self.attach(target.pid, "-f")
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.all_there(self.load(), 10 * acts(5), 10)

    def test_musl(self):
        self.musl("family-musl", ("-O2",))

    def test_musl_static(self):
        self.musl("family-musl-static", ("-O2", "-static"))
