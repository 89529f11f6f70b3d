#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the README's commands, word for word, in a fresh clone.

Every ```sh block runs in the clone's folder; a ```c block after `<!-- file: NAME -->` is written to NAME first. `sudo`
is left out where it is not installed. Not run: `make test`, which is what runs this.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIMEOUT = 900


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def blocks(text):
    """(language, file name or None, code) of each fenced block."""
    found = re.findall(r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```", text, re.S)
    return [(language, name or None, code) for name, language, code in found]


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="viztrace-readme-")
        cls.clone = os.path.join(cls.folder, "viztrace-bpf")
        subprocess.run(["git", "clone", "-q", ROOT, cls.clone], check=True)
        # Of the tree as it is, so that a README and the code that it needs can be tested before they are committed.
        changed = subprocess.run(["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"], cwd=ROOT,
                                 check=True, capture_output=True, text=True).stdout.split("\0")
        for path in filter(None, changed):
            if os.path.exists(os.path.join(ROOT, path)):
                os.makedirs(os.path.dirname(os.path.join(cls.clone, path)), exist_ok=True)
                shutil.copy2(os.path.join(ROOT, path), os.path.join(cls.clone, path))
        cls.bin = os.path.join(cls.folder, "bin")
        os.mkdir(cls.bin)
        if not shutil.which("sudo"):
            with open(os.path.join(cls.bin, "sudo"), "w", encoding="utf-8") as f:
                f.write('#!/bin/sh\nexec "$@"\n')
            os.chmod(f.name, 0o755)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_block(self, code):
        script = re.sub(r"^sudo make test\b.*$", ":", code, flags=re.M)
        # A block may leave an app running in the background, which holds the output open: it ends with the block.
        with tempfile.TemporaryFile("w+") as out:
            with subprocess.Popen(["bash", "-eu", "-c", script], cwd=self.clone, start_new_session=True,
                                  stdout=out, stderr=subprocess.STDOUT,
                                  env={**os.environ, "PATH": self.bin + os.pathsep + os.environ["PATH"]}) as shell:
                try:
                    shell.wait(TIMEOUT)
                finally:
                    try:
                        os.killpg(shell.pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            out.seek(0)
            output = out.read()
        self.assertEqual(shell.returncode, 0, f"{script}\n{output}")
        return output

    def test_commands(self):
        output = []
        for language, name, code in blocks(read(os.path.join(ROOT, "README.md"))):
            if name:
                with open(os.path.join(self.clone, name), "w", encoding="utf-8") as f:
                    f.write(code)
            elif language == "sh":
                output.append(self.run_block(code))
        self.assertTrue(os.path.getsize(os.path.join(self.clone, "build", "demo.json")) > 10000)
        self.assertIn("lost 0", output[0])
        self.assertRegex("".join(output), r"pool\.json: .* events")
        self.assertRegex("".join(output), r"counter pool\n")

    def test_options_and_commands_are_those_of_the_program(self):
        text = read(os.path.join(ROOT, "README.md"))
        shown = subprocess.run([os.path.join(ROOT, "build", "viztrace-bpf"), "--help"], check=True, text=True,
                               capture_output=True).stdout
        options = set(re.findall(r"(?<![-\w])--[a-z][a-z-]+", text))
        self.assertGreater(len(options), 5)
        self.assertEqual(options - set(re.findall(r"--[a-z][a-z-]+", shown)), set())
        for command in re.findall(r"^  ([a-z]+) ", shown, re.M):
            if command != "help":
                self.assertRegex(text, r"`[^`]*\b%s\b[^`]*`" % command)

    def test_files_that_it_names_exist(self):
        text = read(os.path.join(ROOT, "README.md"))
        for path in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
            self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)


def main():
    result = unittest.main(exit=False, verbosity=1).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
