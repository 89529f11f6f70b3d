# SPDX-License-Identifier: BSD-2-Clause
"""`viztrace-bpf doctor` on machines that are broken for real: capabilities dropped, system calls filtered, file systems
taken away, each for the tool alone. What doctor calls harmless, the tool has to trace under."""
import errno
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys

import harness
from harness import EXIT_KERNEL, EXIT_NO_PROBES, EXIT_NO_PROCESS, EXIT_PERMISSION

sys.path.insert(0, str(harness.ROOT / "tests" / "kernels"))  # before what a distribution calls debian
import debian  # noqa: E402
import guest  # noqa: E402

# Linux has links for many uprobes then, for which CAP_SYS_ADMIN is not needed.
LINKS = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= (6, 10)
LEAST = ("bpf", "perfmon", "sys_ptrace") if LINKS else ("sys_admin", "sys_ptrace")
INITIAL_PIDNS = 0xEFFFFFFC
NOBODY = ("--reuid=65534", "--regid=65534", "--clear-groups")


def caps(*kept):
    """Root with these capabilities and no other."""
    return ["setpriv", "--bounding-set=-all" + "".join(",+" + c for c in kept), "--inh-caps=-all"]


def flags(*kept):
    """What gives a container these capabilities."""
    return " ".join("--cap-add=" + c.upper() for c in kept) + " ("


def without(*calls_and_errors):
    """The tool without these system calls, of which each fails with what is behind it."""
    pairs = zip(calls_and_errors[::2], calls_and_errors[1::2])
    return [word for call, how in pairs for word in (harness.build("without", counted=False), call, str(how))]


def perf_events():
    """As on a kernel without links for uprobes."""
    return without("link", errno.EINVAL)


def mounted(*commands):
    """A mount namespace of its own, in which these commands have been run."""
    return ["unshare", "-m", "sh", "-ec", "\n".join(commands) + '\nexec "$@"', "sh"]


class Doctor(harness.Case):
    def setUp(self):
        super().setUp()
        if not harness.have("setpriv", "unshare"):
            self.skipTest("no setpriv or no unshare")

    def doctor(self, code, *args, prefix=()):
        """What it prints, line by line; nothing else may be said."""
        done = harness.run(*prefix, harness.TOOL, "doctor", *args)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done.stdout.splitlines()

    def healthy(self, *args, prefix=()):
        return self.is_healthy(self.doctor(0, *args, prefix=prefix))

    def is_healthy(self, lines):
        self.assertEqual([line.split()[0] for line in lines],
                         ["kernel", "permission", "eBPF", "uprobes", "batches", "ready"])
        for line in lines[:4]:
            self.assertTrue(line.endswith(": ok"), line)
        self.assertNotIn("->", "".join(lines))
        return lines

    def ill(self, code, stage, says, mends, *args, prefix=()):
        return self.is_ill(self.doctor(code, *args, prefix=prefix), stage, says, mends)

    def is_ill(self, lines, stage, says, mends):
        """It stops at this stage, with one line that says why and one that says what mends it."""
        self.assertLess(len(lines), 8, lines)
        for line in lines[:-2]:
            self.assertTrue(line.endswith(": ok") or line.startswith("batches "), lines)
        self.assertEqual(lines[-2].split()[0], stage, lines)
        for word in says:
            self.assertIn(word, lines[-2])
        self.assertTrue(lines[-1].strip().startswith("-> "), lines)
        self.assertIn(mends, lines[-1])
        return lines

    def traces(self, *prefix):
        """The tool itself works there."""
        target = self.target(harness.build("steady"))
        tool = self.attach(target.pid, "-d", "0.3", prefix=prefix)
        self.end(tool, with_signal=None)
        self.assertTrue(self.load().events)

    def harmless(self, *prefix):
        self.healthy(prefix=prefix)
        self.traces(*prefix)


