#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Rules of the tree itself: who may know whom, licenses, style, installation."""
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import suite

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def tracked(*patterns):
    """Files of the tree that git knows or would add; in a tarball, all but what was built."""
    if not os.path.exists(os.path.join(ROOT, ".git")):
        found = [os.path.relpath(os.path.join(folder, f), ROOT) for folder, _, names in os.walk(ROOT) for f in names]
        return [f for f in found if not f.startswith(("build/", "bpf/skeletons/")) and "__pycache__" not in f and
                (not patterns or any(fnmatch.fnmatch(f, p) for p in patterns))]
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
                         cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [f for f in out.splitlines() if os.path.exists(os.path.join(ROOT, f))]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def includes(path):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', read(path), re.M)


# Which folders and files of ours a file may include, by the folder that it is in. CONTRIBUTING.md draws it.
RECORDS = "bpf/record.h"
PUBLIC = "include/viztrace.h"
MAY_KNOW = {
    "bpf": {"bpf", PUBLIC},
    "user/common": {"user/common"},
    "user/collect": {"user/common", "user/collect", RECORDS},
    "user/attach": {"user/common", "user/collect", "user/attach"},
    "user/decode": {"user/common", "user/decode", RECORDS, PUBLIC},
    "user/model": {"user/common", "user/model"},
    "user/keep": {"user/common", "user/keep"},
    "user/write": {"user/common", "user/write", "user/model/trace.h"},
    "user/answers": {"user/common", "user/answers", "user/model/trace.h", "user/write/sinks.h", "user/write/json.h"},
    "user/top": {"user/common", "user/top", "user/model/trace.h", "user/write/sinks.h", "user/answers/stats.h",
                 "user/answers/histogram.h"},
    "user/read": {"user/common", "user/read", "user/model/trace.h"},
    "user/merge": {"user/common", "user/merge", "user/model/trace.h", "user/read/reader.h", "user/read/values.h"},
    "user": {"user", PUBLIC},
}
# What they read there are the notes and the stubs that the header makes, and what is in a batch; not records.
MAY_KNOW_TOO = dict.fromkeys(("user/common/elf_file.c", "user/common/site.c", "user/collect/batches.c",
                              "user/collect/known.h", "user/collect/laps.c", "user/collect/pools.c", "user/collect/pools.h",
                              "user/collect/unpack.c"), PUBLIC)


def place(path, include):
    """The file of ours that this is, or None."""
    for folder in (os.path.dirname(path), "user", "include"):
        found = os.path.normpath(os.path.join(folder, include))
        if os.path.exists(os.path.join(ROOT, found)):
            return found
    return None


def unknown(path, names):
    """Those files of ours among what `path` includes that it must not know."""
    allowed = MAY_KNOW[os.path.dirname(path)] | {MAY_KNOW_TOO.get(path)}
    places = [p for p in (place(path, n) for n in names) if p]
    return [p for p in places if p not in allowed and os.path.dirname(p) not in allowed
            and not ("user" in allowed and p.startswith("user/"))]


