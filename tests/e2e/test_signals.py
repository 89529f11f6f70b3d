# SPDX-License-Identifier: BSD-2-Clause
"""A traced program calculates what it calculates untraced: signals, registers. See also test_torture.py."""
import harness

COMPILERS = [(cc, flags) for cc in ("gcc", "clang") for flags in (("-O2",), ("-O3", "-fomit-frame-pointer"))]


class Same(harness.Case):
    def compilers(self):
        for cc, flags in COMPILERS:
            if harness.have(cc):
                yield cc, harness.build("signals-%s%s" % (cc, flags[0]), "signals.c", cc=cc, flags=flags)

    def checksum(self, said):
        return said.split("checksum ")[1].strip()

    def alone(self, program, *args):
        target = self.target(program, *args)
        target.tell()
        self.assertEqual(target.wait(), 0)
        return self.checksum(target.out.text())

    def same(self, program, *args, options=()):
        trace, said, _ = self.traced(program, *args, options=options, keep=False)
        self.assertEqual(self.checksum(said), self.alone(program, *args))
        return trace, said

    def test_a_signal_handler_with_probes_every_millisecond(self):
        for cc, program in self.compilers():
            with self.subTest(cc=cc):
                trace, said = self.same(program, "alarm", 8000, options=("--ring-size", "32M"))
                alarms = int(said.split(" alarms")[0].split()[-1])
                self.assertEqual(trace.probe("instant")["seen"], alarms)
                self.assertEqual(trace.probe("value")["seen"], alarms)
                self.assertEqual(trace.probe("enter")["seen"], trace.probe("exit")["seen"])
                self.assertGreaterEqual(trace.probe("set")["seen"], 8000 + alarms)
    test_a_signal_handler_with_probes_every_millisecond.order = -1

    def test_registers(self):
        for cc, program in self.compilers():
            with self.subTest(cc=cc):
                trace, _ = self.same(program, "regs", 2000)
                self.assertEqual(trace.total["seen"], 10000)
