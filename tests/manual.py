#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manuals: they format without a warning, and say what --help, the header and the code say; no more and no less."""
import os
import re
import shutil
import subprocess
import sys
import unittest

import suite

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOL = os.path.join(ROOT, "build", "viztrace-bpf")
MAN = os.path.join("user", "man")
NAME = r"-(?:-[a-z][a-z-]*|[a-z])"
# "-p, --pid PID", "--methods PAT, --no-methods", "-- COMMAND", "list"
TERM = re.compile(r"(?:%s|--)(?:,? (?:%s|[A-Z]+\b))*|[a-z]+" % (NAME, NAME))
OPTION = re.compile(r"(%s|--)(?= |,|$)((?: [A-Z]+)?)" % NAME)

# Values that completion leaves to whoever types them.
NOTHING_TO_OFFER = {"EXPR", "N", "SIZE", "SECONDS", "TIME"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def tool(*args):
    return subprocess.run([TOOL, *args], check=True, capture_output=True, text=True).stdout


def plain(line):
    """A line of roff without its macro, fonts and quotes: `.BR \\-p ", " \\-\\-pid " " \\fIPID\\fR` is "-p, --pid PID"."""
    line = re.sub(r"^\.[A-Z]+ ", "", line)
    words = re.findall(r'"[^"]*"|[^" ]+', line)
    return re.sub(r"\\f.", "", "".join(w.strip('"') for w in words)).replace("\\-", "-")


def section(text, title):
    return text.split("\n.SH " + title + "\n", 1)[1].split("\n.SH ", 1)[0]


def terms(text):
    """What has a paragraph of its own in a piece of a page."""
    return [plain(line) for line in re.findall(r"^\.TP\n(.*)$", text, re.M)]


def options_in(terms_):
    """{"--pid": "PID", "-p": "PID", "--quiet": "", ...}; one value stands for all names of its term."""
    found = {}
    for term in terms_:
        names = OPTION.findall(term)
        for name, value in names:
            # "-p, --pid PID": both take it. "--methods PAT, --no-methods": only the first does.
            long = not (len(name) == 2 and name != "--")
            found[name] = (value if long else names[-1][1]).strip()
    return found


def options_of_help(text):
    return options_in(TERM.match(line.strip()).group() for line in text.splitlines() if re.match(r" +-", line))


class Manual(unittest.TestCase):
    pages = sorted(os.listdir(os.path.join(ROOT, MAN)))

    def test_pages_format_without_a_warning(self):
        if not shutil.which("man"):
            self.skipTest("man is not installed")
        for page in self.pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", os.path.join(ROOT, MAN, page)],
                                  capture_output=True, text=True, check=False, env={**os.environ, "MANWIDTH": "80"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)

    def test_options_are_those_of_help(self):
        """Add an option to user/help.c, and to OPTIONS, FILTERS or COMMANDS of viztrace-bpf.1."""
        page = read(os.path.join(MAN, "viztrace-bpf.1"))
        told = {}
        for title in ("OPTIONS", "FILTERS", "COMMANDS"):
            told.update(options_in(t for t in terms(section(page, title)) if t.startswith("-")))
        shown = options_of_help(tool("--help"))
        self.assertGreater(len(shown), 25)
        self.assertEqual(told, shown, "viztrace-bpf.1 and --help differ")

    def test_options_are_those_that_are_parsed(self):
        source = read("user/opts.c")
        parsed = {"--" + name: value == "required" for name, value in
                  re.findall(r'\{ "([a-z-]+)", (required|no|optional)_argument', source)}
        short = re.search(r'getopt_long\([^"]*":([a-z:]+)"', source).group(1)
        parsed.update({"-" + letter: bool(value) for letter, value in re.findall(r"([a-z])(:?)", short)})
        shown = options_of_help(tool("--help"))
        del shown["--"]
        self.assertEqual({name: bool(value) for name, value in shown.items()}, parsed, "--help and user/opts.c differ")

    def test_completion_knows_each_value(self):
        """What is offered for FILE, PID, ...; a new word with a list of values gets a line in each file of user/completion."""
        words = set(options_of_help(tool("--help")).values()) - {"", "COMMAND", *NOTHING_TO_OFFER}
        self.assertIn("PID", words)
        for name in os.listdir(os.path.join(ROOT, "user", "completion")):
            text = read(os.path.join("user", "completion", name))
            self.assertEqual({w for w in words if not re.search(r"\b%s\b" % w, text)}, set(), name)

    def test_commands_are_those_of_help(self):
        page = read(os.path.join(MAN, "viztrace-bpf.1"))
        told = [t for t in terms(section(page, "COMMANDS")) if not t.startswith("-")]
        shown = re.findall(r"^  ([a-z]+) ", tool("--help"), re.M)
        self.assertIn("doctor", shown)
        self.assertEqual(told, shown)
        synopsis = section(page, "SYNOPSIS")
        for command in shown:
            self.assertIn(".B viztrace\\-bpf " + command, synopsis)
            self.assertTrue(tool("help", command).startswith("usage: viztrace-bpf %s" % command), command)
            if command != "help":
                self.assertEqual(tool("help", command), tool(command, "--help"))
                self.assertEqual(tool("help", command), tool(command, "-h"))
        self.assertEqual(tool("help"), tool("-h"))

    def test_synopsis_is_the_usage_of_help(self):
        lines = section(read(os.path.join(MAN, "viztrace-bpf.1")), "SYNOPSIS").split("\n.br\n")
        told = [re.sub(r"[\[\]|() ]", "", "".join(plain(part) for part in line.splitlines())) for line in lines]
        usage = tool("--help").split("usage: ", 1)[1].split("\n\n", 1)[0]
        shown = [re.sub(r"[\[\]|() ]", "", line) for line in usage.splitlines()]
        self.assertEqual(told, shown)

    def test_exit_status_is_that_of_the_code(self):
        told = terms(section(read(os.path.join(MAN, "viztrace-bpf.1")), "EXIT STATUS"))
        self.assertEqual(told, re.findall(r"^\tEXIT_\w+ = (\d+),", read("user/common/exit_code.h"), re.M))

    def test_macros_are_those_of_the_header(self):
        header = read("include/viztrace.h")
        page = read(os.path.join(MAN, "viztrace.h.3"))
        macros = set(re.findall(r"\bVIZ_PROBE_[A-Z]+\b", header))
        self.assertEqual(set(re.findall(r"\bVIZ_PROBE_[A-Z]+\b", page)), macros)
        synopsis = section(page, "SYNOPSIS")
        for macro in macros - {"VIZ_PROBE_DISABLE"}:
            self.assertIn(macro + "(", synopsis)
        for name, value in re.findall(r"^#define (VIZ_\w+_MAX) +(\d+)", header, re.M):
            self.assertIn(".B %s\n(%s)" % (name, value), page.replace(".BR", ".B"), name)

    def test_metadata_is_that_of_the_code(self):
        told = set(re.findall(r"\b[a-z_]+\b", section(read(os.path.join(MAN, "viztrace-trace.7")), "METADATA")))
        written = set(re.findall(r'JSON__KEY\(j, "(\w+)"\)', read("user/metadata.c")))
        self.assertIn("build_id", written)
        self.assertEqual(written - told, set(), "viztrace-trace.7 does not tell of these")

    def test_version_is_that_of_the_header(self):
        version = tool("--version").split()[1]
        for page in self.pages:
            self.assertIn('"viztrace\\-bpf %s"' % version, read(os.path.join(MAN, page)), page)


if __name__ == "__main__":
    sys.exit(suite.main())
