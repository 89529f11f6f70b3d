#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's packages in bare Debians: run.py [--spaces 12,13] [--build DIR] --tarball FILE build|test

build  from the tarball of `make dist`, in a bare Debian with nothing but what debian/control asks for: what comes out is in
       build/package/debianN, and lintian has looked at it
test   the same, built twice, elsewhere and at another time, to be equal bit by bit; then installed in another bare Debian,
       the installed examples traced by debian/tests, and purged: nothing may be left; and autopkgtest in a third one

As root. The bare ones are those of tests/container/images.py: from its cache, else from debootstrap.
"""
import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "container"))
import engine
import images

TIMEOUT = 1800
# The root of it all, seen from the machine that it runs on.
ENTER = 'for d in proc sys dev; do mount --rbind /$d "$1/$d" || exit; done; root=$1; shift; exec chroot "$root" "$@"'
# What is there after apt has come and gone, whatever it was called for.
APT = ("/var/lib/apt", "/var/cache", "/var/log", "/var/lib/dpkg", "/tmp", "/proc", "/sys", "/dev", "/run", "/root")


class Failed(Exception):
    pass


class Space:
    """A bare Debian in a folder, until the end of the with."""

    def __init__(self, release):
        self.release = release

    def __enter__(self):
        archive = images.cache() / ("debian%s.tar" % self.release)
        if not archive.exists():
            images.debootstrap(self.release, archive)
        self.stack = contextlib.ExitStack()
        self.root = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="viztrace-debian%s-" % self.release)))
        subprocess.run(["tar", "-xpf", archive, "-C", self.root], check=True)
        shutil.copy("/etc/resolv.conf", self.root / "etc" / "resolv.conf")
        os.chmod(self.root, 0o755)
        self.call("apt-get", "update", "-qq")
        return self

    def __exit__(self, *error):
        self.stack.close()

    def call(self, *command, **env):
        """What it says; Failed if it fails."""
        done = subprocess.run(["unshare", "--mount", "sh", "-c", ENTER, "sh", self.root, *map(str, command)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=TIMEOUT, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                                   "DEBIAN_FRONTEND": "noninteractive", **images.proxies(), **env})
        if done.returncode:
            raise Failed("%s: %s\n%s" % (" ".join(map(str, command)), done.returncode, done.stdout[-6000:]))
        return done.stdout

    def install(self, *packages):
        self.call("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)

    def files(self):
        found = set()
        for folder, folders, names in os.walk(self.root):
            inside = "/" + os.path.relpath(folder, self.root)
            folders[:] = [f for f in folders if os.path.join(inside, f).replace("/./", "/") not in APT]
            found |= {os.path.join(inside, n).replace("/./", "/") for n in names + folders}
        return found


def unpack(space, tarball, where):
    """The source package's tree in a folder of the space, as its path inside."""
    name = tarball.name[:-len(".tar.gz")]
    folder = space.root / where
    folder.mkdir(parents=True)
    subprocess.run(["tar", "--no-same-owner", "-xzf", tarball, "-C", folder], check=True)
    return "/%s/%s" % (where, name)


def build(space, tree, **env):
    """The .deb files, by their names."""
    space.call("sh", "-c", "cd %s && exec dpkg-buildpackage -us -uc" % tree, **env)
    debs = {p.name: p for p in (space.root / tree[1:]).parent.glob("*.deb")}
    if {n.split("_")[0] for n in debs} != {"viztrace-bpf", "viztrace-bpf-dbgsym", "libviztrace-dev"}:
        raise Failed("built: %s" % ", ".join(debs))
    return debs


def prepare(space, tarball):
    tree = unpack(space, tarball, "build/one")
    space.install("build-essential", "fakeroot")
    space.call("sh", "-c", "cd %s && exec apt-get build-dep -y -qq --no-install-recommends ./" % tree)
    return tree


