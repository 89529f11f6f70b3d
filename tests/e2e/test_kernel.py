# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that lacks or forbids what the tool needs: the real tool, with system calls taken away from it."""
import errno

import harness
from test_errors import Failing


class Kernel(Failing):
    def setUp(self):
        super().setUp()
        self.without = harness.build("without", counted=False)
        self.target_pid = self.target(harness.build("steady")).pid

    def lacks(self, call, error, code, *naming):
        self.fails(code, "-p", self.target_pid, "-o", "t.json", naming=naming, prefix=self.taking(call, error))

    def taking(self, *calls_and_errors):
        """The tool without these system calls, of which each fails with the error behind it."""
        pairs = zip(calls_and_errors[::2], calls_and_errors[1::2])
        return [word for call, error in pairs for word in (self.without, call, str(error))]

    def test_without_bpf(self):
        self.lacks("bpf", errno.ENOSYS, harness.EXIT_KERNEL, "this kernel", "Linux 5.8")

    def test_bpf_forbidden(self):
        self.lacks("bpf", errno.EPERM, harness.EXIT_PERMISSION, "sudo", "CAP_BPF", "viztrace-bpf doctor")

    def test_without_perf_events(self):
        self.fails(harness.EXIT_KERNEL, "-p", self.target_pid, "-o", "t.json", naming=("this kernel", "CONFIG_UPROBE_EVENTS"),
                   prefix=self.taking("link", errno.EINVAL, "perf_event_open", errno.ENOSYS))

    def test_perf_events_forbidden(self):
        self.fails(harness.EXIT_PERMISSION, "-p", self.target_pid, "-o", "t.json", naming=("sudo", "CAP_SYS_ADMIN", "viztrace-bpf doctor"),
                   prefix=self.taking("link", errno.EINVAL, "perf_event_open", errno.EACCES))

    def test_without_perf_events_but_links_it_traces(self):
        tool = self.tool("-p", self.target_pid, "-o", "t.json", "-d", "0.3", "-v",
                         prefix=self.taking("perf_event_open", errno.ENOSYS))
        if tool.wait() == harness.EXIT_KERNEL:
            self.skipTest("this kernel has no links for many uprobes")
        self.assertIn("no events of new mappings", tool.messages())
        self.assertGreater(self.load("t.json").total["written"], 100)

    def test_older_ways_to_attach_see_the_same(self):
        """Perf events without links, and a program for each probe, are all that the oldest kernels have."""
        counts = []
        for taken in ((), ("link", errno.EINVAL)):
            target = self.target(harness.build("steady"), "--still")
            tool = self.attach(target.pid, "-v", prefix=self.taking(*taken))
            target.ask("work 500")
            self.end(tool)
            self.assertEqual("with attach cookies" in tool.messages(), bool(taken))
            counts.append({name: probe["written"] for name, probe in self.load().metadata["probes"].items()})
            self.assertEqual(target.semaphores(), 0)
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(counts[0]["set"], 500)

    def test_a_probe_site_that_this_kernel_does_not_take(self):
        tool = self.tool("-p", self.target_pid, "-o", "t.json", "-d", "0.2", "--probe-site", "nop10")
        code = tool.wait()
        if code == 0:
            self.skipTest("this kernel takes all sites")
        self.assertEqual(code, harness.EXIT_KERNEL)
        self.assertIn("--probe-site auto", tool.messages())
