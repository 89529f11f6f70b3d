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

    def test_cxx_objects_in_a_vector_that_grows(self):
        vans = 9
        trace, tool = self.launched(self.compile("c++", "fleet", "-std=c++11"), str(vans))
        self.assertRegex(tool.messages(), "lost 0, filtered 0, truncated 0, unreadable 0")
        room = [s["room"] for s in trace.samples_of("depot")]
        self.assertEqual(sorted(set(room)), [1, 2, 4, 8, 16])
        parcels = [10 * i + k for i in range(vans) for k in range(3)]
        first = trace.snapshots("van-0")
        # Of each parcel two reports: what it is, and that it is in.
        loads = [s for s in first if s["last"] != "nothing"]
        self.assertEqual([s["parcels"] for s in loads if s["trip"]][-1], parcels)
        seen = [s["parcels"] for s in loads]
        self.assertEqual([p for i, p in enumerate(seen) if p not in seen[:i]], [parcels[:n] for n in range(len(parcels) + 1)])
        self.assertEqual(first[-1]["last"], "nothing")  # swapped with the last van's
        last = trace.snapshots("van-%d" % (vans - 1))
        self.assertEqual(last[-1], {"last": "parcel %d" % (vans - 1), "parcels": [], "trip": 1.5, "trips_": 1})
        # At most two at a time, while one moves, and as many ends as beginnings.
        begins, ends = trace.of("N"), trace.of("D")
        self.assertEqual(len(begins), len(ends))
        self.assertEqual(len(begins), vans + 1 + 2 + 4 + 8)
        for number in range(vans):
            lives = sorted((e["ts"], e["ph"]) for e in begins + ends if e["name"] == "van-%d" % number)
            alive = [sum(1 if ph == "N" else -1 for _, ph in lives[:i + 1]) for i in range(len(lives))]
            self.assertEqual(alive[-1], 0)
            self.assertLessEqual(max(alive), 2)  # the new one is there before the old one has gone

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
