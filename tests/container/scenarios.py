# SPDX-License-Identifier: BSD-2-Clause
"""What has to be true where a container lies between the tool and its target.

Each check_* takes a Run, and raises AssertionError or Skip. From the host: the tool of this machine, the target in a
container. Sidecar: both in containers, the tool with the least rights that this kernel asks for.
"""
import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness
import tracefile

# In the image, which has this tree as its working directory.
PROGRAM, FORKS, TOOL = "build/steady", "build/processes", "build/viztrace-bpf"
FOLDER = "/viztrace-bpf"
# As the shell's child: not the first process of its PID namespace.
AS_CHILD = ("sh", "-c", PROGRAM + "; exit $?")
OWN_USERS = ("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536")
OTHER_USER = "12345"
PF_KTHREAD = 0x00200000


class Skip(Exception):
    pass


class Target(harness.Target):
    """steady.c, or what is called `comm`, in a container of its own; `pid` is the host's, `inner` what it is called
    inside."""

    def __init__(self, engine, image, *flags, command=(PROGRAM,), comm="steady"):
        self.engine, self.comm = engine, comm
        self.name, argv = engine.command(image, *command, flags=["-i", *flags])
        super().__init__(argv, stderr=subprocess.PIPE)

    def find(self):
        try:
            self.await_step()
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, self.err.text())) from None
        done = self.engine.call("inspect", "-f", "{{.State.Pid}}", self.name)
        assert done.returncode == 0, done.stderr
        self.first = int(done.stdout)
        self.pid = next(p for p in processes_beside(self.first) if comm(p) == self.comm)
        self.inner = inner_pid("/proc/%d" % self.pid)

    def threads(self, inner=False):
        tasks = pathlib.Path("/proc/%d/task" % self.pid)
        return {inner_pid(t) if inner else int(t.name) for t in tasks.iterdir()}

    def inside(self, *command):
        """argv that runs a command in this container."""
        return [self.engine.program, "exec", self.name, *command]

    def as_before(self):
        """It runs on, and believes in no tracer."""
        assert harness.wait_until(lambda: self.semaphores() == 0), "semaphores stay up"
        self.tell("quit")
        assert self.wait() == 0, self.err.text()

    def clean_up(self):
        self.engine.remove(self.name)
        super().clean_up()