class Healthy(Doctor):
    def test_a_line_for_each_thing(self):
        self.assertEqual(self.healthy()[5], "ready       sudo viztrace-bpf -p PID")

    def test_a_line_for_each_thing_and_a_process(self):
        target = self.target(harness.build("steady"))
        self.assertRegex(self.healthy("-p", target.pid)[5],
                         r"^ready       %d \(steady\) has \d+ probes: sudo viztrace-bpf -p %d$" % (target.pid, target.pid))
        self.assertEqual(target.semaphores(), 0)

    def test_without_batches_one_can_trace(self):
        self.assertEqual(self.healthy()[4], "batches     --collect batch spares most events their trap: ok")
        (self.dir / "clock").write_text("hpet\n")
        prefix = mounted("mount --bind '%s' /sys/devices/system/clocksource/clocksource0/current_clocksource"
                         % (self.dir / "clock"))
        self.assertEqual(self.healthy(prefix=prefix)[4],
                         "batches     each event is a trap here: the kernel's clock is not the processors' (clocksource tsc)")
        self.traces(*prefix)

    def test_two_capabilities_are_enough(self):
        prefix = caps("sys_admin", "sys_ptrace")
        for way in ([], perf_events()):
            with self.subTest(way=way):
                self.assertIn("root with CAP_SYS_ADMIN, CAP_SYS_PTRACE", self.healthy(prefix=prefix + way)[1])
                self.traces(*prefix, *way)

    def test_links_for_uprobes_need_no_sys_admin(self):
        if not LINKS:
            self.skipTest("this kernel has none")
        prefix = caps(*LEAST)
        self.assertIn("root with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE", self.healthy(prefix=prefix)[1])
        self.traces(*prefix)

    def test_without_perf_events_new_libraries_are_found_late(self):
        if not LINKS:
            self.skipTest("this kernel needs them to attach")
        for error in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            with self.subTest(error=error):
                self.assertIn("new libraries are found late", self.healthy(prefix=without("perf_event_open", error))[3])
        self.traces(*without("perf_event_open", errno.EPERM))

    def test_without_ptrace_for_ones_own_processes(self):
        prefix = caps("sys_admin")
        self.assertIn("without CAP_SYS_PTRACE only for processes of that user", self.healthy(prefix=prefix)[1])

    def test_read_only_sysfs_is_harmless(self):
        self.harmless(*mounted("mount -o remount,bind,ro /sys", "! touch -c /sys/kernel/notes 2>/dev/null"))

    def test_without_tracefs(self):
        self.harmless(*mounted("for d in /sys/kernel/tracing /sys/kernel/debug; do umount -q -l $d || :; done",
                               "! test -e /sys/kernel/tracing/events"))

    def test_without_btf(self):
        prefix = mounted("test ! -e /sys/kernel/btf/vmlinux || mount --bind /dev/null /sys/kernel/btf/vmlinux",
                         "! grep -q . /sys/kernel/btf/vmlinux",
                         "for d in /boot /lib/modules; do test ! -d $d || mount -t tmpfs tmpfs $d; done")
        self.assertIn("-f does not work", self.healthy(prefix=prefix)[2])
        self.traces(*prefix)
        tool = self.tool("-f", "-p", self.target(harness.build("steady")).pid, prefix=prefix)
        self.assertEqual(tool.wait(), EXIT_KERNEL, tool.messages())
        self.assertIn("/sys/kernel/btf", tool.messages())

    def test_what_a_setting_says_is_no_illness_where_all_works(self):
        """Not the settings themselves, which are the whole machine's, but the files that tell of them."""
        for path, text in (("/proc/sys/kernel/perf_event_paranoid", "4"),
                           ("/proc/sys/kernel/unprivileged_bpf_disabled", "1")):
            with self.subTest(path=path):
                (self.dir / "setting").write_text(text + "\n")
                self.healthy(prefix=mounted("mount --bind %s %s" % (self.dir / "setting", path)))

    def test_locked_memory_where_maps_are_not_paid_from_it(self):
        if not LINKS:
            self.skipTest("on this kernel they may be")
        self.harmless("prlimit", "--memlock=0:0", *caps("sys_admin", "sys_ptrace"))


