# SPDX-License-Identifier: BSD-2-Clause
"""podman or docker, whichever runs containers here, and how.

A CI machine takes the plain commands. A sandbox may refuse limits higher than our own, and crun a cgroup2 hierarchy
beside cgroup1's; Engine.settle() finds out by trying.
"""
import ctypes
import itertools
import json
import os
import pathlib
import resource
import shutil
import subprocess

CLONE_NEWNS = 0x20000
HYBRID = pathlib.Path("/sys/fs/cgroup/unified")
PODMAN_PROFILES = (pathlib.Path("/etc/containers/seccomp.json"), pathlib.Path("/usr/share/containers/seccomp.json"))
TRACING = {"bpf": "CAP_BPF", "perf_event_open": "CAP_PERFMON"}


class Unavailable(Exception):
    pass


def seccomp_profile(default, by_capability):
    """A profile that lets through what a tracer calls, and is `default` in all else; with by_capability as docker's does."""
    profile = json.loads(default)
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name not in TRACING]
    profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"]]
    for name, cap in TRACING.items():
        profile["syscalls"] += [{"names": [name], "action": "SCMP_ACT_ALLOW", "includes": {"caps": [c]} if c else {}}
                                for c in ((cap, "CAP_SYS_ADMIN") if by_capability else (None,))]
    return json.dumps(profile)


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


class Engine:
    def __init__(self, program):
        self.program = program
        self.podman = os.path.basename(program) == "podman"
        self.flags = []  # of run
        self.build_flags = ["--network=host"]
        self.numbers = itertools.count(1)

    def __str__(self):
        return " ".join([os.path.basename(self.program), *self.flags])

    def call(self, *args, timeout=600, **more):
        """CompletedProcess of `podman ARGS`."""
        more.setdefault("stdin", subprocess.DEVNULL)
        try:
            return subprocess.run([self.program, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, errors="replace", timeout=timeout, check=False, **more)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(args, -1, "", "no answer in %d s" % timeout)

    def command(self, *args, **more):
        """(the container's name, argv that runs it); more: see flags_for()."""
        name = "viztrace-%d-%d" % (os.getpid(), next(self.numbers))
        return name, [self.program, "run", "--rm", "--name", name, "--stop-signal=KILL", *self.flags,
                      *self.flags_for(**more), *map(str, args)]

    @staticmethod
    def flags_for(caps=(), drop=False, flags=(), network="none"):
        return ["--network=" + network, *(["--cap-drop=ALL"] if drop else []), *("--cap-add=" + c for c in caps), *flags]

    def remove(self, name):
        self.call("rm", "-f", name)

    def has_image(self, image):
        return self.call("image", "inspect", image).returncode == 0

    def _plainly(self):
        return True

    def _within_our_limits(self):
        """Higher ones are the engine's default, and take CAP_SYS_RESOURCE."""
        limits = []
        for name, number, most in (("nofile", resource.RLIMIT_NOFILE, 65536), ("nproc", resource.RLIMIT_NPROC, 32768)):
            hard = resource.getrlimit(number)[1]
            n = most if hard == resource.RLIM_INFINITY else min(hard, most)
            limits += ["--ulimit", "%s=%d:%d" % (name, n, n)]
        self.flags += limits
        self.build_flags += limits
        return True

    def _without_hybrid_cgroups(self):
        """For us alone, in a mount namespace that this process gets."""
        if not self.podman or not os.path.ismount(HYBRID):
            return False
        if ctypes.CDLL(None).unshare(CLONE_NEWNS):
            return False
        return all(subprocess.run(command, check=False, capture_output=True).returncode == 0 for command in (
            ["mount", "--make-rprivate", "/"], ["umount", HYBRID]))

    def settle(self, image):
        why = ""
        for way in (self._plainly, self._within_our_limits, self._without_hybrid_cgroups):
            if not way():
                continue
            name, command = self.command(image, "true")
            done = self.call(*command[1:], timeout=120)
            if done.returncode == 0:
                return
            self.remove(name)
            why = last_line(done.stderr)
        raise Unavailable("%s runs no container here: %s" % (os.path.basename(self.program), why))

    def seccomp(self, folder, by_capability=False):
        """Flags for a container that traces with less than CAP_SYS_ADMIN: podman's own profile refuses that. Without
        by_capability nobody but the kernel decides."""
        default = next((p for p in PODMAN_PROFILES if p.exists()), None) if self.podman else None
        if not default:
            return []
        profile = folder / ("seccomp-by-capability.json" if by_capability else "seccomp.json")
        profile.write_text(seccomp_profile(default.read_text("utf-8"), by_capability))
        return ["--security-opt", "seccomp=%s" % profile]


def find():
    wanted = os.environ.get("VIZTRACE_CONTAINER_ENGINE")
    if os.geteuid():
        raise Unavailable("eBPF needs root, containers without it have none")
    reasons = []
    for program in [wanted] if wanted else ["podman", "docker"]:
        path = shutil.which(program)
        if not path:
            reasons.append("no " + program)
            continue
        engine = Engine(path)
        done = engine.call("info", timeout=60)
        if done.returncode == 0:
            return engine
        reasons.append("%s: %s" % (program, last_line(done.stderr)))
    raise Unavailable("; ".join(reasons))
