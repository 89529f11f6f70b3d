# SPDX-License-Identifier: BSD-2-Clause
"""The images: a bare Debian, and on it this tree with what its tests need.

A bare one comes from, in this order: the engine's own store; VIZTRACE_BASE_IMAGE (a name, to which the tag is added);
the cache ($XDG_CACHE_HOME/viztrace-containers, or ~/.cache); the registry that the engine knows; debootstrap, from the
mirror that this machine's apt uses, which fills the cache.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import engine as engines

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "kernels"))
import debian

SUITES = {"12": "bookworm", "13": "trixie"}
# Of this machine's settings for apt, those that say how to reach a mirror and what to think of its age.
APT_SETTINGS = re.compile(r"^Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date|Retries) .*$", re.M)
PULL_TIMEOUT = 60
BUILD_TIMEOUT = 1800
LABEL = "viztrace.test"


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "viztrace-containers"


def apt_settings():
    try:
        said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    return "".join(line + "\n" for line in APT_SETTINGS.findall(said))


def proxies():
    """As a build takes them and debootstrap's downloader does: the environment's, else apt's."""
    found = {key: os.environ[key] for key in ("http_proxy", "https_proxy", "no_proxy") if os.environ.get(key)}
    for kind, value in re.findall(r'^Acquire::(https?)::Proxy "([^"]+)"', apt_settings(), re.M):
        found.setdefault(kind + "_proxy", value)
    return found


def debootstrap(release, archive):
    program = shutil.which("debootstrap", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not program:
        raise engines.Unavailable("no image registry to be reached, and no debootstrap")
    try:
        mirror = debian.mirror(SUITES[release])
    except debian.Unavailable as e:
        raise engines.Unavailable("no image registry to be reached, and " + str(e)) from None
    packages = archive.parent / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="debian%s-" % release, dir=archive.parent) as folder:
        root = pathlib.Path(folder) / "root"
        done = subprocess.run([program, "--variant=minbase", "--cache-dir=%s" % packages, SUITES[release], root, mirror],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_TIMEOUT,
                              env={**os.environ, **proxies()}, check=False)
        if done.returncode:
            raise engines.Unavailable("debootstrap: " + engines.last_line(done.stdout + done.stderr))
        shutil.rmtree(root / "var" / "cache" / "apt" / "archives", ignore_errors=True)
        (root / "etc" / "apt" / "apt.conf.d" / "99host").write_text(apt_settings())
        half = pathlib.Path(folder) / "tar"
        subprocess.run(["tar", "-C", root, "--one-file-system", "-cf", half, "."], check=True)
        os.replace(half, archive)


def base(engine, release):
    """The name of a bare image, and where it came from."""
    name = "viztrace-base:" + release
    wanted = os.environ.get("VIZTRACE_BASE_IMAGE")
    archive = cache() / ("debian%s.tar" % release)
    if wanted:
        image = "%s:%s" % (wanted, release)
        if not engine.has_image(image) and engine.call("pull", image).returncode:
            raise engines.Unavailable("cannot pull " + image)
        return image, image
    if engine.has_image(name):
        return name, "made before"
    origin = "the cache"
    if not archive.exists():
        image = "debian:" + release
        if engine.call("pull", "-q", image, timeout=PULL_TIMEOUT).returncode == 0:
            engine.call("tag", image, name)
            return name, "a registry"
        debootstrap(release, archive)
        origin = "debootstrap"
    done = engine.call("import", archive, name)
    if done.returncode:
        raise engines.Unavailable("import: " + engines.last_line(done.stderr))
    return name, origin


def copy_tree(folder):
    """A clone, and in it the tree as it is: what is not committed yet is tested too."""
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    changed = "".join(subprocess.run(["git", *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout
                      for command in (("diff", "-z", "--name-only", "--no-renames", "HEAD"),
                                      ("ls-files", "-z", "--others", "--exclude-standard")))
    for path in filter(None, changed.split("\0")):
        source, copy = ROOT / path, folder / path
        if source.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
        else:
            copy.unlink(missing_ok=True)


def tree(engine, release, base_image, log):
    """The name of the image with this tree in it, built."""
    name = "viztrace-test:" + release
    with tempfile.TemporaryDirectory(prefix="viztrace-context-") as folder:
        context = pathlib.Path(folder) / "tree"
        copy_tree(context)
        arguments = ["BASE=" + base_image, *("%s=%s" % p for p in proxies().items())]
        done = engine.call("build", *engine.build_flags, "--label", LABEL + "=1", "-t", name, "-f",
                           context / "tests" / "container" / "Containerfile",
                           *(part for a in arguments for part in ("--build-arg", a)), context, timeout=BUILD_TIMEOUT)
    log.write_text(done.stdout + done.stderr)
    # That of the last time has lost its name.
    engine.call("image", "prune", "-f", "--filter", "label=" + LABEL)
    if done.returncode:
        raise RuntimeError("%s\n%s" % (engine, (done.stdout + done.stderr)[-3000:]))
    return name
