# SPDX-License-Identifier: BSD-2-Clause
"""The tool's memory stays within its budget, whatever a target invents, and what that costs is counted."""
import harness

# Besides the budget: the program itself, libbpf, records on their way from ring to file (--ring-size), buffers. KB.
BASE = 40 << 10
MEMORY_MB = 16


class Memory(harness.Case):
    def invented(self, what, n, lost):
        target = self.target(harness.build("inventor"), what, n)
        tool = self.attach(target.pid, "--memory", "%dM" % MEMORY_MB, "--ring-size", "1M", output="/dev/null")
        target.tell()
        target.await_step("done", timeout=5 * harness.TIMEOUT)
        peak = anonymous_peak(tool.pid)
        target.tell()
        self.end(tool, with_signal=None)
        self.assertLess(peak, BASE + (MEMORY_MB << 10), tool.messages())
        self.assertEqual("more than --memory 16M holds" in tool.messages(), lost, tool.messages())
        self.assertNotIn("do not balance", tool.messages())
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

    def test_addresses_at_which_there_is_nothing(self):
        """They are calls of nobody's macros: no objects, and no call for a larger ring."""
        said = self.invented("addresses", 150000, False)
        self.assertRegex(said, r"(?m) 0 objects")
        self.assertRegex(said, r"lost 150000\b")
        self.assertNotIn("--ring-size", said)


def anonymous_peak(pid):
    """KB. Of what is its own: not the rings, which are the kernel's."""
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        fields = dict(line.split(":", 1) for line in f)
    return int(fields["VmHWM"].split()[0]) - int(fields["RssShmem"].split()[0]) - int(fields["RssFile"].split()[0])
