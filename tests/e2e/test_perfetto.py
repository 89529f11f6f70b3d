# SPDX-License-Identifier: BSD-2-Clause
"""One run as Chrome's JSON and in Perfetto's own format at once: both say the same."""
import collections
import gzip
import json
import os
import shutil
import signal
import struct
import subprocess
import unittest
import zlib

import harness
import pftrace
import tracefile
from test_parity import sleeping

OUTPUTS = ("-o", "trace.pftrace")


def ns(event):
    return tracefile.ns(event["ts"])


def label(event):
    return event["name"] if event["scope"] == event["name"] else "%s (%s)" % (event["name"], event["scope"])


def sorted_rows(rows):
    return sorted(rows, key=repr)


# ---- what a trace of Chrome's says, in rows ----

def json_counters(events):
    for e in events:
        if e["ph"] == "C":
            name = "%s %s" % (e["name"], e["id"]) if "id" in e else e["name"]
            for key, value in e["args"].items():
                yield ns(e), e["pid"], e["tid"], name, key, float(value), e.get("viz") == "closing"


def json_states(events):
    """("state", ts, pid, tid, name, attributes), and where a life ends, or the trace: ("end", ts, pid, tid, name)."""
    for e, following in zip(events, events[1:] + [{}]):
        if e["ph"] == "N":
            yield "state", ns(e), e["pid"], e["tid"], label(e), {"address": int(e["id"], 16)}
        elif e["ph"] == "O":
            attributes = tracefile.as_text(tracefile.plain_keys(e["args"]["snapshot"]))
            yield "state", ns(e), e["pid"], e["tid"], label(e), attributes or {}
        elif e["ph"] == "e" and e["cat"] == "object":
            scope = e["id2"]["local"].split(":", 1)[1].rsplit(":", 1)[0]
            # Else it ends where the next one begins.
            if (following.get("ph"), following.get("id2")) != ("b", e["id2"]):
                yield "end", ns(e), e["pid"], e["tid"], label({"name": e["name"], "scope": scope})


def json_deleted(events):
    for e in events:
        if e["ph"] == "D":
            yield ns(e), e["pid"], e["tid"], label(e)


def json_slices(events):
    threads = collections.defaultdict(list)
    for e in events:
        if e["ph"] in "BE":
            threads[e["pid"], e["tid"]].append((e["ph"], ns(e), e["name"] if e["ph"] == "B" else None))
    return dict(threads)


def json_open_before(events):
    begun = {}
    for e in events:
        if e.get("cat") == "method" and e["ph"] == "b":
            begun[e["pid"], e["id2"]["local"]] = e
        elif e.get("cat") == "method" and e["ph"] == "e":
            yield ns(begun[e["pid"], e["id2"]["local"]]), ns(e), e["pid"], e["name"]


def json_instants(events):
    for e in events:
        if e["ph"] == "i" and e["name"] != "viztrace summary":
            yield ns(e), e["pid"], e["tid"], e["name"], e.get("args", {})


def json_names(events, kind):
    return {(e["pid"], e["tid"]) if kind == "thread_name" else e["pid"]: e["args"]["name"]
            for e in events if e["ph"] == "M" and e["name"] == kind}


# ---- the same of Perfetto's ----

def counters(trace):
    for s in trace.samples:
        yield s.ts, s.pid, s.tid, s.name, s.key, float(s.value), s.closing


def states(trace):
    """A state that ends where the next one begins ends by itself."""
    for i, s in enumerate(trace.states):
        following = trace.states[i + 1] if i + 1 < len(trace.states) else None
        if s.name is not None:
            yield "state", s.ts, s.track.pid, s.tid, s.track.name, s.args
        elif not (following and following.track is s.track and following.ts == s.ts and following.name is not None):
            yield "end", s.ts, s.track.pid, s.tid, s.track.name


def slices(trace):
    threads = collections.defaultdict(list)
    for s in trace.slices:
        if s.track.kind == "thread":
            threads[s.track.pid, s.track.tid].append((s.phase, s.ts, s.name))
    return dict(threads)


