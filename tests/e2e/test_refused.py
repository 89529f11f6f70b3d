# SPDX-License-Identifier: BSD-2-Clause
"""Files that the kernel does not take: said once, and everything else is traced as if they were not there."""
import os
import re

import harness

# The stub before its first nop, and what no probe can be at in the place of that.
NOP, NO_PROBE = {"x86_64": (b"\xf3\x0f\x1e\xfa\x90", b"\xf3\x0f\x1e\xfa\xf0"),
                 "aarch64": (b"\x5f\x24\x03\xd5\x1f\x20\x03\xd5", b"\x5f\x24\x03\xd5\x20\x00\x20\xd4")}[os.uname().machine]


def spoil(path):
    """A copy of a file, at one of whose sites no probe can be."""
    data = path.read_bytes()
    at = data.index(NOP)
    path.unlink()
    path.write_bytes(data[:at] + NO_PROBE + data[at + len(NOP):])
    path.chmod(0o755)


class Refused(harness.Case):
    def a_library(self, spoilt=True):
        library = self.own("library.so", "library.c", flags=("-O2", "-shared", "-fPIC"))
        if spoilt:
            spoil(library)
        return library

    def target_with(self, library):
        return self.target(self.own("uses_library", libs=("-ldl",)), library, "steps")

    def is_told_of(self, tool, trace):
        said = re.findall(r"warning: \S*library\.so is not traced: .*", tool.messages())
        self.assertEqual(len(said), 1, tool.messages())
        self.assertEqual(len([e for e in trace.of("i") if e["name"].startswith("library.so is not traced")]), 1)
        refused = trace.metadata["files_not_attached"]
        self.assertEqual([os.path.basename(f["path"]) for f in refused], ["library.so"])
        self.assertGreater(refused[0]["errno"], 0)
        self.assertNotIn("library.so", [os.path.basename(f["path"]) for f in trace.metadata["files"]])

    def test_one_of_two_processes_maps_it_later(self):
        steady = self.target(harness.build("steady"), "--still")
        other = self.target_with(self.a_library())
        tool = self.attach_to("-p", steady.pid, "-p", other.pid, "-o", "trace.json")
        steady.ask("work 10")
        other.ask("open")
        self.assertTrue(tool.err.wait_for(b"is not traced"), tool.messages())
        steady.ask("work 20")
        self.end(tool)
        trace = self.load()
        self.assertEqual(len(trace.samples_of("sum")), 30)
        self.is_told_of(tool, trace)
        self.assertNotIn("writing", tool.messages())
        self.assertEqual(trace.metadata["ended"], "interrupted")

    def test_two_processes_of_a_family_have_it(self):
        library = self.a_library(spoilt=False)
        program = self.own("linked_to_it", "linked.c", libs=(str(library),))
        spoil(library)
        tool = self.tool("-f", "-o", "trace.json", "--", "sh", "-c", "{0}; {0}; true".format(program))
        self.end(tool, with_signal=None)
        trace = self.load()
        self.is_told_of(tool, trace)
        self.assertEqual([e["name"] for e in trace.of("i") if e["name"] == "main"], ["main"] * 2)

    def test_it_is_there_in_the_beginning(self):
        target = self.target_with(self.a_library())
        target.ask("open")
        tool = self.attach(target.pid)
        self.end(tool)
        self.is_told_of(tool, self.load())

    def test_there_is_nothing_else(self):
        program = self.own("steady")
        spoil(program)
        target = self.target(program, "--still")
        tool = self.tool("-p", target.pid, "-o", "trace.json")
        self.assertEqual(tool.wait(), harness.EXIT_KERNEL, tool.messages())
        self.assertEqual(len(tool.messages().splitlines()), 1, tool.messages())
        self.assertFalse((self.dir / "trace.json").exists())
