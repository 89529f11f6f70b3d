# SPDX-License-Identifier: BSD-2-Clause
"""Reads a trace in Perfetto's own format as Perfetto does, and refuses what that drops or misreads.

read() takes the bytes of a file and returns a Trace, or raises AssertionError. No schema is needed: MESSAGES has the fields
that the tool may write.
"""
import collections
import struct

MONOTONIC, BOOTTIME, REALTIME = 3, 6, 1
BEGIN, END, INSTANT, COUNTER, STATE = 1, 2, 3, 4, 5
CLEARED = 1
MOST_FURTHER_VALUES = 8
SMALLEST_PACKET = 6  # with tag and length; the reader looks at five bytes before it knows how long a packet is

# By message: the number of a field, its name, and what it is: an unsigned (u) or signed (i) number, or one of 8 bytes (x), bool
# (b), double (d), text (s), or another message; "*" if there may be several.
OURS = {2037: ("host", "s"), 2038: ("boot_id", "s"), 2039: ("pid_namespace", "u"), 2040: ("thread", "u"), 2041: ("note", "u"),
        2042: ("zeros", "u"), 2043: ("address", "u"), 2044: ("class", "s"), 2045: ("id", "s"), 2046: ("deleted", "u"), 2047: ("format", "u")}  # Perfetto passes over these
MESSAGES = {
    "packet": {6: ("clock_snapshot", "snapshot"), 8: ("timestamp", "u"), 10: ("sequence", "u*"), 11: ("event", "event"),
               12: ("interned", "interned"), 13: ("flags", "u"), 59: ("defaults", "defaults"), 60: ("track", "track"),
               87: ("first", "b"), 126: ("attributes", "attributes"), **OURS},
    "snapshot": {1: ("clocks", "clock*"), 2: ("primary", "u")},
    "clock": {1: ("id", "u"), 2: ("time", "u")},
    "defaults": {11: ("event", "event_defaults"), 58: ("clock", "u")},
    "event_defaults": {11: ("track", "u"), 31: ("int_tracks", "u*"), 45: ("double_tracks", "u*")},
    "track": {1: ("uuid", "u"), 2: ("name", "s"), 3: ("process", "process"), 4: ("thread", "thread"), 5: ("parent", "u"),
              8: ("counter", "counter"), 15: ("merge", "u"), 18: ("state", "nothing")},
    "nothing": {},
    "counter": {6: ("unit_name", "s")},
    "process": {1: ("pid", "u"), 6: ("name", "s")},
    "thread": {1: ("pid", "u"), 2: ("tid", "u"), 5: ("name", "s")},
    "event": {4: ("annotations", "annotation*"), 9: ("type", "u"), 10: ("name_iid", "u"), 11: ("track", "u"),
              12: ("ints", "i*"), 22: ("categories", "s*"), 23: ("name", "s"), 30: ("int", "i"), 31: ("int_tracks", "u*"),
              44: ("double", "d"), 45: ("double_tracks", "u*"), 46: ("doubles", "d*"),
              47: ("flows", "x*"), 48: ("flow_ends", "x*")},
    "annotation": {1: ("name_iid", "u"), 2: ("bool", "b"), 4: ("int", "i"), 5: ("double", "d"), 6: ("string", "s"),
                   7: ("pointer", "u"), 10: ("name", "s"), 11: ("dict", "annotation*"), 12: ("array", "annotation*"),
                   17: ("word", "u")},
    "interned": {2: ("event_names", "text*"), 3: ("annotation_names", "text*"), 29: ("word_names", "text*")},
    "text": {1: ("iid", "u"), 2: ("text", "s")},
    "attributes": {1: ("attribute", "attribute*")},
    "attribute": {1: ("key", "s"), 2: ("long", "i"), 3: ("string", "s")},
}


class Cut(Exception):
    """The file ends in the middle of a packet."""


def varint(data, at, end):
    value = shift = 0
    while True:
        if at >= end:
            raise Cut()
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            assert value < 1 << 64, "a number of more than 64 bits"
            return value, at
        shift += 7
        assert shift < 70, "a number without end"


def scalar(kind, wire, value, what):
    if kind == "d":
        assert wire == 1, what + " is no double"
        return struct.unpack("<d", value)[0]
    if kind == "x":
        assert wire == 1, what + " is not of 8 bytes"
        return struct.unpack("<Q", value)[0]
    if kind == "s":
        assert wire == 2, what + " is no text"
        text = bytes(value).decode("utf-8")
        assert "\0" not in text, what + " ends at a NUL"
        return text
    assert wire == 0, what + " is no number (packed values are garbage to Perfetto)"
    if kind == "b":
        assert value in (0, 1), what + " is no bool"
        return bool(value)
    return value - (1 << 64) if kind == "i" and value >> 63 else value