def of_no_thread(trace):
    """(was it open before, the slice) for each that is, or is asynchronous."""
    marked = {s.track.uuid for s in trace.slices if s.track.kind == "plain" and s.args.get("viz") == "open before"}
    return ((s.track.uuid in marked, s) for s in trace.slices if s.track.kind == "plain")


def open_before(trace):
    slices_ = [s for is_before, s in of_no_thread(trace) if is_before]
    begun = {s.track.uuid: s for s in slices_ if s.phase == "B"}
    for s in slices_:
        if s.phase == "E":
            yield begun[s.track.uuid].ts, s.ts, s.track.pid, begun[s.track.uuid].name


def json_async(events):
    for e in events:
        if e.get("cat") == "async":
            yield ns(e), e["pid"], e["ph"].upper(), e["name"] if e["ph"] == "b" else ""


def async_slices(trace):
    for is_before, s in of_no_thread(trace):
        if not is_before:
            yield s.ts, s.track.pid, s.phase, s.name if s.phase == "B" else ""


def instants(trace):
    for i in trace.instants:
        if i.name not in ("viztrace summary", "flow out", "flow in"):
            yield i.ts, i.track.pid, i.track.tid, i.name, i.args


def json_flows(events):
    for e in events:
        if e["ph"] in "sf":
            yield ns(e), e["pid"], e["tid"], e["ph"] == "f", int(e["id"], 16)


def flows(trace):
    for f in trace.flows:
        yield f.ts, f.track.pid, f.track.tid, f.is_end, f.id


# ---- packets by hand ----

