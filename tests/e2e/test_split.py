# SPDX-License-Identifier: BSD-2-Clause
"""--split: pieces that follow on each other without a gap, each a trace of its own that begins with the state of its first moment."""
import contextlib
import os
import resource
import signal
import statistics
import time

import harness
import tracefile
from recording import Recording, States, steps_of


class Split(Recording):
    def expect_all(self, paths, n):
        """Steps 1 to n, in order and each once, in pieces that begin where the one before ended; their lengths, in ns."""
        states, steps, lengths, start = States(), [], [], None
        for path in paths:
            trace = self.read(path)
            self.compare(trace, states)
            steps += steps_of(trace)
            dump = trace.metadata["dump"]
            self.assertEqual((dump["cause"], dump["shortened"]), ("split", False))
            self.assertEqual(trace.metadata["events"]["lost"], 0)
            lengths.append(tracefile.ns(trace.metadata["end_us"]))
            self.assertIn(start, (None, trace.metadata["start_clock_ns"]))
            start = trace.metadata["start_clock_ns"] + lengths[-1] + 1
        self.assertEqual(steps, list(range(1, n + 1)))
        return lengths

    def pieces_of(self, us, n, *options):
        """Of n steps, one each so many microseconds: as expect_all()."""
        target = self.recorded(us, n)
        tool = self.record(target, *options)
        target.tell()
        target.await_step("done")
        self.end(tool)
        return self.expect_all(self.files(), n)

    def test_pieces_by_time(self):
        lengths = self.pieces_of(50, 12000, "--split", "200ms")
        self.assertGreater(len(lengths), 3)
        self.assertEqual(lengths[0], 200_000_000)
        self.assertEqual(set(lengths[1:-1]), {199_999_999}, "from the first moment behind the one before")
        self.assertLessEqual(lengths[-1], 200_000_000)

    def test_pieces_by_size(self):
        """Half of what has room, long before it is time."""
        self.assertGreater(len(self.pieces_of(10, 40000, "--split", "1h", "--keep", "1M")), 1)

    def test_files_of_a_size(self):
        """About as large as wanted, from the second one on."""
        self.pieces_of(100, 20000, "--max-size", "1M", "--max-files", "100")
        sizes = [path.stat().st_size for path in self.files()]
        self.assertTrue(4 < len(sizes) < 9, sizes)
        # What comes at once is not cut apart, and that is more where the tool has to wait for its turn.
        self.assertTrue(0.7 * (1 << 20) < statistics.median(sizes[1:-1]) < 1.3 * (1 << 20), sizes)
        self.assertLess(max(sizes), 2 << 20, sizes)

    def test_so_many_stay(self):
        target = self.recorded(200)
        tool = self.record(target, "--split", "100ms", "--max-files", "3", "--keep", "10s")
        target.tell()
        self.assertTrue(harness.wait_until(lambda: "-7-split" in " ".join(path.name for path in self.files())))
        self.assertLessEqual(len(self.files()), 4)  # while one is written
        tool.signal(signal.SIGUSR1)
        self.assertTrue(harness.wait_until(lambda: any("SIGUSR1" in path.name for path in self.files())))
        self.assertTrue(harness.wait_until(lambda: "-14-split" in " ".join(path.name for path in self.files())))
        self.end(tool)
        names = [path.name for path in self.files()]
        self.assertEqual(len([name for name in names if "split" in name]), 3)
        self.assertEqual(len([name for name in names if "SIGUSR1" in name]), 1, "that is nobody's to remove")
        for path in self.files():
            self.read(path)

    def test_the_tool_is_killed(self):
        """What was written until then is whole."""
        target = self.recorded(50)
        tool = self.record(target, "--split", "100ms")
        target.tell()
        self.await_dumps(4)
        tool.signal(signal.SIGKILL)
        tool.wait()
        states, last = States(), 0
        for path in self.files():
            if ".json" in path.suffixes[-1:]:
                trace = self.read(path)
                _, steps = self.compare(trace, states)
                self.assertEqual(steps[0], last + 1)
                last = steps[-1]

    def stopped_writer(self, tool):
        """One that writes a piece is stopped before it is done."""
        stopped = []

        def stop():
            for pid in harness.children(tool.pid):
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    os.kill(pid, signal.SIGSTOP)
                    if harness.wait_until(lambda: harness.state(pid) in "TZ") and harness.state(pid) == "T":
                        stopped.append(pid)
            return stopped

        self.assertTrue(harness.wait_until(stop))
        return stopped[0]

    def test_pieces_that_wait_for_a_slow_disk(self):
        """Nothing of them grows old; what has no room any more is lost, and counted."""
        for keep, loses in ("64M", False), ("1M", True):
            with self.subTest(keep=keep):
                target = self.recorded(0 if loses else 20)
                tool = self.record(target, "--split", "100ms", "--keep", keep)
                target.tell()
                writer = self.stopped_writer(tool)
                before = len(self.files())
                time.sleep(1.5)  # more pieces than may wait
                os.kill(writer, signal.SIGCONT)
                self.await_dumps(before + 3)
                self.end(tool, code=0)
                steps, lost = [], 0
                for path in self.files():
                    trace = self.read(path)
                    steps += steps_of(trace)
                    lost += trace.metadata["events"]["lost"]
                    path.unlink()
                missing = steps[-1] - steps[0] + 1 - len(steps)
                self.assertEqual(steps, sorted(set(steps)))
                self.assertEqual(missing > 0, loses)
                self.assertLessEqual(missing, lost)
                self.assertEqual("had no room for them" in tool.messages(), loses)
                target.child.kill()

    def test_a_piece_that_cannot_be_written(self):
        target = self.recorded(50)
        tool = self.record(target, "--split", "100ms")
        self.await_dumps(1)
        resource.prlimit(tool.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        target.tell()
        self.assertTrue(tool.err.wait_for(b"cannot be written: File too large"))
        self.end(tool, code=harness.EXIT_OUTPUT)