class Run:
    """One user space: how to run containers, and a folder for what they leave."""

    def __init__(self, engine, image, folder, tool):
        self.engine, self.image, self.folder, self.tool = engine, image, folder, str(tool)
        folder.mkdir(parents=True, exist_ok=True)
        # Tools of other users write here.
        folder.chmod(0o777)
        self.profile = engine.seccomp(folder)
        self.least = self.least_caps()

    def contained(self, *command, timeout=None, **more):
        """CompletedProcess of a command in a container of its own."""
        name, argv = self.engine.command(self.image, *command, **more)
        try:
            return harness.run(*argv, timeout=timeout)
        finally:
            self.engine.remove(name)

    def least_caps(self):
        """Besides CAP_SYS_PTRACE, which depends on the target."""
        caps = ("BPF", "PERFMON")
        done = self.contained("python3", "tests/container/may_probe.py", caps=caps, drop=True, flags=self.profile)
        assert done.returncode == 0, done.stdout + done.stderr
        return caps if done.stdout.strip() == "yes" else ("SYS_ADMIN",)

    @contextlib.contextmanager
    def target(self, *flags, **more):
        target = Target(self.engine, self.image, *flags, **more)
        try:
            target.find()
            yield target
        finally:
            target.clean_up()

    @staticmethod
    @contextlib.contextmanager
    def tracing(*argv):
        """A tool that has attached, and has to end well."""
        tool = harness.Tool(argv)
        try:
            assert tool.err.wait_for(b"tracing "), tool.messages()
            yield tool
            assert tool.wait() == 0, tool.messages()
        finally:
            tool.clean_up()

    @contextlib.contextmanager
    def tracing_from_the_host(self, *options):
        """This machine's tool, which writes to host.json."""
        with self.tracing(self.tool, *options, "-o", self.folder / "host.json") as tool:
            yield tool

    def from_the_host(self, target):
        """The trace that this machine's tool makes of it."""
        with self.tracing_from_the_host("-p", target.pid) as tool:
            target.ask("ticks 50")
            tool.signal(signal.SIGINT)
        return judged(self.folder / "host.json", target.pid, target.threads())

    def host_trace(self):
        return tracefile.check((self.folder / "host.json").read_bytes())

    def refused(self, code, *args, naming=()):
        """This machine's tool ends with this code and names each of `naming`."""
        done = harness.run(self.tool, *args, "-o", self.folder / "refused.json")
        assert done.returncode == code, "exit code %d: %s" % (done.returncode, done.stderr)
        for name in naming:
            assert str(name) in done.stderr, "no %r in: %s" % (name, done.stderr)
        return done.stderr

    def tool_contained(self, *args, flags=(), **more):
        """The tool in a container of its own, where it writes /out/trace.json. (exit code, what it said)"""
        out = self.folder / "sidecar"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        out.chmod(0o777)
        # Not by the engine's pipes, which may lose the end of what a container says.
        done = self.contained("sh", "-c", 'exec "$@" >/out/said 2>&1', "sh", TOOL, *args,
                              flags=[*flags, "-v", "%s:/out" % out], **more)
        said = (out / "said").read_text("utf-8", "replace") if (out / "said").exists() else ""
        return done.returncode, said + done.stderr

    def contained_trace(self):
        return tracefile.check((self.folder / "sidecar" / "trace.json").read_bytes())

    def beside(self, target, pid, share="container:%s", flags=(), **more):
        """The tool in a container of its own, which may share the target's PID namespace. (exit code, what it said)"""
        if share:
            flags = [*flags, "--pid=" + (share % target.name if "%s" in share else share)]
        return self.tool_contained("-p", pid, "-d", "1", "-o", "/out/trace.json", flags=flags, **more)

    def traced_beside(self, target, pid, threads, **more):
        code, said = self.beside(target, pid, **more)
        assert code == 0, "exit code %d: %s" % (code, said)
        return judged(self.folder / "sidecar" / "trace.json", pid, threads)

    def missing(self, target, caps, naming=(), **more):
        code, said = self.beside(target, target.inner, caps=caps, drop=True,
                                 flags=[*self.profile, *more.pop("flags", ())], **more)
        assert code == harness.EXIT_PERMISSION, "exit code %d: %s" % (code, said)
        assert "no permission" in said, said
        for name in naming:
            assert name in said, "no %s in: %s" % (name, said)


def comm(pid):
    try:
        return pathlib.Path("/proc/%d/comm" % pid).read_text("utf-8").strip()
    except OSError:
        return ""


def is_kernel_thread(pid):
    try:
        return int(pathlib.Path("/proc/%d/stat" % pid).read_text("utf-8").rsplit(")", 1)[1].split()[6]) & PF_KTHREAD != 0
    except OSError:
        return False


def namespace(pid, kind):
    try:
        return os.readlink("/proc/%s/ns/%s" % (pid, kind))
    except OSError:
        return ""


def processes_beside(pid):
    """Those of its PID namespace."""
    wanted = namespace(pid, "pid")
    return [p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if namespace(p, "pid") == wanted]


def inner_pid(folder):
    return int(re.search(r"^NSpid:.*\s(\d+)$", (pathlib.Path(folder) / "status").read_text(), re.M)[1])


def sums(trace):
    """{process: how often it has written the sum of steady.c and processes.c}, from when it was seen on."""
    counts = collections.Counter(e["pid"] for e in trace.of("C", name="sum"))
    # The last sample is the end of what is drawn.
    return {pid: n - 1 for pid, n in counts.items()}


