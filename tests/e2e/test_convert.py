# SPDX-License-Identifier: BSD-2-Clause
"""`convert`: what it makes of files that are not whole, not ours, large, or in the way. That nothing is lost on the way there and
back test_perfetto.py shows, for each of its runs."""
import gzip
import json
import os
import re
import signal
import stat
import subprocess

import harness
import pftrace
from test_report import MEASURE

GROWTH = 2 << 10  # KiB


class Convert(harness.Case):
    def convert(self, *args, code=0, **more):
        done = harness.run(harness.TOOL, "convert", *args, cwd=self.dir, **more)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def trace(self, *outputs):
        """A run of all that there is, in both formats."""
        steady = self.target(harness.build("steady"), "--fast")
        tool = self.attach(steady.pid, "-o", "trace.pftrace", *outputs)
        steady.ask("ticks 300")
        self.end(tool)

    def bytes_of(self, name):
        return (self.dir / name).read_bytes()

    def report(self, name):
        done = harness.run(harness.TOOL, "report", "--json", name, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_packed_and_through_pipes(self):
        self.trace()
        self.convert("trace.json", "a.pftrace.gz")
        self.convert("a.pftrace.gz", "b.json.gz")
        self.assertEqual(gzip.decompress(self.bytes_of("b.json.gz")), self.bytes_of("trace.json"))
        with open(self.dir / "a.pftrace.gz", "rb") as packed:
            done = subprocess.run([harness.TOOL, "convert", "-", "-", "--format", "chrome"], stdin=packed, capture_output=True,
                                  timeout=harness.TIMEOUT, check=True)
        # What cannot go back to its head has the metadata in its end.
        (self.dir / "piped.json").write_bytes(done.stdout)
        self.assertTrue(done.stdout.startswith(b"[{"))
        self.assertEqual(json.loads(done.stdout)[:-1], json.loads(self.bytes_of("trace.json"))["traceEvents"])
        self.convert("piped.json", "again.json")
        self.assertEqual(self.bytes_of("again.json"), self.bytes_of("trace.json"))

    def test_the_report_of_either_format_is_the_same(self):
        self.trace()
        self.convert("trace.json", "a.pftrace")
        said = self.report("trace.json").stdout
        self.assertIn('"name":"gauge"', said)
        self.assertEqual(self.report("trace.pftrace").stdout, said)
        self.assertEqual(self.report("a.pftrace").stdout, said)
        done = harness.run(harness.TOOL, "check", "trace.pftrace", "lost == 0", "count(sum) > 1000000", cwd=self.dir)
        self.assertEqual(done.returncode, harness.EXIT_CHECK, done.stderr)

    def test_what_a_tool_that_was_killed_has_left(self):
        steady = self.target(harness.build("steady"), "--fast")
        path = self.dir / "killed.pftrace"
        tool = self.attach(steady.pid, "-o", "killed.json", output="killed.pftrace")
        self.assertTrue(harness.wait_until(lambda: path.exists() and path.stat().st_size > 60000))
        self.end(tool, -signal.SIGKILL, signal.SIGKILL)
        for name, into in (("killed.pftrace", "a.json"), ("killed.json", "a.pftrace")):
            done = self.convert(name, into)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn("%s has no end: who wrote it was killed; what is there is in %s" % (name, into), done.stderr)
            # It does not look more whole than it is.
            self.assertIn("nobody knows what was lost", self.report(into).stderr)
            self.assertEqual(self.report(into).stdout, self.report(name).stdout, name)
        self.assertGreater(len(pftrace.read(self.bytes_of("a.pftrace"), summary=False).samples), 200)
        self.assertGreater(len(json.loads(self.bytes_of("a.json"))["traceEvents"]), 200)
        # Once more there and back: nothing is lost of what is left.
        self.convert("a.json", "b.pftrace")
        self.convert("b.pftrace", "b.json")
        self.assertEqual(self.bytes_of("b.json"), self.bytes_of("a.json"))

    def test_a_file_that_is_cut_anywhere(self):
        self.trace()
        for name, into in (("trace.pftrace", "a.json"), ("trace.json", "a.pftrace")):
            data = self.bytes_of(name)
            for size in range(len(data) - 3, len(data) // 2, -len(data) // 23):
                (self.dir / "cut").write_bytes(data[:size])
                done = self.convert("cut", into)
                self.assertRegex(done.stderr, r"cut has no end|the end of cut is missing")
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_what_is_no_trace(self):
        self.trace()
        (self.dir / "kept").write_text("precious")
        data = self.bytes_of("trace.pftrace")
        middle = next(at for at in range(len(data) // 2, len(data)) if data[:at].endswith(b"\n") or at)
        wrong = {"empty": b"", "text": b"hello\n", "array": b"[]", "foreign": b"\n\x0a\x50\x01\x5a\x06\x48\x04\x58\x01\xf0\x01",
                 "packed": gzip.compress(b"\n\x02\x50\x01"), "zeros": bytes(100)}
        for name, content in wrong.items():
            (self.dir / name).write_bytes(content)
            done = self.convert(name, "kept", "--format", "chrome", code=harness.EXIT_INPUT)
            self.assertRegex(done.stderr, r"\A[^\n]*%s(, (line|byte) \d+)?: (this is no trace of viztrace-bpf|the file is empty)\n\Z" % name)
            self.assertEqual((self.dir / "kept").read_text(), "precious")
        self.assertIn("No such file", self.convert("nowhere", "kept", "--format", "chrome", code=harness.EXIT_INPUT).stderr)
        # Damaged in the middle: what comes before is kept, and does not say that it is whole.
        packed = bytearray(gzip.compress(data))
        packed[len(packed) // 2:] = bytes(len(packed) - len(packed) // 2)
        for name, content in ("bytes", data[:middle] + b"\xff" * 40 + data[middle:]), ("damaged.gz", bytes(packed)):
            (self.dir / name).write_bytes(content)
            done = self.convert(name, "left.json", code=harness.EXIT_INPUT)
            self.assertRegex(done.stderr, r"%s(, byte \d+)?: " % name)
            self.assertIn("what comes before that is in left.json", done.stderr)
            self.assertIn("nobody knows what was lost", self.report("left.json").stderr)

    def test_usage(self):
        for args, said in ((("a.json",), "convert takes the FILE of a trace and the one to make of it"),
                           ((), "convert takes the FILE"), (("a.json", "b.txt"), "'b.txt' ends neither in .json nor in .pftrace nor in .ndjson"),
                           (("a.json", "-"), "--format says it"), (("a.json", "b.json", "c.json"), "'c.json' is not understood"),
                           (("a.json", "-o", "b.json"), "not with -o"), (("a.json", "b.json", "-p", "1"), "convert takes")):
            self.assertIn(said, self.convert(*args, code=harness.EXIT_USAGE).stderr)

    def test_the_new_file_is_as_safe_as_any_output(self):
        self.trace()
        (self.dir / "victim").write_text("precious")
        os.symlink("victim", self.dir / "link.json")
        self.convert("trace.pftrace", "link.json", env=dict(os.environ, SUDO_UID="12345", SUDO_GID="12346"))
        self.assertEqual((self.dir / "victim").read_text(), "precious")
        status = os.lstat(self.dir / "link.json")
        self.assertTrue(stat.S_ISREG(status.st_mode))
        self.assertEqual((status.st_uid, status.st_gid, status.st_mode & 0o777), (12345, 12346, 0o600))
        self.assertIn("choose another place", self.convert("trace.pftrace", "nowhere/a.json", code=harness.EXIT_OUTPUT).stderr)
        # Onto itself: it is read to its end before it is replaced.
        data = self.bytes_of("trace.json")
        self.convert("trace.json", "trace.json")
        self.assertEqual(self.bytes_of("trace.json"), data)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harness.TOOL, "convert", self.dir / "trace.json", "-", "--format", "perfetto"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, harness.EXIT_OUTPUT)
        self.assertIn(b"No space left", done.stderr)

    def test_the_memory_does_not_grow_with_the_file(self):
        """Eight times the events take what they take once, on either way."""
        self.trace()
        head, *events, tail = (self.dir / "trace.json").read_text().split("\n")
        events = [e.rstrip(" ,") for e in events]
        largest = []
        for n in (1, 8):
            with open(self.dir / "many.json", "w", encoding="utf-8") as file:
                file.write(head)
                for i in range(n):
                    for e in events:
                        file.write(("\n" if i == 0 and e is events[0] else ",\n") +
                                   re.sub(r'"ts":([\d.]+)', lambda m, i=i: '"ts":%.3f' % (float(m[1]) + 1e8 * i), e))
                file.write("\n" + tail)
            for into, back in ("many.pftrace", "many.json"), ("again.json", "many.pftrace"):
                done = harness.run("python3", "-c", MEASURE, harness.TOOL, "convert", self.dir / back, self.dir / into)
                self.assertEqual(done.returncode, 0, done.stderr)
                largest.append(int(done.stdout))
            # But for what is the head's: spaces, and an event that no viewer shows.
            again, many = ([line for line in self.bytes_of(name).replace(b" ", b"").split(b"\n") if b"process_sort" not in line]
                           for name in ("again.json", "many.json"))
            self.assertEqual(len(again), len(many))
            self.assertTrue(again == many)
        self.assertLess(max(largest), min(largest) + GROWTH, largest)