class Rules(unittest.TestCase):
    def test_public_header_needs_nothing_of_ours(self):
        self.assertEqual(sorted(includes("include/viztrace.h")), ["stddef.h", "stdint.h"])
        self.assertEqual([i for i in includes("include/viztrace.hpp") if i.endswith(".h")],
                         ["viztrace.h", "stdlib.h", "string.h"])

    def test_each_folder_knows_what_it_may(self):
        for f in tracked("user/*.c", "user/*.h", "bpf/*.c", "bpf/*.h"):
            self.assertEqual(unknown(f, includes(f)), [], f)

    def test_the_model_must_not_know_json(self):
        self.assertEqual(unknown("user/model/model.c", ["../write/json.h"]), ["user/write/json.h"])
        self.assertEqual(unknown("user/write/json.c", ["../decode/decode.h", "../model/trace.h", "number.h"]),
                         ["user/decode/decode.h"])

    def test_only_collect_sees_libbpf(self):
        for f in tracked("user/*.c", "user/*.h"):
            if os.path.dirname(f) != "user/collect":
                self.assertFalse([i for i in includes(f) if i.startswith("bpf/") or i.endswith(".skel.h")], f)
        self.assertEqual({f for f in tracked("user/*") if "programs.h" in [os.path.basename(i) for i in includes(f)]},
                         {"user/collect/collect.c", "user/collect/programs.c"})

    def test_only_the_screen_knows_of_terminals(self):
        knowing = {f for f in tracked("user/*.c", "user/*.h") if {"curses.h", "term.h"} & set(includes(f))}
        self.assertEqual(knowing, {"user/top/screen.c"})

    def test_parts_of_a_stage_are_known_to_it_alone(self):
        for part in ("user/model/parts.h", "user/attach/members.h"):
            for f in tracked("user/*.c", "user/*.h"):
                if os.path.dirname(f) != os.path.dirname(part):
                    self.assertNotIn(part, [place(f, i) for i in includes(f)], f)

    def test_files_of_others_are_read_apart(self):
        """By a process that can be spared; our own executable, of which programs.c tries the probes, is ours."""
        reading = {f for f in tracked("user/*.c", "user/*/*.c") if re.search(r"\belf_file__read\(", read(f))}
        self.assertEqual(reading, {"user/common/elf_file.c", "user/common/elf_apart.c", "user/collect/programs.c"})

    def test_no_room_is_a_hall(self):
        for f in tracked("user/*.c", "user/*.h", "bpf/*.c", "bpf/*.h"):
            self.assertLessEqual(read(f).count("\n"), 600, f)

    def test_all_that_is_printed_is_escaped(self):
        """Names and paths are a target's; what help, opts and schema print to stdout is our own text."""
        printing = re.compile(r"\b(v?printf|puts|perror|putchar|psignal)\(|"
                              r"\b(v?fprintf|fputs|f?putc|fwrite)\([^;]*\bstd(out|err)\b")
        knowing = {f for f in tracked("user/*.c", "user/*/*.c") if printing.search(read(f))}
        self.assertEqual(knowing, {"user/common/log.c", "user/help.c", "user/opts.c", "user/schema.c"})

    def test_top_level_is_what_the_readme_says(self):
        top = {f.split("/")[0] for f in tracked() if not f.startswith(".")}
        self.assertEqual(top, {"bpf", "user", "include", "tests", "Makefile", "README.md", "LICENSE", "LICENSES",
                               "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "debian"})

    def test_every_source_names_its_license(self):
        mark = "SPDX-License" + "-Identifier: BSD-2-Clause"
        for f in tracked("*.c", "*.cc", "*.h", "*.hpp", "*.py", "*.sh", "*.html", "Makefile", ".ci/run", "user/man/*",
                         "user/completion/*", "user/systemd/*", "debian/rules", "debian/*.spec", "debian/tests/installed-example", "*.rs", "*.sql", "*.js", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
            self.assertIn(mark, read(f)[:300], f)
        self.assertEqual(read("LICENSES/BSD-2-Clause.txt"), read("LICENSE"))

    @unittest.skipUnless(shutil.which("reuse"), "reuse is not installed")
    @unittest.skipUnless(os.path.exists(os.path.join(ROOT, ".git")), "in a tarball what was built would be looked at, too")
    def test_the_tree_is_reuse_clean(self):
        result = subprocess.run(["reuse", "lint"], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_no_unfinished_work(self):
        marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
        for f in tracked("*.c", "*.cc", "*.h", "*.hpp", "*.py", "*.sh", "Makefile", "*.md"):
            self.assertIsNone(marks.search(read(f)), f)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell_scripts_pass_shellcheck(self):
        scripts = tracked("*.sh", ".ci/run", "debian/tests/installed-example", "user/completion/*.bash")
        result = subprocess.run(["shellcheck", *scripts], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_sources_are_formatted(self):
        """Not the public header and the programs that are traced, which are macros for the most part, laid out by hand."""
        version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=False).stdout \
            if shutil.which("clang-format") else ""
        if " version 14." not in version:
            self.skipTest("clang-format 14 is not installed, and another one has another taste")
        sources = tracked("user/*.[ch]", "bpf/*.[ch]", "tests/unit/*.[ch]", "tests/demo/*.c", "tests/bench/*.[ch]",
                          "tests/fuzz/*.c")
        result = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=ROOT, capture_output=True, text=True,
                                check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_install_places_program_header_and_pkg_config_file(self):
        with tempfile.TemporaryDirectory() as d:
            subprocess.run(["make", "-s", "install", f"DESTDIR={d}", "PREFIX=/opt/viz"], cwd=ROOT, check=True,
                           capture_output=True)
            flags = subprocess.run(["pkg-config", "--cflags", "viztrace"], check=True, capture_output=True, text=True,
                                   env={**os.environ, "PKG_CONFIG_PATH": d + "/opt/viz/share/pkgconfig"}).stdout
            self.assertIn("-I/opt/viz/include", flags)
            for header in ("viztrace.h", "viztrace.hpp"):
                self.assertTrue(os.path.exists(d + "/opt/viz/include/" + header), header)
            unit = read(d + "/opt/viz/lib/systemd/system/viztrace-bpf@.service")
            self.assertIn("\nExecStart=/opt/viz/bin/viztrace-bpf --config /etc/viztrace-bpf/%i.conf\n", unit)
            version = subprocess.run([d + "/opt/viz/bin/viztrace-bpf", "--version"], check=True, capture_output=True,
                                     text=True).stdout
            self.assertRegex(version, r"^viztrace-bpf \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    sys.exit(suite.main())