class Capabilities(Doctor):
    def lacks(self, what, mends, *kept):
        self.ill(EXIT_PERMISSION, "permission", ["root without %s" % what], "docker run " + flags(*mends), prefix=caps(*kept))

    def test_without_bpf(self):
        self.lacks("CAP_BPF", ["bpf"] if LINKS else ["sys_admin"], "perfmon", "sys_ptrace", "net_admin")

    def test_without_perfmon(self):
        self.lacks("CAP_PERFMON", ["perfmon"] if LINKS else ["sys_admin"], "bpf", "sys_ptrace")

    def test_a_container_without_any(self):
        self.lacks("CAP_BPF and CAP_PERFMON", LEAST, "chown", "setuid")

    def test_what_it_says_mends_it(self):
        self.harmless(*caps(*LEAST, "chown", "setuid"))

    def test_perf_events_for_uprobes_want_sys_admin(self):
        """Not on kernels of 5.8 to the middle of 2025. What the doctor says, the tool finds too."""
        prefix = caps("bpf", "perfmon", "sys_ptrace") + perf_events()
        tool = self.tool("-p", self.target(harness.build("steady")).pid, "-d", "0.3", prefix=prefix)
        if tool.wait() == 0:
            self.assertIn("CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE", self.healthy(prefix=prefix)[1])
            self.skipTest("this kernel does not")
        self.assertEqual(tool.child.returncode, EXIT_PERMISSION, tool.messages())
        self.assertIn("CAP_SYS_ADMIN", tool.messages())
        self.ill(EXIT_PERMISSION, "uprobes", ["CAP_SYS_ADMIN"], "docker run " + flags("sys_admin"), prefix=prefix)

    def test_root_of_a_user_namespace(self):
        if harness.run("unshare", "-Ur", "true").returncode:
            self.skipTest("no user namespaces")
        self.ill(EXIT_PERMISSION, "permission", ["root of a user namespace"], "sudo", prefix=["unshare", "-Ur"])


class OtherUsers(Doctor):
    """Processes and tools of somebody else, who has to be able to read the programs."""

    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        self.nobodys = self.target("setpriv", *NOBODY, shutil.copy(harness.build("steady"), self.dir)).pid

    def test_a_user_who_may_become_root(self):
        tool = shutil.copy(harness.TOOL, self.dir)
        done = harness.run("setpriv", *NOBODY, tool, "doctor")
        self.assertEqual((done.returncode, done.stderr), (EXIT_PERMISSION, ""))
        self.assertRegex(done.stdout, r"user 65534 without CAP_BPF and CAP_PERFMON\n +-> sudo viztrace-bpf\n\Z")
        done = harness.run("setpriv", *NOBODY, "--no-new-privs", tool, "doctor")
        self.assertIn("\n         -> docker run " + flags(*LEAST), done.stdout)

    def test_a_process_of_another_user(self):
        self.ill(EXIT_PERMISSION, "process", [str(self.nobodys), "CAP_SYS_PTRACE"], "docker run --cap-add=SYS_PTRACE (",
                 "-p", self.nobodys, prefix=caps("sys_admin"))
        self.healthy("-p", self.nobodys, prefix=caps("sys_admin", "sys_ptrace"))

    def test_a_process_that_proc_hides(self):
        tool = shutil.copy(harness.TOOL, self.dir)
        done = harness.run(*mounted("mount -t proc -o hidepid=2 proc /proc"), "setpriv", "--reuid=12345", "--regid=12345",
                           "--clear-groups", "--inh-caps=+sys_admin", "--ambient-caps=+sys_admin",
                           "--bounding-set=-all,+sys_admin", tool, "doctor", "-p", self.nobodys)
        self.assertEqual((done.returncode, done.stderr), (EXIT_PERMISSION, ""), done.stdout)
        lines = done.stdout.splitlines()
        self.assertIn("%d is there, but /proc hides it" % self.nobodys, lines[-2])
        self.assertIn("--cap-add=SYS_PTRACE", lines[-1])


class SystemCalls(Doctor):
    CALLS = (("bpf", "eBPF", []), ("perf_event_open", "uprobes", ["link", errno.EINVAL]))

    def test_seccomp_forbids(self):
        for call, stage, more in self.CALLS:
            for error in (errno.EPERM, errno.EACCES, errno.ENOSYS):
                with self.subTest(call=call, error=error):
                    self.ill(EXIT_PERMISSION, stage, ["seccomp", call + "()", os.strerror(error)],
                             "--security-opt seccomp=unconfined", prefix=without(call, error, *more))

    def test_seccomp_kills(self):
        """Also where perf_event_open is only to find new libraries by."""
        for call, stage in (("bpf", "eBPF"), ("perf_event_open", "uprobes")):
            with self.subTest(call=call):
                self.ill(EXIT_PERMISSION, stage, ["seccomp", call + "()", "kills"], "SystemCallFilter=",
                         prefix=without(call, "kill"))

    def test_capabilities_come_before_seccomp(self):
        """As in a container by default: its profile lets through what the capabilities allow."""
        lines = self.ill(EXIT_PERMISSION, "permission", ["CAP_BPF"], flags(*LEAST),
                         prefix=[*caps("chown"), *without("bpf", errno.EPERM)])
        self.assertNotIn("seccomp", "".join(lines))

    def test_a_kernel_without_the_call(self):
        """ENOSYS, and no setting of it in /proc either."""
        settings = {"bpf": ("unprivileged_bpf_disabled", "CONFIG_BPF_SYSCALL=y"),
                    "perf_event_open": ("perf_event_paranoid", "CONFIG_PERF_EVENTS=y")}
        for call, stage, more in self.CALLS:
            setting, config = settings[call]
            with self.subTest(call=call):
                self.ill(EXIT_KERNEL, stage, ["this kernel has no", call], config,
                         prefix=[*mounted("mkdir %s/sys" % self.dir, "cp -r /proc/sys/kernel/osrelease %s/sys" % self.dir,
                                          "mount --bind %s/sys /proc/sys/kernel" % self.dir,
                                          "! test -e /proc/sys/kernel/" + setting),
                                 *without(call, errno.ENOSYS, *more)])
                shutil.rmtree(self.dir / "sys")


