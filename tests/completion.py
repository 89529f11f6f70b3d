#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Completion in bash, zsh and fish: each shell is run and asked what it offers for a line, and what a TAB makes of it."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import suite

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOL = os.path.join(ROOT, "build", "viztrace-bpf")
FILES = os.path.join(ROOT, "user", "completion")
TIMEOUT = 60

# What is offered for the line in COMP_WORDS.
BASH = """
source %s/viztrace-bpf.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_viztrace_bpf viztrace-bpf "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%%s\\n' "${COMPREPLY[@]}"
"""
# The same by whoever is at a terminal: a TAB, then what the line is now. In zsh all that is offered goes through compadd.
BASH_RC = """
source %s/viztrace-bpf.bash
show() { printf '%%s' "$READLINE_LINE" >$OUT.new; mv $OUT.new $OUT; }
bind -x '"\\C-t": show'
PS1='ready> '
"""
ZSH_RC = """
fpath=(%s $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	if [[ -z ${(M)@:#-[OAD]} ]]; then
		local -a hits
		builtin compadd -A hits "$@"
		print -rl -- $hits >>$OUT.offered
	fi
	builtin compadd "$@"
}
show() { print -rn -- "$BUFFER" >$OUT.new; mv $OUT.new $OUT; }
zle -N show
bindkey '^T' show
PS1='ready> '
"""

APP = """#include <unistd.h>
#include "viztrace.h"
struct limits { int soft; };
VIZ_PROBE_DICT(limits, soft);
struct pool { struct viz_counter viz; int open; double load; int _waiters; };
VIZ_PROBE_COUNTER(pool, open, load, _waiters);
struct account { struct viz_object viz; struct limits lim; };
VIZ_PROBE_OBJECT(account, VIZ_DICT(lim, limits));
int main(void)
{
	static struct pool p;
	VIZ_PROBE_INIT(&p, pool, NULL);
	write(1, "ready", 5);
	pause();
}
"""