def judged(path, pid, threads):
    """The trace, after the checks that every one has to pass."""
    trace = tracefile.check(path.read_bytes())
    assert trace.metadata["pid"] == pid, "traced %r" % trace.metadata["pid"]
    assert trace.total["lost"] == 0, trace.total
    ticks = [args["ticks"] for args in trace.samples_of("gauge")]
    assert len(ticks) > 20, "%d ticks" % len(ticks)
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks))), "ticks out of order"
    assert {e["pid"] for e in trace.events} == {pid}, "other processes than %d" % pid
    strangers = {e["tid"] for e in trace.events if e["ph"] != "M"} - threads - {pid}
    assert not strangers, "threads that the target does not have: %r, has %r" % (strangers, threads)
    assert trace.snapshots("machine"), "no objects"
    return trace


def on_overlay(pid):
    mounts = pathlib.Path("/proc/%d/mountinfo" % pid).read_text("utf-8")
    return re.search(r"^\S+ \S+ \S+ \S+ / .* - overlay ", mounts, re.M) is not None


def apart(target, *kinds):
    for kind in kinds:
        assert namespace(target.pid, kind) != namespace("self", kind), "the target shares our %s namespace" % kind


# ---- from the host ----

def check_host_traces_a_container(run):
    with run.target(command=AS_CHILD) as target:
        apart(target, "pid", "mnt")
        assert target.inner != target.pid
        run.from_the_host(target)
        target.as_before()


def check_host_traces_the_first_process_of_a_container(run):
    with run.target() as target:
        assert target.inner == 1
        run.from_the_host(target)
        target.as_before()


def check_host_traces_a_container_with_users_of_its_own(run):
    if not run.engine.podman:
        raise Skip("docker has user namespaces for all containers or none")
    with run.target(*OWN_USERS, command=AS_CHILD) as target:
        apart(target, "pid", "mnt", "user")
        run.from_the_host(target)
        target.as_before()


def check_host_traces_a_program_of_the_image(run):
    """One in a lower layer of overlayfs."""
    with run.target() as target:
        if not on_overlay(target.pid):
            raise Skip("containers are not on overlayfs here")
        run.from_the_host(target)


def check_host_traces_a_program_that_the_container_made(run):
    """One in the upper layer of overlayfs."""
    with run.target(command=("sh", "-c", "cp %s /steady && exec /steady" % PROGRAM)) as target:
        if not on_overlay(target.pid):
            raise Skip("containers are not on overlayfs here")
        trace = run.from_the_host(target)
        assert trace.metadata["executable"] == "/steady", trace.metadata["executable"]


def check_host_traces_the_one_of_two_containers(run):
    """Both run the same file: a probe's semaphore is the process's own, its trap not."""
    with run.target() as one, run.target() as other:
        run.from_the_host(one)
        assert other.semaphores() == 0
        other.as_before()
        one.as_before()


def check_host_lists_what_is_in_a_container(run):
    with run.target() as target:
        done = harness.run(run.tool, "list", "-p", target.pid)
        assert done.returncode == 0, done.stderr
        assert "gauge" in done.stdout, done.stdout


def check_container_pid_is_in_the_metadata(run):
    with run.target(command=AS_CHILD) as target:
        metadata = run.from_the_host(target).metadata
        assert metadata.get("container_pid") == target.inner, "container_pid %r, not %d" % (
            metadata.get("container_pid"), target.inner)


def count_up_to(number):
    """What the target's container runs, so that the target gets this number inside: they are given in a row."""
    return ("sh", "-c", "exec 3<&0; n=1; while [ $n -lt %d ]; do : & n=$!; wait; done; %s <&3 & wait $!" % (
        number - 1, PROGRAM))


def check_pid_from_inside_that_a_host_process_has_too(run):
    threads = [p for p in range(3, 1000) if is_kernel_thread(p)]
    if not threads:
        raise Skip("this machine shows no kernel threads")
    number = random.choice(threads)
    with run.target(command=count_up_to(number)) as target:
        if target.inner != number or not is_kernel_thread(number):
            raise Skip("the target did not get the number %d" % number)
        run.refused(harness.EXIT_NO_PROBES, "-p", number, naming=["did you mean -p %d" % target.pid])