class FileSystems(Doctor):
    def test_without_sysfs(self):
        self.ill(EXIT_KERNEL, "kernel", ["/sys is not mounted"], "mount -t sysfs ",
                 prefix=mounted("mount -t tmpfs tmpfs /sys"))

    def test_what_it_says_mends_it(self):
        self.healthy(prefix=mounted("mount -t tmpfs tmpfs /sys", "mount -t sysfs -o ro sysfs /sys"))

    def test_without_uprobes_in_sysfs(self):
        self.ill(EXIT_KERNEL, "uprobes", ["neither links", "nor uprobes"], "CONFIG_UPROBE_EVENTS=y",
                 prefix=[*mounted("mount -t tmpfs tmpfs /sys/bus/event_source"), *perf_events()])

    def test_links_need_nothing_in_sysfs(self):
        if not LINKS:
            self.skipTest("this kernel has none")
        self.harmless(*mounted("mount -t tmpfs tmpfs /sys/bus/event_source"))

    def test_without_proc(self):
        self.ill(EXIT_KERNEL, "kernel", ["/proc is not mounted"], "mount -t proc proc /proc",
                 prefix=mounted("mount -t tmpfs tmpfs /proc"))


class Memory(Doctor):
    def group(self):
        """A new memory cgroup and the name of its limit."""
        for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            group = pathlib.Path(root) / ("viztrace-e2e-%d" % os.getpid())
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(harness.wait_until, lambda: removed(group))
            if (group / limit).exists():
                return group, limit
        return self.skipTest("no memory cgroup can be made here")

    def test_rings_that_are_larger_than_the_memory(self):
        group, limit = self.group()
        (group / limit).write_text("60M")
        prefix = ["sh", "-ec", 'echo $$ >%s/cgroup.procs; exec "$@"' % group, "sh"]
        self.ill(EXIT_KERNEL, "eBPF", ["memory", "ring buffers"], "--ring-size 64k", "--ring-size", "64M", prefix=prefix)
        self.healthy("--ring-size", "64k", prefix=prefix)


def removed(group):
    """It is busy as long as the last process of it is on its way out."""
    try:
        group.rmdir()
    except OSError:
        return not group.exists()
    return True


class Processes(Doctor):
    def test_no_such_process(self):
        gone = harness.Process(["true"])
        gone.wait()
        gone.clean_up()
        inside = os.stat("/proc/self/ns/pid").st_ino != INITIAL_PIDNS
        self.ill(EXIT_NO_PROCESS, "process", ["there is no %d" % gone.pid], "--pid=host" if inside else "ps -e",
                 "-p", gone.pid)

    def test_a_process_outside_of_this_pid_namespace(self):
        target = self.target(harness.build("steady"))
        self.ill(EXIT_NO_PROCESS, "process", [str(target.pid), "PID namespace"], "docker run --pid=host",
                 "-p", target.pid, prefix=["unshare", "-p", "-f", "--mount-proc"])

    def test_a_thread(self):
        target = self.target(harness.build("steady"))
        tid = max(int(t) for t in os.listdir("/proc/%d/task" % target.pid))
        self.ill(EXIT_NO_PROCESS, "process", [str(tid), "thread"], "-p %d" % target.pid, "-p", tid)

    def test_a_process_without_probes(self):
        sleep = harness.Process(["sleep", "1000"])
        self.addCleanup(sleep.clean_up)
        self.assertTrue(harness.wait_until(lambda: "sleep" in harness.mapped(sleep.pid)))
        self.ill(EXIT_NO_PROBES, "process", [str(sleep.pid), "sleep", "no viz probes"], "viztrace.h", "-p", sleep.pid)