def have(shell):
    return unittest.skipUnless(shutil.which(shell), shell + " is not installed")


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, argv, env):
        self.out = env["OUT"]
        self.text = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execvpe(argv[0], argv, env)

    def wait(self, until):
        """Read what it shows until that is true."""
        deadline = time.monotonic() + TIMEOUT
        while not until():
            if time.monotonic() > deadline:
                raise AssertionError("the shell does not answer: %r" % self.text[-2000:])
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536)
                except OSError:
                    raise AssertionError("the shell has ended: %r" % self.text[-2000:]) from None

    def after_tab(self, line):
        """What a new line is after a TAB at its end."""
        if os.path.exists(self.out):
            os.remove(self.out)
        self.wait(lambda: b"ready> " in self.text)
        os.write(self.fd, b"\x15" + line.encode() + b"\t\x14")
        self.wait(lambda: os.path.exists(self.out))
        with open(self.out, encoding="utf-8") as f:
            return f.read()

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Shells:
    """The same questions to each; offered() and after_tab() are the shell's."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="viztrace-completion-")
        self.addCleanup(shutil.rmtree, folder)
        self.folder = folder
        self.out = os.path.join(folder, "line")
        self.env = {**os.environ, "OUT": self.out, "HOME": folder, "TERM": "dumb", "XDG_CONFIG_HOME": folder,
                    "PATH": os.path.dirname(TOOL) + os.pathsep + os.environ["PATH"]}
        self.program = os.path.join(folder, "app")
        source = os.path.join(folder, "app.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write(APP)
        subprocess.run(["cc", "-I", os.path.join(ROOT, "include"), "-o", self.program, source], check=True)
        self.shell = None

    def run_app(self):
        app = subprocess.Popen([self.program], stdout=subprocess.PIPE)
        self.addCleanup(app.stdout.close)
        self.addCleanup(app.wait)
        self.addCleanup(app.kill)
        app.stdout.read(5)
        return app.pid

    def terminal(self, *argv):
        if not self.shell:
            self.shell = Terminal(argv, self.env)
            self.addCleanup(self.shell.end)
        return self.shell

    def test_every_option_of_help_is_offered(self):
        shown = subprocess.run([TOOL, "--help"], check=True, capture_output=True, text=True).stdout
        options = set(re.findall(r"(?m)^ +.*?(--[a-z][a-z-]+)", shown)) | {"--no-methods", "--no-trigger-on-change"}
        self.assertGreater(len(options), 20)
        self.assertEqual({o for o in self.offered("--") if o != "--"}, options)

    def test_commands_are_offered_as_the_first_word(self):
        commands = {"list", "ctl", "doctor", "report", "check", "convert", "merge", "schema", "open", "help"}
        self.assertLessEqual(commands, self.offered(""))
        self.assertLessEqual(commands, self.offered("help", ""))
        self.assertFalse(commands & self.offered("doctor", ""))

    def test_processes_that_have_probes_are_offered(self):
        pid = str(self.run_app())
        for option in ("-p", "--pid"):
            found = self.offered(option, "")
            self.assertIn(pid, found)
            self.assertNotIn(str(os.getpid()), found)

    def test_objects_and_attributes_are_offered(self):
        names = {"pool", "pool.open", "pool.load", "account", "account.lim"}
        self.assertEqual(self.offered("-x", self.program, "--include", ""), names)
        self.assertEqual(self.offered("-p", str(self.run_app()), "--exclude", ""), names)
        self.assertEqual(self.offered("-x", self.program, "--trigger-on-change", "pool.l"), {"pool.load"})
        self.assertEqual(self.offered("-x", self.program, "--no-trigger-on-change", "acc"), {"account", "account.lim"})

    def test_values_are_offered_by_their_kind(self):
        self.assertEqual(self.offered("--probe-site", "no"), {"nop1", "nop5", "nop10"})
        self.assertEqual(self.offered("--collect", "ba"), {"batch"})
        self.assertIn("nobody", self.offered("--user", "nob"))
        self.assertEqual({os.path.basename(f) for f in self.offered("-o", self.folder + "/app.")}, {"app.c"})
        self.assertEqual({os.path.basename(f) for f in self.offered("list", self.folder + "/app.")}, {"app.c"})
        self.assertEqual(self.offered("--max-size", ""), set())

    def test_a_command_is_offered_behind_two_dashes(self):
        self.assertIn("env", self.offered("-f", "--", "en"))

    def test_a_tab_completes(self):
        self.assertEqual(self.after_tab("viztrace-bpf --durat"), "viztrace-bpf --duration ")


@have("bash")
class Bash(Shells, unittest.TestCase):
    def offered(self, *words):
        done = subprocess.run(["bash", "--norc", "-c", BASH % FILES, "bash", "viztrace-bpf", *words], env=self.env,
                              capture_output=True, text=True, timeout=TIMEOUT, check=True)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def after_tab(self, line):
        rc = os.path.join(self.folder, "rc")
        with open(rc, "w", encoding="utf-8") as f:
            f.write(BASH_RC % FILES)
        return self.terminal("bash", "--rcfile", rc, "-i").after_tab(line)

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.offered("-x", self.program, "--include", "=", "pool.l"), {"pool.load"})
        self.assertEqual(self.offered("--report", "=", "j"), {"json"})
        self.assertEqual(self.offered("--report", "="), {"json", "text"})
        self.assertNotIn("json", self.offered("--report", ""))
        self.assertEqual(self.offered("-x", self.program, "--include", "="),
                         {"pool", "pool.open", "pool.load", "account", "account.lim"})

    def test_nothing_of_ours_behind_two_dashes(self):
        self.assertEqual(self.offered("--include", "pool.l", "--", self.program, "--in"), set())


@have("zsh")
class Zsh(Shells, unittest.TestCase):
    def after_tab(self, line):
        with open(os.path.join(self.folder, ".zshrc"), "w", encoding="utf-8") as f:
            f.write(ZSH_RC % FILES)
        if os.path.exists(self.out + ".offered"):
            os.remove(self.out + ".offered")
        self.env["ZDOTDIR"] = self.folder
        return self.terminal("zsh", "-d", "-i").after_tab(line)

    def offered(self, *words):
        self.after_tab(" ".join(("viztrace-bpf", *words)))
        if not os.path.exists(self.out + ".offered"):
            return set()
        with open(self.out + ".offered", encoding="utf-8") as f:
            return set(f.read().split())


@have("fish")
class Fish(Shells, unittest.TestCase):
    def fish(self, code, *args):
        done = subprocess.run(["fish", "--no-config", "-c", "source %s/viztrace-bpf.fish; %s" % (FILES, code), *args],
                              env=self.env, capture_output=True, text=True, timeout=TIMEOUT, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def offered(self, *words):
        lines = self.fish('complete -C "$argv[1]"', " ".join(("viztrace-bpf", *words))).splitlines()
        return {line.split("\t")[0] for line in lines}

    def after_tab(self, line):
        """A terminal that fish trusts is more than a test has: what it would insert."""
        found = self.offered(*line.split()[1:])
        self.assertEqual(len(found), 1)
        return "viztrace-bpf " + found.pop() + " "


if __name__ == "__main__":
    sys.exit(suite.main())