def message(data, kind):
    """{name: value, or a list of them}"""
    out, at, end = {}, 0, len(data)
    while at < end:
        try:
            tag, at = varint(data, at, end)
            number, wire = tag >> 3, tag & 7
            if wire == 0:
                value, at = varint(data, at, end)
            else:
                size, at = (8, at) if wire == 1 else varint(data, at, end) if wire == 2 else (None, at)
                assert size is not None, "wire type %d in %s" % (wire, kind)
                value, at = data[at:at + size], at + size
                if at > end:
                    raise Cut()
        except Cut:
            raise AssertionError("a field of %s is longer than that" % kind) from None
        assert number in MESSAGES[kind], "%s has a field %d" % (kind, number)
        name, of = MESSAGES[kind][number]
        many, of = of.endswith("*"), of.rstrip("*")
        what = "%s.%s" % (kind, name)
        if of in MESSAGES:
            assert wire == 2, what + " is no message"
            value = message(value, of)
        else:
            value = scalar(of, wire, value, what)
        if many:
            out.setdefault(name, []).append(value)
        else:
            assert name not in out, what + " is there twice"
            out[name] = value
    return out


def packets(data, cut=False):
    """Of the whole file; `cut`: its end may be missing."""
    data, at, end = memoryview(data), 0, len(data)
    while at < end:
        begin = at
        try:
            tag, at = varint(data, at, end)
            assert tag == 1 << 3 | 2, "byte %d is no packet" % begin
            size, at = varint(data, at, end)
            if at + size > end:
                raise Cut()
        except Cut:
            assert cut, "the last packet is cut"
            return
        assert size, "an empty packet, which Perfetto takes for the end"
        assert at + size - begin >= SMALLEST_PACKET, "a packet of %d bytes" % (at + size - begin)
        yield message(data[at:at + size], "packet")
        at += size


Track = collections.namedtuple("Track", "uuid parent name pid tid kind")
Sample = collections.namedtuple("Sample", "ts pid tid name key value closing")
State = collections.namedtuple("State", "ts tid track name args")  # without a name: the one before ends
Slice = collections.namedtuple("Slice", "ts track phase name args")
Flow = collections.namedtuple("Flow", "ts track id is_end args")
Instant = collections.namedtuple("Instant", "ts track name args")


class Sequence:
    def __init__(self):
        self.defaults = None
        self.names = {}