INIT = r"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
mount -t securityfs security /sys/kernel/security
exec >/dev/ttyS1 2>&1
doctor() {
	echo "== $1"
	shift
	"$@" /app/viztrace-bpf doctor
	echo "rc=$?"
}
as_root() { "$@"; }
with_caps() {
	kept=$1
	shift
	/app/setpriv --bounding-set="-all,$kept" --inh-caps=-all "$@"
}
doctor healthy as_root
echo 3 >/proc/sys/kernel/perf_event_paranoid
(ulimit -l 64 && doctor memlock with_caps +sys_admin,+sys_ptrace)
(ulimit -l 0 && doctor no-memlock with_caps +sys_admin,+sys_ptrace)
ulimit -l unlimited
doctor paranoid with_caps +bpf,+perfmon,+sys_ptrace
doctor paranoid-mended with_caps +sys_admin,+sys_ptrace
echo integrity >/sys/kernel/security/lockdown
doctor integrity as_root
echo confidentiality >/sys/kernel/security/lockdown
doctor confidentiality as_root
/app/steady </dev/ttyS0 &
echo "== traced"
/app/viztrace-bpf -p $! -d 1 -o /trace.json
echo "rc=$?"
poweroff -f
"""


class OldAndLockedDown(Doctor):
    """What this machine's kernel has not, or would keep until it is booted again: a kernel of 5.10 in a virtual machine."""

    order = -1

    def boot(self, kernel):
        """What each call of the doctor said in there: {name: (exit code, lines)}."""
        vmlinuz = debian.cache() / kernel / "vmlinuz"
        missing, machine = guest.missing("amd64"), guest.MACHINES["amd64"]
        if missing or not vmlinuz.exists():
            self.skipTest("no %s" % (" and no ".join(missing) or "kernel %s: make test-kernels gets it" % kernel))
        image, said = self.dir / "image", self.dir / "said"
        cpio = guest.Cpio()
        for folder in ("proc", "sys", "dev"):
            cpio.add(folder, guest.DIRECTORY)
        cpio.add("dev/console", guest.DEVICE, device=(5, 1))
        cpio.add("init", guest.FILE, INIT.encode())
        for name, program in (("bin/busybox", shutil.which("busybox")), ("app/viztrace-bpf", harness.TOOL),
                              ("app/steady", harness.build("steady")), ("app/setpriv", shutil.which("setpriv"))):
            cpio.add(name, guest.FILE, pathlib.Path(program).read_bytes())
            for library in guest.libraries(program):
                cpio.add(library.lstrip("/"), guest.FILE, pathlib.Path(library).read_bytes())
        for applet in ("sh", "mount", "poweroff"):
            cpio.add("bin/" + applet, guest.LINK, b"busybox")
        image.write_bytes(gzip.compress(cpio.bytes(), 1))
        subprocess.run([machine.qemu, *guest.COMMON, *machine.options, "-kernel", vmlinuz, "-initrd", image, "-append",
                        "console=ttyS0 panic=-1 quiet",
                        "-serial", "file:%s" % (self.dir / "console"), "-serial", "file:%s" % said],
                       stdin=subprocess.DEVNULL, check=True, timeout=20 * harness.TIMEOUT)
        found = re.findall(r"^== (\S+)\n(.*?)^rc=(\d+)$", said.read_text().replace("\r", ""), re.S | re.M)
        return {name: (int(code), text.splitlines()) for name, text, code in found}

    def test_limits_that_only_other_kernels_have(self):
        said = self.boot("5.10")
        for name in ("healthy", "paranoid-mended", "integrity", "confidentiality"):
            with self.subTest(name):
                self.assertEqual(said[name][0], 0, said[name])
                self.is_healthy(said[name][1])
        for name, stage, says, mends in (
                ("memlock", "eBPF", "only 64 KiB of locked memory", "ulimit -l unlimited (docker run --ulimit memlock=-1)"),
                ("no-memlock", "eBPF", "only 0 KiB of locked memory", "ulimit -l unlimited"),
                ("paranoid", "uprobes", "CAP_SYS_ADMIN", "--cap-add=SYS_ADMIN")):
            with self.subTest(name):
                self.assertEqual(said[name][0], EXIT_PERMISSION, said[name])
                self.is_ill(said[name][1], stage, [says], mends)
        self.assertIn("-f does not work", said["confidentiality"][1][2])
        self.assertEqual(said["traced"][0], 0, said["traced"])
        self.assertIn("  lost 0, filtered 0, truncated 0, unreadable 0", said["traced"][1])