def lint(folder):
    """lintian's warnings are failures, unless an override says why."""
    if not shutil.which("lintian"):
        print("lintian is not installed, it has not looked")
        return
    changes, = folder.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", "-EviL", "+pedantic", "--fail-on", "error,warning", changes],
                          capture_output=True, text=True, check=False, timeout=TIMEOUT)
    tags = [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:", "I:", "P:", "X:", "O:")]
    print("\n".join(tags))
    if done.returncode:
        raise Failed("lintian: %s" % (done.stdout + done.stderr)[-4000:])


def run_build(release, tarball, out):
    """The packages, in `out`; and in the space, which goes."""
    with Space(release) as space:
        tree = prepare(space, tarball)
        debs = build(space, tree)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        for path in debs[next(iter(debs))].parent.iterdir():
            if path.is_file():
                shutil.copy(path, out)
        yield space, debs
    lint(out)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_equal(space, tarball, debs):
    tree = unpack(space, tarball, "another/place/of/a/longer/name")
    again = build(space, tree, TZ="Asia/Tokyo", LC_ALL="C", USER="somebody")
    for name, path in debs.items():
        if digest(path) != digest(again[name]):
            raise Failed("%s is another one when it is built in another place" % name)
    print("%d packages built twice are equal" % len(debs))


def check_installed(release, out):
    with Space(release) as space:
        # What the test takes besides; it stays.
        needs = [line.split(":", 1)[1] for line in (ROOT / "debian" / "tests" / "control").read_text().splitlines()
                 if line.startswith("Depends: @")][0]
        space.install(*(d.split("|")[0].strip() for d in needs.split(",")[1:]), "man-db")
        before = space.files()
        (space.root / "debs").mkdir()
        for path in out.glob("*.deb"):
            if "dbgsym" not in path.name:
                shutil.copy(path, space.root / "debs")
        names = [p.name for p in (space.root / "debs").iterdir()]
        shutil.copytree(ROOT / "debian" / "tests", space.root / "debs" / "tests")
        space.install(*("/debs/" + n for n in names))
        print(space.call("/debs/tests/installed-example", AUTOPKGTEST_TMP="/tmp").strip())
        space.call("sh", "-c", "viztrace-bpf doctor && man -w viztrace-bpf viztrace.h viztrace-trace")
        space.call("apt-get", "purge", "-y", "-qq", "--autoremove", "viztrace-bpf", "libviztrace-dev")
        shutil.rmtree(space.root / "debs")
        left = space.files() - before
        if left:
            raise Failed("left behind: %s" % ", ".join(sorted(left)))
        print("installed, traced, purged: nothing is left")


def check_autopkgtest(release, tarball, out):
    """debian/tests by Debian's own runner, with the packages that were built. The machine is the one of this run: that is its isolation."""
    with Space(release) as space:
        tree = unpack(space, tarball, "build")
        debs = [shutil.copy(path, space.root / "build") for path in out.glob("*.deb") if "dbgsym" not in path.name]
        space.install("autopkgtest")
        said = space.call("autopkgtest", "--ignore-restrictions=isolation-machine", "--no-built-binaries",
                          *("/build/" + os.path.basename(deb) for deb in debs), tree + "/", "--", "null")
        results = re.findall(r"^(\S+) +([A-Z]{4,})\b", said[said.rindex("@ summary\n"):], re.M)
        print("autopkgtest: %s" % ", ".join("%s %s" % r for r in results))
        if [outcome for _, outcome in results] != ["PASS", "PASS"]:
            raise Failed(said[-4000:])


def run(what, release, tarball, out):
    for space, debs in run_build(release, tarball, out):
        if what == "test":
            check_equal(space, tarball, debs)
    if what == "test":
        check_installed(release, out)
        check_autopkgtest(release, tarball, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("build", "test"))
    parser.add_argument("--spaces", default=",".join(images.SUITES), metavar="N,N", help="Debian's releases (default: all)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", metavar="DIR")
    parser.add_argument("--tarball", type=pathlib.Path, required=True, metavar="FILE", help="of `make dist`")
    args = parser.parse_args()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for release in args.spaces.split(","):
        out = args.build / "package" / ("debian" + release)
        start, outcome = time.monotonic(), "passed"
        try:
            if os.geteuid():
                raise engine.Unavailable("a chroot takes root")
            run(args.what, release, args.tarball, out)
        except engine.Unavailable as e:
            outcome = "skipped"
            print("skipped debian%s: %s" % (release, e))
        except (Failed, subprocess.SubprocessError) as e:
            outcome = "failed"
            print("FAILED debian%s: %s" % (release, e))
        counts[outcome] += 1
        print("debian%s: %s, %.0f s, %s" % (release, outcome, time.monotonic() - start, out), flush=True)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