def number(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def fields(*pairs):
    """(number, value) each: an int, a float, or text and messages as bytes."""
    out = b""
    for field, value in pairs:
        wire = 0 if isinstance(value, int) else 1 if isinstance(value, float) else 2
        out += number(field << 3 | wire)
        out += number(value) if wire == 0 else struct.pack("<d", value) if wire == 1 else number(len(value)) + value
    return out


def packet(*pairs, sequence=1):
    body = fields((10, sequence), *pairs)
    return fields((1, body))


def event(*pairs, ts=2000, sequence=1):
    return packet((8, ts), (11, fields(*pairs)), sequence=sequence)


CLOCKS = packet((6, fields(*[(1, fields((1, clock), (2, 1000))) for clock in (3, 6, 1)], (2, 3))))
BEGIN = packet((13, 1), (87, 1), (59, fields((58, 3))))
PROCESS = packet((60, fields((1, 9), (3, fields((1, 5), (6, b"app"))))))
OBJECT = packet((60, fields((1, 11), (5, 9), (2, b"object"), (15, 2), (18, b""))))
COUNTER = packet((60, fields((1, 12), (5, 9), (2, b"counter"), (15, 2))))
SERIES = b"".join(packet((60, fields((1, 100 + i), (5, 12), (2, b"s%d" % i), (15, 2), (8, b"")))) for i in range(12))
DEFAULTS = packet((13, 1), (87, 1), (59, fields((58, 3), (11, fields((11, 100), *[(31, 101 + i) for i in range(9)], (45, 110))))),
                  sequence=2)
NEEDED = CLOCKS + BEGIN + PROCESS + OBJECT + COUNTER + SERIES + DEFAULTS


def sample(*pairs):
    return event((9, 4), *pairs, sequence=2)


class Refused(unittest.TestCase):
    """The decoder itself: what Perfetto drops or misreads does not pass."""

    def read(self, data):
        return pftrace.read(data, summary=False)

    def refused(self, why, *packets, needed=NEEDED):
        with self.assertRaisesRegex(AssertionError, why):
            self.read(needed + b"".join(packets))

    def test_what_is_right_is_read(self):
        trace = self.read(NEEDED + event((9, 5), (11, 11), (23, b"a")) + event((9, 5), (11, 11)) +
                          sample((30, -1), *[(12, 2)] * 7, (46, 0.5)))
        self.assertEqual([s.value for s in trace.samples], [-1] + [2] * 7 + [0.5])
        self.assertEqual([s.name for s in trace.states], ["a", None])

    def test_packed_values(self):
        self.refused("packed", sample((30, 1), (12, number(1) + number(2))))

    def test_a_ninth_further_value(self):
        self.refused("9 further values", sample((30, 1), *[(12, 1)] * 9))
        self.refused("9 further values", sample((30, 1), *[(12, 1)] * 8, (46, 1.0)))

    def test_a_value_after_a_zero(self):
        self.refused("after a zero", sample((30, 1), (12, 0), (12, 1)))
        self.refused("after a zero", sample((30, 1), (12, 0), (46, 1.0)))
        self.refused("after a zero", sample((30, 1), (46, -0.0), (46, 1.0), (45, 110), (45, 111)))
        self.assertEqual(len(self.read(NEEDED + sample((30, 0), (12, 1), (12, 0), (46, 0.0))).samples), 4)

    def test_more_values_than_tracks(self):
        self.refused("more values than tracks", sample((30, 1), (46, 1.0), (46, 2.0)))

    def test_no_number(self):
        self.refused("no number", sample((44, float("nan"))))

    def test_two_tracks_that_are_one(self):
        self.refused("two values for one track", sample((30, 1), (12, 2), (31, 100)))

    def test_an_event_before_its_track(self):
        self.refused("not described yet", event((9, 5), (11, 77), (23, b"a")))
        self.refused("not described yet", packet((60, fields((1, 78), (5, 77), (2, b"x"), (15, 2)))))

    def test_a_state_on_a_track_of_no_states(self):
        self.refused("another kind", event((9, 5), (11, 12), (23, b"a")))

    def test_the_same_state_again(self):
        self.refused("no new row", event((9, 5), (11, 11), (23, b"a")), event((9, 5), (11, 11), (23, b"a")))

    def test_the_end_of_no_state(self):
        self.refused("end of no state", event((9, 5), (11, 11)))

    def test_annotations_that_vanish(self):
        for nothing in b"", fields((2, 1), (4, 1)):
            self.refused("annotation (without a value|of several)", event((9, 5), (11, 11), (23, b"a"), (4, fields((10, b"k")) + nothing)))

    def test_names_that_are_not_known(self):
        self.refused("never interned", event((9, 3), (11, 9), (10, 1)))
        intern = packet((12, fields((2, fields((1, 1), (2, b"n"))))))
        self.read(NEEDED + intern + event((9, 3), (11, 9), (10, 1)))
        self.refused("never interned", intern, packet((13, 1), (59, fields((58, 3)))), event((9, 3), (11, 9), (10, 1)))

    def test_no_clocks(self):
        self.refused("before the clocks", event((9, 3), (11, 9), (23, b"a")), needed=BEGIN + PROCESS)
        self.refused("BOOTTIME", needed=packet((6, fields((1, fields((1, 3), (2, 1)))))))

    def test_a_sequence_that_did_not_begin(self):
        self.refused("did not begin", event((9, 3), (11, 9), (23, b"a"), sequence=3))

    def test_a_track_that_merges(self):
        self.refused("merges", packet((60, fields((1, 13), (5, 9), (2, b"object"), (18, b"")))))

    def test_packets_that_end_the_file(self):
        self.refused("empty packet", fields((1, b"")))
        self.refused("of 4 bytes", fields((1, fields((10, 1)))))
        self.refused("is cut", PROCESS[:-1])
        self.refused("no packet", b"\x12\0")


class Both(harness.Case):
    def equal(self, a, b, what):
        if isinstance(a, dict):
            self.assertEqual(a, b, what)
            return
        a, b = sorted_rows(a), sorted_rows(b)
        self.assertEqual(len(a), len(b), what)
        for x, y in zip(a, b):
            self.assertEqual(x, y, what)

    def same(self, chrome="trace.json", perfetto="trace.pftrace"):
        """Compare the two files of the run; (the trace as JSON, and in Perfetto's format)."""
        # Against the rules of JSON, and then as it is.
        self.load(chrome)
        whole = tracefile.parse((self.dir / chrome).read_bytes().decode())
        events, metadata = whole["traceEvents"], whole["metadata"]
        trace = pftrace.read((self.dir / perfetto).read_bytes())
        self.assertEqual(trace.clocks[pftrace.MONOTONIC], metadata["start_clock_ns"])
        self.assertEqual(trace.clocks[pftrace.BOOTTIME], metadata["start_boot_ns"])
        self.assertLess(abs(trace.clocks[pftrace.REALTIME] / 1e9 - os.stat(self.dir / chrome).st_mtime), 3600)
        self.equal(json_counters(events), counters(trace), "counters")
        self.equal(json_states(events), states(trace), "states")
        self.equal(json_deleted(events), trace.deleted, "ends of objects")
        self.equal(json_slices(events), slices(trace), "slices")
        self.equal(json_open_before(events), open_before(trace), "slices that were open before")
        self.equal(json_async(events), async_slices(trace), "asynchronous slices")
        self.equal(json_instants(events), instants(trace), "instants")
        self.equal(json_flows(events), flows(trace), "arrows")
        self.equal(json_names(events, "process_name"), trace.process_names, "processes")
        self.equal(json_names(events, "thread_name"), {k: v for k, v in trace.thread_names.items() if v}, "threads")
        self.same_books(metadata, trace)
        self.converts(chrome, perfetto)
        return events, trace

    def convert(self, *args, code=0):
        done = harness.run(harness.TOOL, "convert", *args, cwd=self.dir)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def same_bytes(self, a, b):
        a, b = (self.dir / a).read_bytes().split(b"\n"), (self.dir / b).read_bytes().split(b"\n")
        for i, (x, y) in enumerate(zip(a, b)):
            self.assertEqual(x, y, "line %d" % (i + 1))
        self.assertEqual(len(a), len(b))

    def converts(self, chrome, perfetto):
        """Each into the other, and back: to the last byte, wherever the order of tracks does not matter."""
        self.convert(chrome, "other.pftrace")
        self.convert("other.pftrace", "back.json")
        self.same_bytes(chrome, "back.json")
        self.convert(perfetto, "other.json")
        self.same_bytes(chrome, "other.json")

    def same_books(self, metadata, trace):
        summary = [i.args for i in trace.instants if i.name == "viztrace summary"][0]
        # As text where Perfetto would drop what is empty.
        self.assertEqual(json.loads(json.dumps(tracefile.as_text(metadata))), json.loads(json.dumps(summary)))
        for key in ("seen", "written", "filtered", "lost", "truncated", "unreadable"):
            self.assertEqual(trace.attributes["events." + key], metadata["events"][key])
        self.assertEqual(trace.attributes["version"], metadata["version"])

    def both(self, program, *args, options=(), **how):
        """One run to the program's end."""
        self.traced(program, *args, options=(*OUTPUTS, *options), **how)
        return self.same()


class Perfetto(Both):
    def test_all_that_parity_has(self):
        """Lists, dicts, JSON text, texts, NULL: one scenario after the other."""
        program = harness.build("scenarios", harness.ROOT / "tests" / "parity" / "scenarios.c")
        self.traced_waiting(program, "all", "--wait")
        self.same()

    def test_all_that_parity_has_attached_late(self):
        """Of objects that were there before nothing tells the address but what is beside their tracks."""
        program = harness.build("scenarios", harness.ROOT / "tests" / "parity" / "scenarios.c")
        t = self.target(program, "all", "--late", ready=None)
        self.assertTrue(harness.wait_until(lambda: sleeping(t.pid)))
        tool = self.attach(t.pid, *OUTPUTS)
        self.assertEqual(t.wait(), 0)
        self.end(tool, with_signal=None)
        events, trace = self.same()
        self.assertNotEqual({e["id"] for e in events if e["ph"] == "O"} - {e["id"] for e in events if e["ph"] == "N"}, set())
        self.assertTrue(trace.states)

    def test_the_demo(self):
        target = self.target(harness.build("jobserver", harness.ROOT / "tests" / "demo" / "jobserver.c"), ready=None)
        tool = self.attach(target.pid, "-d", "2", *OUTPUTS)
        self.end(tool, with_signal=None)
        events, _ = self.same()
        self.assertGreater(sum(e["ph"] == "C" for e in events), 100)

    def traced_waiting(self, program, *args):
        """A program that goes on when it is traced."""
        t = self.target(program, *args, ready=None)
        tool = self.attach(t.pid, *OUTPUTS)
        self.assertEqual(t.wait(), 0)
        self.end(tool, with_signal=None)

    def test_something_of_everything(self):
        steady = self.target(harness.build("steady"), "--fast")
        tool = self.attach(steady.pid, *OUTPUTS)
        steady.ask("ticks 300")
        self.end(tool)
        self.assertIn("pftrace in https://ui.perfetto.dev\n", tool.messages())
        events, _ = self.same()
        self.assertEqual({e["ph"] for e in events}, set("MCObeBEi"))

    def test_a_counter_of_more_series_than_a_packet_takes(self):
        """Zeros at every place among integers and doubles, numbers beyond int64, and some series left out."""
        _, trace = self.both(harness.build("content"), "wide")
        self.assertEqual(len({s.key for s in trace.samples}), 22)
        reports = collections.Counter(s.key for s in trace.samples if not s.closing)
        self.assertLess(reports["a"], reports["b"])

    def test_numbers_and_texts_at_their_limits(self):
        """Each state is there as often as it was reported."""
        events, trace = self.both(harness.build("content"), "extremes")
        self.assertEqual(sum(e["ph"] == "O" for e in events), 12)
        self.assertEqual(sum(s.name is not None for s in trace.states), 1 + 12)

    def test_slices_that_were_open_before(self):
        target = self.target(harness.build("content"), "late", ready="inside")
        tool = self.attach(target.pid, *OUTPUTS)
        target.tell()
        self.assertEqual(target.wait(), 0)
        self.end(tool, with_signal=None)
        _, trace = self.same()
        self.assertEqual(len(list(open_before(trace))), 2)

    def test_json_text(self):
        self.both(harness.build("content"), "json")

    def test_10_000_objects(self):
        target = self.target(harness.build("inventor"), "objects", "10000")
        tool = self.attach(target.pid, *OUTPUTS)
        target.tell()
        target.await_step("done", 120)
        # Told to stop, it has a second to end what is open.
        target.tell()
        self.end(tool, with_signal=None)
        _, trace = self.same()
        self.assertEqual(len({s.track.uuid for s in trace.states}), 10000)

    def test_more_names_than_are_kept(self):
        """20,000: what was interned before is forgotten some time, by both sides."""
        target = self.target(harness.build("inventor"), "slices", "10000")
        tool = self.attach(target.pid, *OUTPUTS)
        target.tell()
        target.await_step("done", 120)
        self.end(tool)
        _, trace = self.same()
        self.assertEqual(len({i.name for i in trace.instants if i.name.startswith("instant number")}), 10000)

    def test_two_processes(self):
        self.traced(self.own("processes"), "fork", options=("-f", *OUTPUTS))
        _, trace = self.same()
        self.assertGreater(len(trace.process_names), 1)

    def test_an_object_after_the_other_at_one_address(self):
        _, trace = self.both(harness.build("content"), "same_address")
        tracks = {s.track.uuid: s.track.name for s in trace.states}
        self.assertEqual(sorted(tracks.values()), ["conn-%d (conn)" % i for i in range(3)])
        for uuid in tracks:
            names = [s.name for s in trace.states if s.track.uuid == uuid]
            self.assertEqual(names, ["new", "state=1, peer=NULL", "state=2", None])

    def test_a_counter_that_ends_and_reports_less(self):
        _, trace = self.both(harness.build("content"), "counter_ends")
        self.assertTrue(any(s.closing for s in trace.samples))
        self.assertFalse(all(s.closing for s in trace.samples))

    def test_names_of_javascript_stay_as_they_are(self):
        self.traced(harness.build("content"), "names", options=OUTPUTS)
        trace = pftrace.read((self.dir / "trace.pftrace").read_bytes())
        self.assertIn("__proto__", {i.name for i in trace.instants})
        self.assertIn("__proto__ (conn)", {s.track.name for s in trace.states})

    def test_what_is_open_when_the_program_ends(self):
        self.both(harness.build("content"), "open")

    def test_methods(self):
        events, _ = self.both(harness.build("content"), "deep", "70")
        self.assertGreater(sum(e["ph"] == "B" for e in events), 70)

    def test_compressed(self):
        self.traced(harness.build("content"), "counter_ends", options=("-o", "trace.pftrace.gz", *OUTPUTS))
        packed = (self.dir / "trace.pftrace.gz").read_bytes()
        self.assertEqual(gzip.decompress(packed), (self.dir / "trace.pftrace").read_bytes())

    def test_a_format_by_its_name_and_into_a_pipe(self):
        t = self.target(harness.build("content"), "counter_ends")
        with open(self.dir / "piped", "wb") as file:
            cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
            tool = self.attach(t.pid, "--format", "perfetto", output="-", stdout=cat.stdin)
            t.tell()
            self.assertEqual(t.wait(), 0)
            self.end(tool, with_signal=None)
            cat.stdin.close()
            self.assertEqual(cat.wait(timeout=harness.TIMEOUT), 0)
        trace = pftrace.read((self.dir / "piped").read_bytes())
        self.assertEqual([s.value for s in trace.samples_of("lasting", "open") if not s.closing], [1, 2])

    def test_a_trace_without_events(self):
        steady = self.target(harness.build("steady"), "--still")
        tool = self.attach(steady.pid, output="empty.pftrace")
        self.end(tool)
        trace = pftrace.read((self.dir / "empty.pftrace").read_bytes())
        self.assertEqual(trace.attributes["events.seen"], 0)
        self.assertEqual(trace.process_names, {steady.pid: "steady"})

    @unittest.skipUnless(shutil.which("protoc"), "protoc (protobuf-compiler) is not installed")
    def test_protoc_reads_it_to_its_end(self):
        self.hammered(2000)
        data = (self.dir / "trace.pftrace").read_bytes()
        done = subprocess.run(["protoc", "--decode_raw"], input=data, capture_output=True, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(b"\n}\n"), sum(1 for _ in pftrace.packets(data)))

    def hammered(self, writes):
        """Counters of three integers and a double, of two threads."""
        self.traced_waiting(harness.build("hammer"), "2", writes, "--wait")
        return self.same()

    def test_pages_end_with_whole_packets(self):
        """SIGKILL can end a write() after any page."""
        self.hammered(5000)
        data = (self.dir / "trace.pftrace").read_bytes()
        self.assertGreater(len(data), 50 * 4096)
        begins, at = {0}, 0
        while at < len(data):
            size, body = pftrace.varint(data, at + 1, len(data))
            long = body + size - at > 4096
            self.assertTrue(long or at // 4096 == (body + size - 1) // 4096, "a packet at %d lies on two pages" % at)
            at = body + size
            begins.add(at)
        self.assertGreater(len(begins & set(range(0, len(data), 4096))), 40)


class Killed(harness.Case):
    def killed(self, name, most):
        """Kill the tool at `most` moments, while it writes as fast as it can; of each file what is on disk."""
        steady = self.target(harness.build("steady"), "--fast")
        path = self.dir / name
        for moment in range(most):
            path.unlink(missing_ok=True)
            tool = self.attach(steady.pid, output=name)
            self.assertTrue(harness.wait_until(lambda: path.exists() and path.stat().st_size > 60000 * moment))
            self.end(tool, -signal.SIGKILL, signal.SIGKILL)
            yield path.read_bytes()

    def test_at_any_moment_leaves_whole_packets(self):
        for moment, data in enumerate(self.killed("killed.pftrace", 10)):
            trace = pftrace.read(data, summary=False)
            self.assertGreaterEqual(len(trace.samples), 200 * moment)

    def test_compressed_it_is_read_to_the_last_whole_packet(self):
        for data in self.killed("killed.pftrace.gz", 3):
            unpacked = zlib.decompressobj(31).decompress(data)
            self.assertTrue(pftrace.read(unpacked, cut=True, summary=False).clocks)
