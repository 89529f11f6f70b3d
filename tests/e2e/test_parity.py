# SPDX-License-Identifier: BSD-2-Clause
"""What VizTracer records for its counters and objects is what a trace of the same in C, and in C++, holds."""
import json

import harness

PARITY = harness.ROOT / "tests" / "parity"
EXPECTED = PARITY / "expected.json"


class Parity(harness.Case):
    def compare(self, scenario, *options, program=("scenarios", PARITY / "scenarios.c"), **how):
        built = harness.build(*program, **how)
        # The program goes on once the probes that it needs are there. If it is over before all are, that is no trace.
        for _ in range(5):
            target, tool = self.start(built, scenario, options)
            if tool.attached():
                break
            self.assertEqual(tool.wait(), harness.EXIT_NO_PROCESS, tool.messages())
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        self.load()
        done = harness.run("python3", PARITY / "compare.py", EXPECTED, scenario, self.dir / "trace.json",
                           *[o for o in options if o == "--late"])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def start(self, program, scenario, options):
        target = self.target(program, scenario, *(options or ["--wait"]), ready=None)
        if options:
            # It has to have made its objects; it looks for us from then on.
            self.assertTrue(harness.wait_until(lambda: sleeping(target.pid)))
        return target, self.tool("-p", target.pid, "-o", "trace.json")

    def test_all_scenarios_in_one_process(self):
        self.compare("all")

    def test_all_scenarios_in_one_process_attached_late(self):
        self.compare("all", "--late")

    def twin(self, cc, standard):
        if not harness.have(cc):
            self.skipTest("%s is not installed" % cc)
        for options in ([], ["--late"]):
            with self.subTest(options=options):
                self.compare("all", *options, program=("scenarios-%s-%s" % (cc, standard), PARITY / "scenarios.cc"),
                             cc=cc, flags=("-O2", "-std=" + standard))


def sleeping(pid):
    with open("/proc/%d/syscall" % pid, encoding="ascii") as f:
        return f.read().split()[0] in ("35", "230", "115", "101")  # nanosleep, clock_nanosleep on x86-64, arm64


def add_twin(cc, standard):
    setattr(Parity, "test_all_scenarios_in_%s_%s" % (cc.replace("+", "x"), standard.replace("+", "x")),
            lambda self: self.twin(cc, standard))


def add(scenario):
    def test(self):
        self.compare(scenario)

    def test_late(self):
        self.compare(scenario, "--late")

    setattr(Parity, "test_%s" % scenario, test)
    setattr(Parity, "test_%s_attached_late" % scenario, test_late)


for compiler in ("g++", "clang++"):
    for std in ("c++11", "c++14", "c++17", "c++20", "c++2b"):
        add_twin(compiler, std)
for name in json.loads(EXPECTED.read_text()):
    add(name)
