# SPDX-License-Identifier: BSD-2-Clause
"""Debian's kernels, and what it takes to build for another architecture, from the mirror that this machine's apt uses.

In: the name of a kernel. Out: a vmlinuz in the cache and the package it came from, or Unavailable with the reason. The
machine's own apt stays as it is: what is needed for the look-up (sources, lists, packages) lives in the cache for as
long as it takes. What was fetched once is used from then on; refresh=True looks for something newer.
"""
import glob
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tarfile

# Kernel: the suites that may have it, the first one first. "newest" is what its suite has.
SUITES = {
    "5.10": ("bullseye-security", "bullseye"),
    "6.1": ("bookworm-security", "bookworm"),
    "6.12": ("trixie-security", "trixie", "bookworm-backports"),
    "newest": ("sid",),
}
# Name: architecture, suites.
KERNELS = {k + end: (arch, suites) for arch, end in (("amd64", ""), ("arm64", "-arm64")) for k, suites in SUITES.items()}
METAPACKAGE = "linux-image-cloud-%s"
# For another architecture: what the tool is linked with, all of it static, and what else a guest needs.
PACKAGES = ("libbpf-dev", "libelf-dev", "zlib1g-dev", "libzstd-dev", "libjansson-dev", "libncurses-dev",
            "busybox-static", "util-linux", "libcap-ng0")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NAMES = r"(?:bullseye|bookworm|trixie|forky|duke|sid|(?:old){0,2}stable|testing|unstable)"
MAIN = re.compile(NAMES + r"(?:-updates|-backports)?\Z")
SECURITY = re.compile(NAMES + r"(?:-security|/updates)\Z")
TIMEOUT = 900


class Unavailable(Exception):
    pass


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "viztrace-kernels"


def entries(etc="/etc/apt"):
    """(uri, suite) of the machine's sources, both styles of files."""
    for path in sorted(glob.glob(etc + "/sources.list") + glob.glob(etc + "/sources.list.d/*.list")):
        for line in pathlib.Path(path).read_text("utf-8").splitlines():
            m = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)", line)
            if m:
                yield m[1], m[2]
    for path in sorted(glob.glob(etc + "/sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", pathlib.Path(path).read_text("utf-8")):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.M))
            if fields.get("Enabled", "yes").strip() == "no" or "deb" not in fields.get("Types", "").split():
                continue
            for uri in fields.get("URIs", "").split():
                for suite in fields.get("Suites", "").split():
                    yield uri, suite


def mirror(suite):
    wanted = SECURITY if suite.endswith("-security") else MAIN
    for uri, known in entries():
        if wanted.match(known):
            return uri
    raise Unavailable("apt has no source like %s here" % suite)


class Apt:
    """apt with one suite and a folder of its own."""

    def __init__(self, suite, folder, arch):
        self.suite, self.folder, self.arch = suite, folder, arch
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "archives" / "partial").mkdir(parents=True)
        (folder / "status").touch()
        signed = "[signed-by=%s] " % KEYRING if os.path.exists(KEYRING) else ""
        (folder / "sources.list").write_text("deb %s%s %s main\n" % (signed, mirror(suite), suite))
        self.run("apt-get", "update", "--error-on=any")

    def run(self, program, *args):
        options = {"Dir::Etc::sourcelist": self.folder / "sources.list", "Dir::Etc::sourceparts": "-",
                   "Dir::State": self.folder, "Dir::State::status": self.folder / "status", "Dir::Cache": self.folder,
                   "APT::Architecture": self.arch, "APT::Architectures": self.arch, "Acquire::Languages": "none",
                   "APT::Sandbox::User": ""}
        command = [program, *("-o%s=%s" % o for o in options.items()), *args]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                                  cwd=self.folder, env={**os.environ, "LC_ALL": "C"}, check=False)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Unavailable(str(e)) from None
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["E: no reason given"]
            raise Unavailable("%s: %s" % (self.suite, said[0][2:].strip()))
        return done.stdout

    def depends(self, package):
        found = re.search(r"^Depends: (.*)$", self.run("apt-cache", "--no-all-versions", "show", package), re.M)
        return re.findall(r"[\w.+-]+(?= ?[(,|]|$)", found[1]) if found else []

    def kernel_packages(self):
        """Those that may hold the image itself: the one that the metapackage names, or one that this one names."""
        images = [p for p in self.depends(METAPACKAGE % self.arch) if re.match(r"linux-image-\d", p)]
        if not images:
            raise Unavailable("%s: no %s" % (self.suite, METAPACKAGE % self.arch))
        return images + [p for p in self.depends(images[0]) if p.startswith("linux-binary-")]

    def extract(self, package, output):
        """Whether the package has a kernel, which is `output` then."""
        self.run("apt-get", "download", package)
        archive = next(self.folder.glob(package + "_*.deb"))
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as unpack:
            with tarfile.open(fileobj=unpack.stdout, mode="r|") as tar:
                found = False
                for member in tar:
                    if member.isfile() and re.match(r"vmlinuz", os.path.basename(member.name)):
                        output.write_bytes(tar.extractfile(member).read())
                        found = True
        archive.unlink()
        return found


def fetch(kernel, folder):
    reasons = []
    arch, suites = KERNELS[kernel]
    for suite in suites:
        work = folder / "apt"
        shutil.rmtree(work, ignore_errors=True)
        try:
            apt = Apt(suite, work, arch)
            for package in apt.kernel_packages():
                if apt.extract(package, folder / "vmlinuz.new"):
                    os.replace(folder / "vmlinuz.new", folder / "vmlinuz")
                    (folder / "package").write_text("%s from %s\n" % (package, suite))
                    return
            reasons.append("%s: no package with a kernel" % suite)
        except Unavailable as e:
            reasons.append(str(e))
        finally:
            shutil.rmtree(work, ignore_errors=True)
    raise Unavailable("; ".join(reasons))


def get(kernel, refresh=False):
    """(path of the vmlinuz, the package's name and suite)"""
    folder = cache() / kernel
    folder.mkdir(parents=True, exist_ok=True)
    if refresh or not (folder / "package").exists():
        fetch(kernel, folder)
    return folder / "vmlinuz", (folder / "package").read_text().strip()


def release():
    """The suite that this machine runs: the cross compiler's C library is of that one."""
    try:
        return platform.freedesktop_os_release()["VERSION_CODENAME"]
    except (OSError, KeyError):
        raise Unavailable("no Debian here") from None


def unpacked(arch, refresh=False):
    """A folder with the PACKAGES of this machine's release for another architecture."""
    suite = release()
    folder = cache() / ("%s-%s" % (suite, arch))
    if refresh or not folder.exists():
        work, new = cache() / (folder.name + ".apt"), cache() / (folder.name + ".new")
        for old in work, new:
            shutil.rmtree(old, ignore_errors=True)
        try:
            Apt(suite, work, arch).run("apt-get", "download", *PACKAGES)
            for package in work.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, new], check=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
    return folder
