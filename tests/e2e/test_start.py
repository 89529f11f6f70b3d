# SPDX-License-Identifier: BSD-2-Clause
"""`--start-at`: a tool begins when the time of day is divided by that, and not before."""
import datetime
import json
import re
import signal
import time

import harness


class Start(harness.Case):
    def waited(self, tool):
        """For how many seconds it said that it would."""
        self.assertTrue(tool.err.wait_for(b"for the time to start at"), tool.messages())
        return float(re.search(r"waiting (\d+\.\d{3}) seconds for the time to start at", tool.messages())[1])

    def early(self):
        """With three seconds to go at least, which is more than a tool needs to be there. The time."""
        while time.time() % 5 > 2:
            time.sleep(0.05)
        return time.time()

    def test_it_begins_at_a_time_of_day(self):
        target = self.target(harness.build("steady"), "--fast")
        started = self.early()
        tool = self.tool("-p", str(target.pid), "--start-at", "/5s", "-o", "trace.json")
        self.assertTrue(tool.attached(), tool.messages())
        target.ask("ticks 10")
        self.end(tool)
        text = json.loads((self.dir / "trace.json").read_text())["metadata"]["start_time"]
        began = datetime.datetime.fromisoformat(text[:26] + "+00:00").timestamp()
        self.assertLessEqual(self.waited(tool), 5)
        self.assertGreaterEqual(began, started // 5 * 5 + 5)

    def test_a_command_is_started_then(self):
        started = self.early()
        tool = self.launch(harness.build("steady"), options=("--start-at", "/5s"))
        self.waited(tool)
        self.assertGreaterEqual(time.time(), started // 5 * 5 + 5)

    def test_it_can_be_interrupted(self):
        target = self.target(harness.build("steady"), "--fast")
        tool = self.tool("-p", str(target.pid), "--start-at", "/60m", "-o", "trace.json")
        self.waited(tool)
        tool.signal(signal.SIGINT)
        self.assertEqual(tool.wait(), 0, tool.messages())
        target.ask("ticks 10")

    def test_usage(self):
        for text in ("10s", "/", "/0s", "/10", "/61m", "/-1s", "/1h", "/ 5s", "/99999999999999999999s"):
            done = harness.run(harness.TOOL, "-p", "1", "--start-at", text)
            self.assertEqual(done.returncode, harness.EXIT_USAGE, text)
            self.assertIn("--start-at takes /10s or /5m", done.stderr)
        done = harness.run(harness.TOOL, "report", "a.json", "--start-at", "/1s")
        self.assertEqual(done.returncode, harness.EXIT_USAGE)
        self.assertIn("--start-at is for tracing, not for report", done.stderr)
