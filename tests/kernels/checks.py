# SPDX-License-Identifier: BSD-2-Clause
"""What has to be true of the traces that init.sh made on some kernel.

Each check_* takes a Run, and raises AssertionError or Skip.
"""
import functools
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PARITY = HERE.parent / "parity"
sys.path.insert(0, str(HERE.parent / "e2e"))
import tracefile

EXIT_PERMISSION, EXIT_KERNEL = 3, 7
UNREADABLE = "<unreadable>"
SITES = ("nop1", "nop5", "nop10")
COMPLAINTS = re.compile(r"^.*(?:\bBUG:|\bWARNING:|\bOops\b|Call Trace:|general protection|rcu:.*stall).*$", re.M)


class Skip(Exception):
    pass


class Run:
    """The folder in which guest.boot() has put what init.sh left."""

    def __init__(self, folder):
        self.folder = folder

    def text(self, name):
        try:
            return (self.folder / name).read_text("utf-8", "replace")
        except FileNotFoundError:
            raise AssertionError("the guest left no " + name) from None

    def release(self):
        return self.text("release").strip()

    def site(self):
        found = re.search(r"^probe site: (\w+)$", self.text("early.tool"), re.M)
        return found[1] if found else "none"

    def sleepable(self):
        return "no sleepable uprobe programs: pages" not in self.text("early.tool")

    def codes(self, name):
        return [int(n) for n in self.text(name + ".code").split()]

    def trace(self, name, target=0, lossless=True, **rules):
        """The trace, after the checks that every one has to pass."""
        messages = self.text(name + ".tool")
        assert self.codes(name) == [0, target], "exit codes %s\n%s%s" % (
            self.codes(name), messages, self.text(name + ".said")[-500:])
        assert "please report" not in messages, messages
        trace = tracefile.check((self.folder / (name + ".json")).read_bytes(), **rules)
        assert not lossless or trace.total["lost"] == 0, "lost events: %s" % trace.metadata["probes"]
        return trace


