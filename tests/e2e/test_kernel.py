# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that lacks or forbids what the tool needs: the real tool, with system calls taken away from it."""
import errno

import harness
from test_errors import Failing


class Kernel(Failing):
    def setUp(self):
        super().setUp()
        self.without = harness.build("without")
        self.target_pid = self.target(harness.build("steady")).pid

    def lacks(self, call, error, code, *naming):
        self.fails(code, "-p", self.target_pid, "-o", "t.json", naming=naming, prefix=[self.without, call, str(error)])

    def test_without_bpf(self):
        self.lacks("bpf", errno.ENOSYS, harness.EXIT_KERNEL, "this kernel", "Linux 5.8")

    def test_bpf_forbidden(self):
        self.lacks("bpf", errno.EPERM, harness.EXIT_PERMISSION, "sudo", "CAP_BPF")

    def test_without_perf_events(self):
        self.lacks("perf_event_open", errno.ENOSYS, harness.EXIT_KERNEL, "this kernel", "CONFIG_UPROBE_EVENTS")

    def test_perf_events_forbidden(self):
        self.lacks("perf_event_open", errno.EACCES, harness.EXIT_PERMISSION, str(self.target_pid), "CAP_PERFMON")

    def test_a_probe_site_that_this_kernel_does_not_take(self):
        tool = self.tool("-p", self.target_pid, "-o", "t.json", "-d", "0.2", "--probe-site", "nop10")
        code = tool.wait()
        if code == 0:
            self.skipTest("this kernel takes all sites")
        self.assertEqual(code, harness.EXIT_KERNEL)
        self.assertIn("--probe-site auto", tool.messages())