def check_pid_from_inside_that_nobody_has_here(run):
    number = random.choice([p for p in range(30, 30000) if not os.path.exists("/proc/%d" % p)][:1000])
    with run.target(command=count_up_to(number)) as target:
        if target.inner != number or os.path.exists("/proc/%d" % number):
            raise Skip("the target did not get the number %d, or somebody here has" % number)
        run.refused(harness.EXIT_NO_PROCESS, "-p", number, naming=[number, "did you mean -p %d" % target.pid])


def check_host_follows_what_a_container_forks(run):
    """From the first event of each child."""
    with run.target(command=(FORKS, "fork"), comm="processes") as target:
        with run.tracing_from_the_host("-f", "-p", target.pid):
            target.tell()
        assert target.wait() == 0, target.err.text()
        counts = sums(run.host_trace())
        assert counts.pop(target.pid, 0) == 40, "of %d itself: %r" % (target.pid, counts)
        assert sorted(counts.values()) == [2000] * 3, "of its children: %r" % counts


def check_host_follows_what_a_container_executes(run):
    """A file that only the container has. It was executed before: a process of the second time is traced from its start."""
    with run.target(command=("sh", "-c", "cp %s /own; echo ready; while read -r x && [ $x ]; do /own --still; done" % PROGRAM),
                    comm="sh") as target:
        pids = []
        with run.tracing_from_the_host("-f", "-p", target.pid):
            for _ in range(2):
                target.ask("again", "ready")
                pids.append(next(p for p in processes_beside(target.first) if comm(p) == "own"))
                assert harness.wait_until(lambda: target.semaphores() > 0), "not attached to"
                target.ask("work 100")
                target.tell("quit")
                assert harness.wait_until(lambda: comm(pids[-1]) != "own"), "does not quit"
            target.tell()
        assert target.wait() == 0, target.err.text()
        trace = run.host_trace()
        assert sums(trace) == dict.fromkeys(pids, 100), "%r, not %r" % (sums(trace), pids)
        # Its beginning is the counter's and the object's.
        assert {e["pid"] for e in trace.of("N")} == {pids[1]}, trace.of("N")
        assert [f["path"] for f in trace.metadata["files"]] == ["/own"], trace.metadata["files"]


def check_host_traces_all_that_run_a_program_of_an_image(run):
    """Containers of one image have its files in common."""
    with run.target(command=AS_CHILD) as target, run.target() as other:
        if not on_overlay(target.pid):
            raise Skip("containers are not on overlayfs here")
        with run.tracing_from_the_host("-x", "/proc/%d/root%s/%s" % (target.pid, FOLDER, PROGRAM)) as tool:
            target.ask("work 100")
            other.ask("work 100")
            tool.signal(signal.SIGINT)
        counts = sums(run.host_trace())
        assert counts == {target.pid: 100, other.pid: 100}, counts


# ---- sidecar ----

def check_tool_in_the_targets_container(run):
    caps = ["--cap-add=" + c for c in run.least]
    with run.target(*caps, *run.profile, command=AS_CHILD) as target:
        done = harness.run(*target.inside("sh", "-c", "%s -p %d -d 1 -o /tmp/trace.json && cat /tmp/trace.json" % (
            TOOL, target.inner)))
        assert done.returncode == 0, done.stderr
        path = run.folder / "inside.json"
        path.write_text(done.stdout)
        trace = judged(path, target.inner, target.threads(inner=True))
        assert "container_pid" not in trace.metadata
        target.as_before()


COMMAND = ("sh", "-c", "for n in 100 200; do printf 'work %%d\\nquit\\n' $n | sh -c 'echo pid $$; exec %s --still' & done; wait"
           % PROGRAM)


