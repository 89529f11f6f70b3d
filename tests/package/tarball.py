#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make dist`: the same tarball each time, from which the same program is built each time, without clang and bpftool."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import suite  # noqa: E402 pylint: disable=wrong-import-position

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = "-j%d" % (os.cpu_count() or 1)
# Neither may be called.
WITHOUT = ("CLANG=/bin/false", "BPFTOOL=/bin/false")


def make(folder, *args, check=True, **env):
    done = subprocess.run(["make", "-s", "--no-print-directory", *args], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, check=False,
                          env={**{k: v for k, v in os.environ.items() if not k.startswith("MAKE")}, **env})
    if check and done.returncode:
        raise AssertionError("make %s: %s" % (" ".join(args), done.stdout[-3000:]))
    return done


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


class Tarball(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="viztrace-dist-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make(ROOT, "dist")
        made, = (ROOT / "build").glob("viztrace-bpf-*.tar.gz")
        cls.name = made.name[:-len(".tar.gz")]
        cls.tarball = cls.folder / made.name
        shutil.copy(made, cls.tarball)
        cls.tree = cls.unpack("first")
        make(cls.tree, JOBS, *WITHOUT)

    @classmethod
    def unpack(cls, where):
        (cls.folder / where).mkdir()
        with tarfile.open(cls.tarball) as tar:
            tar.extractall(cls.folder / where)
        return cls.folder / where / cls.name

    def test_it_is_the_same_each_time(self):
        """From the tree again, under another umask and in another time zone; and from the tarball itself."""
        time = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
        again = self.folder / "again.tar.gz"
        old = os.umask(0o077)
        try:
            make(ROOT, "dist", TZ="Asia/Tokyo", LC_ALL="C")
        finally:
            os.umask(old)
        shutil.copy(ROOT / "build" / self.tarball.name, again)
        self.assertEqual(digest(again), digest(self.tarball))
        if time.returncode == 0:
            make(self.tree, "dist", *WITHOUT, SOURCE_DATE_EPOCH=time.stdout.strip())
            self.assertEqual(digest(self.tree / "build" / self.tarball.name), digest(self.tarball))

    def test_nobody_owns_it_and_all_may_read_it(self):
        with tarfile.open(self.tarball) as tar:
            members = tar.getmembers()
        self.assertEqual({(m.uid, m.gid, m.mode & 0o7022) for m in members}, {(0, 0, 0)})
        self.assertEqual(len({m.mtime for m in members}), 1)
        names = [m.name for m in members]
        self.assertFalse([n for n in names if "/build/" in n or "__pycache__" in n or "/.git/" in n])
        self.assertIn(self.name + "/bpf/skeletons/sums", names)

    def test_the_program_is_the_same_in_another_place(self):
        other = self.unpack("a/second/place".replace("/", "-"))
        make(other, JOBS, *WITHOUT, SOURCE_DATE_EPOCH="1")
        self.assertEqual(digest(other / "build" / "viztrace-bpf"), digest(self.tree / "build" / "viztrace-bpf"))

    def test_it_installs_and_uninstalls(self):
        root = self.folder / "root"
        make(self.tree, "install", *WITHOUT, "DESTDIR=%s" % root, "PREFIX=/opt/viz")
        self.assertEqual(files(root), sorted([
            "opt/viz/bin/viztrace-bpf", "opt/viz/include/viztrace.h", "opt/viz/include/viztrace.hpp",
            "opt/viz/lib/systemd/system/viztrace-bpf@.service", "opt/viz/share/bash-completion/completions/viztrace-bpf",
            "opt/viz/share/fish/vendor_completions.d/viztrace-bpf.fish", "opt/viz/share/man/man1/viztrace-bpf.1",
            "opt/viz/share/man/man3/viztrace.h.3", "opt/viz/share/man/man7/viztrace-trace.7",
            "opt/viz/share/pkgconfig/viztrace.pc", "opt/viz/share/zsh/site-functions/_viztrace-bpf"]))
        said = subprocess.run([root / "opt/viz/bin/viztrace-bpf", "--version"], capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout.split(), ["viztrace-bpf", self.name.rsplit("-", 1)[1]])
        make(self.tree, "uninstall", "DESTDIR=%s" % root, "PREFIX=/opt/viz")
        self.assertEqual(files(root), [])

    @unittest.skipUnless(shutil.which("rpmbuild"), "rpmbuild is not installed")
    def test_an_rpm_is_built_from_it(self):
        """Without its dependencies, which are other names where rpm is a guest."""
        make(self.tree, "rpm", *WITHOUT, "RPM_FLAGS=--nodeps")
        found = {p.name.split("-0")[0]: p for p in (self.tree / "build" / "rpm" / "RPMS").rglob("*.rpm")}
        self.assertLessEqual({"viztrace-bpf", "viztrace-devel"}, set(found))
        for package, wanted in (("viztrace-bpf", ("/usr/bin/viztrace-bpf", "/usr/share/man/man1/viztrace-bpf.1")),
                                ("viztrace-devel", ("/usr/include/viztrace.h", "/usr/include/viztrace.hpp",
                                                      "/usr/share/pkgconfig/viztrace.pc"))):
            listed = subprocess.run(["rpm", "-qlp", found[package]], capture_output=True, text=True, check=True).stdout
            for path in wanted:
                self.assertIn("\n" + path, "\n" + listed)

    def test_skeletons_of_other_sources_are_refused(self):
        tree = self.unpack("changed")
        source = tree / "bpf" / "record.h"
        source.write_text(source.read_text() + "\n/* changed */\n")
        done = make(tree, "build/viztrace.skel.h", *WITHOUT, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"not those that the skeletons in bpf/skeletons were made from; build with BPF_FROM_SOURCE")
        self.assertFalse((tree / "build" / "viztrace.skel.h").exists())

    def test_skeletons_are_what_the_sources_make(self):
        """With this machine's clang and bpftool, which made them."""
        tree = self.unpack("again")
        make(tree, "build/viztrace.skel.h", "build/follow.skel.h", "BPF_FROM_SOURCE=1")
        for built in (tree / "build").glob("*.skel.h"):
            shipped, = (tree / "bpf" / "skeletons").glob("*/" + built.name)
            self.assertEqual(digest(built), digest(shipped), built.name)


class Versions(unittest.TestCase):
    """One version, in VIZTRACE_VERSION; what has to repeat it says the same."""

    def test_all_say_the_same(self):
        header = (ROOT / "include" / "viztrace.h").read_text()
        number, version = re.search(r"^#define VIZTRACE_VERSION (\d+) /\* ([\d.]+):", header, re.M).groups()
        major, minor, patch = map(int, version.split("."))
        self.assertEqual(int(number), major * 10000 + minor * 100 + patch)
        self.assertEqual(re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1], version)
        self.assertEqual(re.match(r"viztrace-bpf \(([\d.]+)\)", (ROOT / "debian" / "changelog").read_text())[1], version)
        spec = (ROOT / "debian" / "viztrace-bpf.spec").read_text()
        self.assertEqual(re.search(r"^Version: +([\d.]+)$", spec, re.M)[1], version)


if __name__ == "__main__":
    sys.exit(suite.main())
