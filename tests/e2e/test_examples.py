# SPDX-License-Identifier: BSD-2-Clause
"""The examples are built as they say, and traced."""
import json
import shutil

import harness

EXAMPLES = harness.ROOT / "tests" / "examples"


class Examples(harness.Case):
    def build(self, *command):
        done = harness.run("env", "-C", self.dir, *command, timeout=240)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def compile(self, compiler, name, *flags):
        """With an own include path by -isystem, as pkg-config's for an installed header."""
        self.build(compiler, "-Wall", "-Wextra", "-Werror", "-g", "-isystem", harness.ROOT / "include", *flags, "-o", name,
                   EXAMPLES / (name + (".cc" if compiler == "c++" else ".c")))
        return self.dir / name

    def test_c(self):
        trace, tool = self.launched(self.compile("cc", "pool"), "200")
        self.assertIn("lost 0", tool.messages())
        samples = trace.samples_of("pool")
        self.assertEqual(len(samples), 400)
        self.assertNotIn('"rates"', (self.dir / "trace.json").read_text())
        self.assertEqual(set(samples[0]), {"open", "idle", "load"})
        text = (self.dir / "trace.json").read_text()
        for word in ('"charge"', '"the account is empty"', '"plan":"small"', '"limits":{"soft":500,"hard":0}', '"low"',
                     '"bank.city":"london"'):
            self.assertIn(word, text)

    def test_cxx(self):
        trace, tool = self.launched(self.compile("c++", "worker", "-pthread"), "500")
        self.assertIn("lost 0", tool.messages())
        self.assertGreater(len(trace.samples_of("queue")), 4)
        text = (self.dir / "trace.json").read_text()
        for word in ("finish", '"upload"', '"a job has failed"'):
            self.assertIn(word, text)
        uploads = [e["args"]["snapshot"] for e in trace.of("O")]
        self.assertTrue(uploads)
        self.assertNotIn('"host"', json.dumps(uploads))

    def test_rust_by_the_abi_of_c(self):
        rustc = shutil.which("rustc", path="/usr/bin") or shutil.which("rustc")
        if not rustc:
            self.skipTest("rustc is not installed")
        self.build("cc", "-Wall", "-Wextra", "-Werror", "-c", "-I", harness.ROOT / "include", EXAMPLES / "cache_probes.c")
        shutil.copy(EXAMPLES / "cache.rs", self.dir)
        self.build(rustc, "cache.rs", "-C", "link-arg=cache_probes.o")
        trace, tool = self.launched(self.dir / "cache")
        self.assertIn("lost 0", tool.messages())
        samples = trace.samples_of("page cache")
        self.assertEqual(samples[-1], {"entries": 100, "hits": 50, "ratio": 0.5})
        self.assertEqual((self.dir / "trace.json").read_text().count('"name":"lookup"'), 200)