def follows_a_command(run, flags=(), **more):
    """All PIDs are those that the processes have themselves."""
    code, said = run.tool_contained("-f", "-o", "/out/trace.json", "--", *COMMAND, caps=run.least, flags=[*run.profile, *flags],
                                    **more)
    assert code == 0, "exit code %d: %s" % (code, said)
    trace = run.contained_trace()
    pids = set(map(int, re.findall(r"^pid (\d+)$", said, re.M)))
    counts = sums(trace)
    assert set(counts) == pids and sorted(counts.values()) == [100, 200], "%r, not %r" % (counts, pids)
    assert {e["pid"] for e in trace.events} >= pids, said
    assert trace.total["lost"] == 0, trace.total
    return pids


def check_command_and_its_children_in_a_container(run):
    pids = follows_a_command(run)
    assert max(pids) < 100, "those are not PIDs of a new container: %r" % pids


def check_command_and_its_children_in_a_sidecar(run):
    with run.target() as target:
        follows_a_command(run, flags=["--pid=container:" + target.name])
        target.as_before()


def check_all_that_run_a_program_in_the_targets_container(run):
    """One that is there, and one that comes; not those of another container, which have the same file."""
    caps = ["--cap-add=" + c for c in run.least]
    with run.target(*caps, *run.profile, command=AS_CHILD) as target, run.target() as other:
        with run.tracing(*target.inside(TOOL, "-x", PROGRAM, "-d", "2", "-o", "/tmp/trace.json")):
            target.ask("work 100")
            other.ask("work 100")
            done = harness.run(*target.inside("sh", "-c", "printf 'work 200\\nquit\\n' | sh -c 'echo pid $$; exec %s --still'"
                                              % PROGRAM))
            new = int(re.search(r"^pid (\d+)$", done.stdout, re.M)[1])
        path = run.folder / "inside.json"
        path.write_text(harness.run(*target.inside("cat", "/tmp/trace.json")).stdout)
        counts = sums(tracefile.check(path.read_bytes()))
        assert counts == {target.inner: 100, new: 200}, "%r, not %d and %d" % (counts, target.inner, new)
        target.as_before()
        other.as_before()


def check_all_that_run_a_program_from_a_sidecar(run):
    with run.target(command=AS_CHILD) as target:
        code, said = run.tool_contained("-x", "/proc/1/root%s/%s" % (FOLDER, PROGRAM), "-d", "1", "-o", "/out/trace.json",
                                        caps=run.least, flags=[*run.profile, "--pid=container:" + target.name])
        assert code == 0, "exit code %d: %s" % (code, said)
        judged(run.folder / "sidecar" / "trace.json", target.inner, target.threads(inner=True))
        target.as_before()


def check_sidecar_in_the_targets_pid_namespace(run):
    with run.target(command=AS_CHILD) as target:
        trace = run.traced_beside(target, target.inner, target.threads(inner=True), caps=run.least, flags=run.profile)
        assert "container_pid" not in trace.metadata
        target.as_before()


def check_sidecar_with_nothing_but_the_least(run):
    """Not even what an engine gives every container, of which the target has some: that takes CAP_SYS_PTRACE."""
    with run.target() as target:
        run.traced_beside(target, target.inner, target.threads(inner=True), drop=True, flags=run.profile,
                          caps=[*run.least, "SYS_PTRACE"])
        target.as_before()


def check_sidecar_and_a_target_of_another_user(run):
    with run.target("--user", OTHER_USER) as target:
        run.traced_beside(target, target.inner, target.threads(inner=True), caps=[*run.least, "SYS_PTRACE"],
                          flags=run.profile)
        target.as_before()


def check_sidecar_with_the_engines_own_seccomp_profile(run):
    """It may go by all three names, whatever the kernel asks for."""
    with run.target() as target:
        run.traced_beside(target, target.inner, target.threads(inner=True), caps=("SYS_ADMIN", "BPF", "PERFMON"))
        target.as_before()


