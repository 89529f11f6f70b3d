# SPDX-License-Identifier: BSD-2-Clause
"""The tool for aarch64, by this machine's cross compiler: make's own way, as anybody would build it for another machine."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC = "aarch64-linux-gnu-gcc"
SYSTEM = pathlib.Path("/usr/aarch64-linux-gnu")  # its C library, headers of its kernel


class Failed(Exception):
    pass


def make(folder, *arguments, **variables):
    """Run make with `folder` for build/."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
    done = subprocess.run(["make", "-j2", "-C", ROOT, "B=%s" % folder, "MACHINE=aarch64", "CC=" + CC,
                           "CLANG=%s -idirafter %s" % (env.get("CLANG", "clang"), SYSTEM / "include"), *arguments],
                          env={**env, **variables}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed("make for aarch64:\n" + done.stdout[-500:] + done.stderr[-3000:])


def tool(root, folder):
    """Static, with the libraries below `root`."""
    make(folder, "LDFLAGS=-static", "PKG_CONFIG=pkg-config --static", PKG_CONFIG_SYSROOT_DIR=str(root),
         PKG_CONFIG_LIBDIR=str(root / "usr/lib/aarch64-linux-gnu/pkgconfig"))
    return folder / "viztrace-bpf"


def libraries(root):
    """A function: what the dynamic loader would load for a program, itself included, as {path inside: file}."""
    folders = (SYSTEM / "lib", root / "lib/aarch64-linux-gnu", root / "usr/lib/aarch64-linux-gnu")

    def needed(program):
        said = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        found = {}
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", said):
            file = next(f / name for f in folders if (f / name).exists())
            found.update({"lib/" + name: file}, **needed(file))
        return found

    return needed
