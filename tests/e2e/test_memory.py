# SPDX-License-Identifier: BSD-2-Clause
"""The tool's memory stays within its budget, whatever a target invents, and what that costs is counted."""
import os
import re
import signal

import harness

# Besides the budget: the program itself, libbpf, records on their way from ring to file (--ring-size), buffers. KB.
BASE = 40 << 10
MEMORY_MB = 16


class Memory(harness.Case):
    def invented(self, what, n, lost, *options):
        target = self.target(harness.build("inventor"), what, n)
        tool = self.attach(target.pid, "--memory", "%dM" % MEMORY_MB, "--ring-size", "1M", *options, output="/dev/null")
        target.tell()
        target.await_step("done", timeout=5 * harness.TIMEOUT)
        peak = anonymous_peak(tool.pid)
        target.tell()
        self.end(tool, with_signal=None)
        self.assertLess(peak, BASE + (MEMORY_MB << 10), tool.messages())
        if lost is not None:
            self.assertEqual("more than --memory 16M holds" in tool.messages(), lost, tool.messages())
        self.assertNotIn("do not balance", tool.messages())
        self.assertEqual(sum(int(n) for n in re.findall(r"(\d+) events were lost:?", tool.messages())),
                         int(re.search(r"(?m)^ +lost (\d+)", tool.messages()).group(1)), tool.messages())
        return tool.messages()

    def test_objects(self):
        self.assertRegex(self.invented("objects", 150000, False), r"\d+ objects were forgotten for others")

    def test_counters(self):
        self.invented("counters", 150000, True)

    def test_single_values(self):
        self.invented("values", 150000, True)

    def test_slices_and_instants(self):
        self.invented("slices", 150000, False)

    def test_classes(self):
        self.invented("classes", 30000, False)

    def test_objects_in_batches(self):
        self.assertRegex(self.batched("objects", 150000, False), r"\d+ objects were forgotten for others")

    def test_counters_in_batches(self):
        self.batched("counters", 150000, True)

    def test_classes_in_batches(self):
        self.batched("classes", 30000, False)

    def test_literals_in_batches(self):
        self.batched("literals", 450000, True, "--ring-size", "8M")

    def test_objects_without_a_base_in_batches(self):
        said = self.batched("bases", 450000, False, "--ring-size", "8M")
        self.assertRegex(said, r"450000 events were lost: where they say that an object is there is none")

    def test_descriptors_in_batches(self):
        """What is read of them waits with the records that need them: 1.2 GB."""
        said = self.batched("descriptors", 200000, True, "--ring-size", "8M")
        self.assertRegex(said, r" [1-9]\d+ objects: 1 new")
        self.assertRegex(said, r"\d+ classes are more than are kept of a process")

    def test_slots_of_batches(self):
        self.all_counted(500000, self.batched("slots", 500000, None))

    def test_lives_of_pools(self):
        self.all_counted(500000, self.batched("lives", 500000, None))

    def test_thread_pointers(self):
        self.batched("pointers", 1000000, False)

    def all_counted(self, n, said):
        """Where more may be lost, as there may be books of so many at a time, or not."""
        self.assertEqual(sum(int(re.search(what, said).group(1)) for what in (r"(\d+) instants", r"(?m)^ +lost (\d+)")), n, said)

    def batched(self, what, n, lost, *options):
        return self.invented(what, n, lost, "--collect", "batch", *options)

    def test_full_rings(self):
        """What is read of them is held for as long as an older record may come: twice as much as they hold at most."""
        target = self.target(harness.build("steady"), "--still")
        os.sched_setaffinity(target.pid, {min(os.sched_getaffinity(0))})
        tool = self.attach(target.pid, "--ring-size", "8M", output="/dev/null")
        before = sizes_of(tool.pid)["VmHWM"]
        tool.signal(signal.SIGSTOP)
        target.ask("work 200000", timeout=5 * harness.TIMEOUT)
        target.tell("quit")
        tool.signal(signal.SIGCONT)
        _, status, usage = os.wait4(tool.pid, 0)
        tool.child.returncode = os.waitstatus_to_exitcode(status)
        self.end(tool, with_signal=None)
        self.assertRegex(tool.messages(), "[0-9]+ events were lost: they came faster .* a larger --ring-size", "the ring was not full")
        self.assertLess(usage.ru_maxrss - before, 2 * 8 << 10)

    def test_addresses_at_which_there_is_nothing(self):
        """They are calls of nobody's macros: no objects, and no call for a larger ring."""
        said = self.invented("addresses", 150000, False)
        self.assertRegex(said, r"(?m) 0 objects")
        self.assertRegex(said, r"lost 150000\b")
        self.assertNotIn("--ring-size", said)


def sizes_of(pid):
    """Its sizes by name, KB."""
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        fields = (line.split() for line in f if line.endswith(" kB\n"))
        return {name.rstrip(":"): int(size) for name, size, _ in fields}


def anonymous_peak(pid):
    """KB. Of what is its own: not the rings, which are the kernel's."""
    sizes = sizes_of(pid)
    return sizes["VmHWM"] - sizes["RssShmem"] - sizes["RssFile"]
