# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the shapes that real ones have, instrumented without a change of any struct of theirs: each value is right."""
import harness


class Foreign(harness.Case):
    maxDiff = None

    def foreign(self, mode):
        trace, said, messages = self.traced(harness.build("foreign"), mode)
        self.assertTrue(said.endswith("done\n"), said)
        self.assertNotIn("do not balance", messages)
        self.assertEqual((trace.total["lost"], trace.total["unreadable"], trace.total["truncated"]), (0, 0, 0))
        return trace

    def test_a_packed_item_in_a_slab(self):
        first = {"slab": 3, "refcount": 2, "bytes": 100, "key": "key1", "next.key": "key2"}
        self.assertEqual(self.foreign("slab").snapshots("item"), [
            first, {**first, "key": "renam"},
            {"slab": 3, "refcount": 1, "bytes": 300, "key": "key3", "next.key": None},
            dict.fromkeys(first)])

    def test_a_struct_of_a_library_by_its_typedef(self):
        self.assertEqual(self.foreign("library").snapshots("meter_trace"), [
            {"level": 2, "rates": [0.25, 0.5], "label": "in"}, {"level": 2, "rates": [0.25, 0.75], "label": "in"},
            {"level": 2, "rates": [0.25, 0.75], "label": "out"}])

    def test_a_table_of_commands_behind_pointers(self):
        trace = self.foreign("commands")
        self.assertEqual(trace.samples_of("get"), [
            {"arity": 2, "stats.calls": n, "stats.microseconds": t} for n, t in ((1, 0), (2, 20))])
        self.assertEqual(trace.samples_of("set"), [
            {"arity": 3, "stats.calls": n, "stats.microseconds": t} for n, t in ((1, 10), (2, 40))])

    def test_an_event_loop_with_its_clients(self):
        trace = self.foreign("clients")
        keys = ("requests", "conn.fd", "conn.state", "conn.out.used", "conn.command.name", "conn.command.stats.calls",
                "conn.loop.backend")
        rows = [[0, "reading", 0, "get", 1], [0, "reading", 100, "get", 1], [1, "reading", 100, "get", 1],
                [1, "writing", 100, "set", 1], [1, "writing", 200, "set", 1], [2, "writing", 200, "set", 1]]
        for i in (0, 1):
            wanted = [dict(zip(keys, [n, 7 + i, state, used, name, calls + i, "epoll"])) for n, state, used, name, calls in rows]
            if i:
                wanted.append({**wanted[-1], "conn.command.name": None, "conn.command.stats.calls": None})
            self.assertEqual(trace.snapshots("client-%d" % i), wanted)