def check_sidecar_with_the_rules_that_docker_has_for_capabilities(run):
    with run.target() as target:
        run.traced_beside(target, target.inner, target.threads(inner=True), caps=run.least,
                          flags=run.engine.seccomp(run.folder, by_capability=True))
        target.as_before()


def check_sidecar_in_the_hosts_pid_namespace(run):
    with run.target(command=AS_CHILD) as target:
        run.traced_beside(target, target.pid, target.threads(), share="host", caps=run.least, flags=run.profile)
        target.as_before()


def check_sidecar_in_another_pid_namespace_finds_nobody(run):
    with run.target() as target:
        code, said = run.beside(target, target.pid, share=None, caps=run.least, flags=run.profile)
        assert code == harness.EXIT_NO_PROCESS, "exit code %d: %s" % (code, said)
        assert str(target.pid) in said, said


def check_sidecar_without_each_of_the_capabilities(run):
    with run.target() as target:
        for cap in run.least:
            rest = [c for c in ("BPF", "PERFMON", "SYS_PTRACE", *run.least) if c != cap]
            run.missing(target, rest, naming=["CAP_" + cap])
        target.as_before()


def check_sidecar_without_sys_ptrace(run):
    with run.target() as target:
        run.missing(target, run.least, naming=["CAP_SYS_PTRACE"])
        target.as_before()


def check_sidecar_with_no_capability_at_all(run):
    """As the target's own user, which is enough to look at it."""
    with run.target("--cap-drop=ALL") as target:
        run.missing(target, (), naming=["CAP_BPF"])
        target.as_before()


def check_sidecar_with_users_of_its_own_cannot_trace(run):
    """Rights count in the initial user namespace only."""
    if not run.engine.podman:
        raise Skip("docker has user namespaces for all containers or none")
    with run.target(*OWN_USERS, *("--cap-add=" + c for c in ("SYS_ADMIN", "BPF", "PERFMON")), *run.profile) as target:
        done = harness.run(*target.inside(TOOL, "-p", str(target.inner), "-d", "1", "-o", "/tmp/trace.json"))
        assert done.returncode == harness.EXIT_PERMISSION, "exit code %d: %s" % (done.returncode, done.stderr)
        target.as_before()


# ---- doctor ----

def check_doctor_names_the_flags_of_a_container(run):
    """Until with all that it named it says that one can trace, and one can."""
    flags, said = [], ""
    for _ in range(4):
        code, said = run.tool_contained("doctor", flags=flags)
        named = re.search(r"-> docker run (-.*?) \(", said)
        if not named:
            break
        assert code == harness.EXIT_PERMISSION, "exit code %d: %s" % (code, said)
        flags += named[1].split()
    assert code == 0 and re.search(r"^ready ", said, re.M), "with %s: %s" % (flags, said)
    caps = {f.removeprefix("--cap-add=") for f in flags if f.startswith("--cap-add=")}
    assert caps == {*run.least, "SYS_PTRACE"}, "named %s" % flags
    with run.target("--user", OTHER_USER) as target:
        run.traced_beside(target, target.inner, target.threads(inner=True), flags=flags)


def check_doctor_for_a_target_with_more_rights(run):
    with run.target() as target:
        code, said = run.tool_contained("doctor", "-p", target.inner, caps=run.least, drop=True,
                                        flags=[*run.profile, "--pid=container:" + target.name])
        assert code == harness.EXIT_PERMISSION and "docker run --cap-add=SYS_PTRACE (" in said, "%d: %s" % (code, said)


def check_doctor_in_a_container_with_users_of_its_own(run):
    if not run.engine.podman:
        raise Skip("docker has user namespaces for all containers or none")
    code, said = run.tool_contained("doctor", caps=("SYS_ADMIN", "BPF", "PERFMON"), flags=[*OWN_USERS, *run.profile])
    assert code == harness.EXIT_PERMISSION and "user namespace" in said, "%d: %s" % (code, said)


def checks():
    return [(name.removeprefix("check_").replace("_", " "), f) for name, f in globals().items()
            if name.startswith("check_")]