class Trace:
    def __init__(self):
        self.clocks = {}
        self.tracks = {}
        self.process_names, self.thread_names = {}, {}
        self.samples, self.states, self.slices, self.instants, self.flows = [], [], [], [], []
        self.attributes = {}
        self.sequences = {}
        self.state_now = {}  # of a track: name and time
        self.writers = {}  # of a track, or of that above a counter's: the latest thread
        self.units = {}  # of (name, series)
        self.deleted = []  # (ts, pid, tid, name) of objects
        self.n_packets = 0

    def samples_of(self, name, key):
        return [s for s in self.samples if s.name == name and s.key == key]

    # ---- tracks ----

    def describe(self, d):
        uuid = d.get("uuid")
        assert uuid, "a track without a number"
        parent = self.tracks.get(d.get("parent"))
        assert parent or "parent" not in d, "a track below one that is not described yet"
        kinds = [k for k in ("process", "thread", "counter", "state") if k in d]
        assert len(kinds) < 2, "a track that is several things"
        kind = kinds[0] if kinds else "plain"
        pid, tid = (parent.pid if parent else None), None
        if kind == "process":
            pid = d["process"]["pid"]
            if "name" in d["process"]:
                self.process_names[pid] = d["process"]["name"]
        elif kind == "thread":
            pid, tid = d["thread"]["pid"], d["thread"]["tid"]
            assert parent and parent.pid == pid, "a thread below another process"
            if "name" in d["thread"]:
                self.thread_names[pid, tid] = d["thread"]["name"]
        else:
            assert d.get("name"), "a track without a name"
            assert d.get("merge") == 2 or (d.get("merge") == 1 and kind == "plain"), \
                "Perfetto merges the track with others of its name"
        for n in pid, tid:
            assert n is None or 0 < n < 1 << 31, "not a pid: %r" % n
        if kind == "counter" and d["counter"]:
            self.units[parent.name, d["name"]] = d["counter"]["unit_name"]
        track = Track(uuid, parent, d.get("name"), pid, tid, kind)
        known = self.tracks.setdefault(uuid, track)
        assert known == track, "another track has the number of %r: %r" % (known, track)

    def track(self, uuid, kinds):
        assert uuid in self.tracks, "an event on a track that is not described yet: Perfetto drops it"
        track = self.tracks[uuid]
        assert track.kind in kinds, "an event of another kind on %r" % (track,)
        return track

    # ---- events ----

    def thread(self, packet, track):
        track = track.parent if track.kind == "counter" else track
        if "thread" in packet:
            assert self.writers.get(track.uuid) != packet["thread"], "a thread that is known"
            self.writers[track.uuid] = packet["thread"]
        return self.writers.get(track.uuid, track.pid)

    def name(self, of, kind, sequence):
        assert not ("name" in of and "name_iid" in of), "a name twice"
        if "name_iid" not in of:
            return of.get("name")
        found = sequence.names.get((kind, of["name_iid"]))
        assert found is not None, "a name that was never interned, or forgotten: %r" % of
        return found

    def value(self, a, sequence):
        values = [k for k in ("bool", "int", "double", "string", "pointer", "word", "dict", "array") if k in a]
        assert values, "an annotation without a value vanishes"
        assert len(values) == 1, "an annotation of several values"
        if values == ["dict"]:
            return self.args(a["dict"], sequence)
        if values == ["array"]:
            for element in a["array"]:
                assert "name" not in element and "name_iid" not in element, "a name in a list"
            return [self.value(element, sequence) for element in a["array"]]
        if values == ["word"]:
            word = sequence.names.get(("word", a["word"]))
            assert word in ("null", "{}", "[]"), "no word of ours: %r" % word
            return word
        value = a[values[0]]
        assert values != ["double"] or value - value == 0, "a double that is no number"
        return value

    def args(self, annotations, sequence):
        out = {}
        for a in annotations:
            name = self.name(a, "annotation", sequence)
            assert name is not None, "an annotation without a name"
            assert name not in out, "an annotation twice: %r" % name
            out[name] = self.value(a, sequence)
        return out

    def further(self, event, defaults, values, tracks):
        """(track, value) for each, as Perfetto's reader has it: nothing but zeros after a zero. Any of those is refused."""
        numbers = event.get(values, [])
        uuids = event[tracks] if tracks in event else defaults.get(tracks, [])
        assert len(numbers) <= len(uuids), "more values than tracks"
        return list(zip(uuids, numbers))

    def counter(self, ts, packet, defaults):
        event = packet["event"]
        assert ("int" in event) != ("double" in event), "a counter with no value, or two"
        main = event.get("track", defaults.get("track"))
        values = [(main, event["int"] if "int" in event else event["double"])]
        more = self.further(event, defaults, "ints", "int_tracks") + self.further(event, defaults, "doubles", "double_tracks")
        assert len(more) <= MOST_FURTHER_VALUES, "a packet of %d further values, which Perfetto drops" % len(more)
        zero = False
        for _, value in more:
            assert value == 0 or not zero, "a value after a zero, which Perfetto takes for a zero"
            zero |= value == 0
        assert "annotations" not in event and "name" not in event, "more than a value: %r" % event
        assert event.get("categories", ["closing"]) == ["closing"]
        values += more
        tid = self.thread(packet, self.track(main, ("counter",)))
        assert len({uuid for uuid, _ in values}) == len(values), "two values for one track"
        for uuid, value in values:
            track = self.track(uuid, ("counter",))
            assert value - value == 0, "a value that is no number"
            self.samples.append(Sample(ts, track.pid, tid, track.parent.name, track.name, value, "categories" in event))

    def state(self, ts, packet, track, name, args):
        if name is None:
            assert not args, "arguments of no state"
            assert self.state_now.get(track.uuid), "the end of no state"
        else:
            assert name, "a state with an empty name"
            assert self.state_now.get(track.uuid) != name, "the same state again makes no new row: %r" % name
        self.state_now[track.uuid] = name
        self.states.append(State(ts, self.thread(packet, track), track, name, args))

    def event(self, packet, sequence, defaults):
        event = packet["event"]
        assert "timestamp" in packet, "an event without a time"
        assert self.clocks, "an event before the clocks: Perfetto drops it"
        ts = packet["timestamp"] - self.clocks[MONOTONIC]
        kind = event.get("type")
        if kind == COUNTER:
            self.counter(ts, packet, defaults)
            return
        name = self.name(event, "event", sequence)
        args = self.args(event.get("annotations", []), sequence)
        for field in ("ints", "doubles", "int", "double", "int_tracks", "double_tracks", "categories"):
            assert field not in event, "a value of no counter"
        uuid = event.get("track", defaults.get("track"))
        if kind == STATE:
            self.state(ts, packet, self.track(uuid, ("state",)), name, args)
        elif kind in (BEGIN, END):
            assert (name is not None) == (kind == BEGIN), "a slice begins with its name"
            self.slices.append(Slice(ts, self.track(uuid, ("thread", "plain")), "B" if kind == BEGIN else "E", name, args))
        else:
            assert kind == INSTANT and name is not None, "an event of type %r" % kind
            self.instants.append(Instant(ts, self.track(uuid, ("thread", "process")), name, args))
            for flow in event.get("flows", []) + event.get("flow_ends", []):
                self.flows.append(Flow(ts, self.track(uuid, ("thread",)), flow, "flow_ends" in event, args))

    # ---- packets ----

    def begin_sequence(self, packet):
        known = self.sequences.get(packet["sequence"])
        assert bool(known) != packet.get("first", False), "the first packet of a sequence, or not: %r" % packet
        sequence = self.sequences[packet["sequence"]] = Sequence()
        sequence.defaults = packet["defaults"]
        assert sequence.defaults.get("clock") == MONOTONIC, "times of another clock"

    def intern(self, packet, sequence):
        for kind in ("event", "annotation", "word"):
            for text in packet["interned"].get(kind + "_names", []):
                assert text["iid"], "0 is no number of a name"
                known = sequence.names.setdefault((kind, text["iid"]), text["text"])
                assert known == text["text"], "another name of the same number: %r, %r" % (known, text)

    def snapshot(self, snapshot):
        assert snapshot.get("primary") == MONOTONIC, "times would become those of BOOTTIME"
        clocks = {c["id"]: c["time"] for c in snapshot["clocks"]}
        assert set(clocks) == {MONOTONIC, BOOTTIME, REALTIME}, "not those clocks: %r" % clocks
        assert not self.clocks, "clocks twice"
        self.clocks = clocks

    def packet(self, packet):
        self.n_packets += 1
        assert len(packet.get("sequence", [])) == 1 or set(packet) == {"sequence"}, "not one sequence: %r" % packet
        packet["sequence"] = packet["sequence"][0]
        if packet.keys() == {"sequence"}:  # it only fills the page
            return
        if "clock_snapshot" in packet:
            self.snapshot(packet["clock_snapshot"])
            return
        assert packet.get("flags", 0) in (0, CLEARED)
        if packet.get("flags"):
            self.begin_sequence(packet)
        else:
            assert "defaults" not in packet and "first" not in packet, "defaults of a sequence that goes on"
        sequence = self.sequences.get(packet["sequence"])
        assert sequence, "a packet of a sequence that did not begin"
        if "interned" in packet:
            self.intern(packet, sequence)
        if "track" in packet:
            self.describe(packet["track"])
        if "deleted" in packet:
            track = self.track(packet["deleted"], ("state",))
            assert not self.state_now.get(track.uuid), "an object that is destroyed in a state"
            self.deleted.append((packet["timestamp"] - self.clocks[MONOTONIC], track.pid, packet["thread"], track.name))
        if "event" in packet:
            self.event(packet, sequence, sequence.defaults.get("event", {}))
        for a in packet.get("attributes", {}).get("attribute", []):
            assert ("long" in a) != ("string" in a) and a["key"] not in self.attributes, "an attribute: %r" % a
            self.attributes[a["key"]] = a["long"] if "long" in a else a["string"]


def read(data, cut=False, summary=True):
    """`cut`: the last packet may be; `summary`: the tool came to its end."""
    trace = Trace()
    for packet in packets(data, cut):
        try:
            trace.packet(packet)
        except AssertionError as e:
            raise AssertionError("packet %d: %s; %r" % (trace.n_packets, e, packet)) from None
    assert trace.clocks, "no clocks"
    if summary:
        assert [i.name for i in trace.instants].count("viztrace summary") == 1, "no summary, or two"
        assert trace.attributes.get("tool") == "viztrace-bpf", "no attributes"
    return trace