def parity(run, name, *options):
    run.trace(name)
    done = subprocess.run([sys.executable, str(PARITY / "compare.py"), str(PARITY / "expected.json"), "all",
                           str(run.folder / (name + ".json")), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def hammered(run, name, threads, writes):
    """Every write of every thread is there, in its order."""
    trace = run.trace(name)
    assert trace.probe("set")["written"] == threads * writes, trace.probe("set")
    for i in range(threads):
        values = [args["a"] for args in trace.samples_of("load %d" % i)]
        assert values == list(range(writes)), "load %d: %d of %d writes, or out of order" % (i, len(values), writes)


def refused(run, site, name):
    if site == run.site():
        return
    if run.codes(name)[0] == EXIT_KERNEL:
        said = run.text(name + ".tool").strip().splitlines()[-1]
        assert "does not take probe site " + site in said, said
        raise Skip("%s: refused by the kernel" % site)


def unharmed(run, site, name):
    """The program calculated the same, traced and not."""
    refused(run, site, name)
    trace = run.trace(name)
    assert trace.total["seen"] > 0, "no events"
    traced, untraced = (re.findall(r"^.*checksum (.*)$", run.text(name + end), re.M) for end in (".said", ".untraced"))
    assert untraced and traced == untraced, "%s traced, %s untraced" % (traced, untraced)


def check_scenarios(run):
    parity(run, "early")


def check_scenarios_attached_late(run):
    parity(run, "late", "--late")


def check_site_that_is_fast(run):
    """A kernel that patches a site into a call is used that way."""
    said = run.text("early.tool")
    patched = re.search(r"^probe site (\w+): this kernel patches it", said, re.M)
    assert run.site() == (patched[1] if patched else "nop1"), said


def check_threads(run):
    hammered(run, "threads", 4, 2000)


def check_threads_at(run, site):
    refused(run, site, site + "-threads")
    hammered(run, site + "-threads", 3, 500)


def check_registers_at(run, site):
    unharmed(run, site, site + "-registers")


def check_red_zone_at(run, site):
    unharmed(run, site, site + "-redzone")


def check_strings_in_bad_memory(run):
    """Plain programs cannot read a page that nobody has touched; then they say so, and never make anything up."""
    snapshots = run.trace("strings").snapshots("strings")
    cold = {"fresh": "", "cold": "cold text", "rodata": "cold ro", "across": "across pages"}
    assert [s["n"] for s in snapshots] == [1, 2, 3, 4], snapshots
    for s in snapshots:
        assert s["null"] is None and s["empty"] == "", s
        for name in ("dangling", "kernel", "low", "noncanonical", "into_nothing"):
            assert s[name] == UNREADABLE, s
        for name, text in cold.items():
            assert s[name] == text or (s[name] == UNREADABLE and not run.sleepable()), s


def check_long_strings(run):
    trace = run.trace("long")
    sizes = [len(s[name]) for s, name in zip(trace.snapshots("longs"), ("s300", "s4094"))]
    assert sizes == [300, 4094], sizes
    assert trace.total["truncated"] == 3, trace.total


def check_filter(run):
    trace = run.trace("filter")
    assert set(trace.samples) == {"load 1"}, dict(trace.samples)
    assert trace.probe("set")["written"] == 500 and trace.probe("set")["filtered"] == 1000, trace.probe("set")


def check_books_of_a_small_ring(run):
    trace = run.trace("small", lossless=False)
    assert trace.probe("set")["seen"] == 20000, trace.probe("set")


def check_demo(run):
    trace = run.trace("demo", lossless=False)
    for phase in "CNOBE":
        assert trace.counts[phase], "no %s events" % phase


def check_target_that_is_killed(run):
    trace = run.trace("killed", lossless=False)
    assert trace.metadata["ended"] == "the target ended", trace.metadata["ended"]
    assert trace.counts["C"], "no events"


def lacks(run, name, *words):
    """The tool ended for want of a right, and said which."""
    said = run.text(name + ".tool")
    assert run.codes(name)[0] == EXIT_PERMISSION and all(w in said for w in words), "%s: %s" % (run.codes(name), said)


def check_least_rights(run):
    trace = run.trace("rights-sys_admin,+sys_ptrace", lossless=False)
    assert trace.counts["C"], "no events"


def check_rights_without_sys_admin(run):
    """CAP_BPF and CAP_PERFMON are enough for a link for many uprobes. As a perf event, a uprobe takes CAP_SYS_ADMIN since July
    2025, also on the older kernels that are still cared for."""
    name = "rights-cap_39,+cap_38,+sys_ptrace"
    if "no links for many uprobes" not in run.text("early.tool"):
        run.trace(name, lossless=False)
    elif run.codes(name)[0] == 0:
        raise Skip("a kernel that gives uprobes to CAP_PERFMON")
    else:
        lacks(run, name, "attach", "CAP_SYS_ADMIN")


def check_rights_without_bpf_or_perfmon(run):
    lacks(run, "rights-cap_38,+sys_ptrace", "load", "CAP_BPF")
    lacks(run, "rights-cap_39,+sys_ptrace", "load", "CAP_PERFMON")


def check_rights_without_sys_ptrace(run):
    lacks(run, "rights-sys_admin", "CAP_SYS_PTRACE")


def check_little_locked_memory(run):
    release = tuple(map(int, run.release().split(".")[:2]))
    if release < (5, 11):
        lacks(run, "rights-locked", "load")
    else:
        run.trace("rights-locked", lossless=False)


def check_command_and_what_it_starts(run):
    """From the first probe of a program that was loaded and linked under our eyes; its sibling was forked before."""
    trace = run.trace("launched")
    assert trace.probe("set")["written"] == 2 * 2 * 500, trace.metadata["probes"]


def check_kernel_does_not_complain(run):
    found = COMPLAINTS.findall(run.text("kernel.log"))
    assert not found, "\n".join(found)


def checks():
    """(name, function of a Run) of all of them; what ends in _at is there once for each site."""
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            title = name[len("check_"):].replace("_", " ")
            if name.endswith("_at"):
                for site in SITES:
                    yield "%s %s" % (title, site), functools.partial(check, site=site)
            else:
                yield title, check
