# SPDX-License-Identifier: BSD-2-Clause
"""Reads a trace and checks all that can be seen in a file: what every viewer needs, and what the tool promises.

check() takes the bytes of a file and returns a Trace, or raises AssertionError that quotes the event.
"""
import collections
import json
import re

SIZE_OF_BIG = 64 << 20  # from here on line by line, to go easy on memory
PHASES = {"M", "C", "N", "O", "D", "b", "e", "B", "E", "s", "f", "i"}
METADATA = {"process_name", "thread_name", "process_sort_index", "thread_sort_index"}
COUNTS = ("seen", "filtered", "written", "lost", "truncated", "unreadable")
TS = re.compile(r"\d+\.\d{3}\Z")
SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?\Z")


class Number(float):
    """A float that remembers how it was written."""

    def __new__(cls, text):
        m = NUMBER.match(text)
        n = float.__new__(cls, text)
        n.text = text
        digits = (m[1] + (m[2] or "")).strip("0")
        assert len(digits) <= 17, "more than 17 digits: " + text
        # Perfetto adds up the digits on either side of the point in an int64 each.
        assert len(m[2] or "") <= 17 and int(m[1]) < 1 << 63, "Perfetto misreads " + text
        assert n - n == 0, "not finite: " + text
        return n


def whole_number(text):
    n = int(text)
    assert -(1 << 63) <= n < 1 << 63, "an integer beyond int64: " + text
    return n


def no_constant(text):
    raise AssertionError(text + " is not JSON")


def no_twice(pairs):
    d = dict(pairs)
    assert len(d) == len(pairs), "a key twice: %r" % pairs
    return d


def parse(text):
    return json.loads(text, parse_float=Number, parse_int=whole_number, parse_constant=no_constant,
                      object_pairs_hook=no_twice)


def parse_unfinished(data):
    """What catapult and Perfetto do with a file of which the end is missing: only an array may be closed for it."""
    text = data.decode("utf-8").rstrip()
    assert text.startswith("[{\""), "a file cut short has to be an array, not %r" % text[:20]
    if not text.endswith("]"):
        text = text.rstrip(",") + "]"
    return parse(text)


def ns(number):
    assert isinstance(number, Number) and TS.match(number.text), "no three decimals: %r" % getattr(
        number, "text", number)
    return int(number.text.replace(".", ""))


def as_text(value):
    """What a twin shows in place of what Perfetto drops."""
    if value is None:
        return "null"
    if value == {}:
        return "{}"
    if value == []:
        return "[]"
    if isinstance(value, dict):
        return {k: as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_text(v) for v in value]
    return value


def plain_keys(value, top=True):
    """A snapshot's attributes without the renaming of keys that viewers take for themselves."""
    if isinstance(value, dict):
        out = {}
        for k, v in value.items():
            m = re.fullmatch(r"(id|cat|base_type)_+" if top else r"(id)_+", k)
            plain = m[1] if m else k
            out[k if plain in out or plain in value else plain] = plain_keys(v, False)
        return out
    if isinstance(value, list):
        return [plain_keys(v, False) for v in value]
    return value


def as_pairs(value, top=True):
    """The same with a mark in place of any such key, for comparing."""
    if isinstance(value, dict):
        return [(re.sub(r"\A(id|cat|base_type)_*\Z" if top else r"\A(id)_*\Z", r"\1", k), as_pairs(v, False))
                for k, v in value.items()]
    if isinstance(value, list):
        return [as_pairs(v, False) for v in value]
    return value


def forbidden_key(value, top=True):
    if isinstance(value, dict):
        for k, v in value.items():
            if k == "id" or (top and k in ("cat", "base_type")) or forbidden_key(v, False):
                return True
    elif isinstance(value, list):
        return any(forbidden_key(v, False) for v in value)
    return False


FOUND = "attached to a running process: scopes that are open already are not shown, objects when they report"


class Trace:
    """Events by phase, and what the metadata says."""

    def __init__(self):
        self.events = []
        self.metadata = {}
        self.counts = collections.Counter()  # events by phase
        self.samples = collections.Counter()  # C events that were reported, by name: not the closing ones
        self.thread_names = collections.defaultdict(list)

    def of(self, *phases, name=None):
        """Without what the tool says itself of a process that it found."""
        return [e for e in self.events if e["ph"] in phases and (name is None or e["name"] == name) and
                e["name"] != FOUND and e["cat" if "cat" in e else "ph"] + e["ph"] not in ("methodb", "methode")]

    @property
    def found(self):
        return [e for e in self.events if e["name"] == FOUND]

    @property
    def open_before(self):
        """[(name, since, until)] of slices that were open when the tool came; ns."""
        begins = {e["id2"]["local"]: e for e in self.events if e["ph"] == "b" and e["cat"] == "method"}
        return [(e["name"], ns(begins[e["id2"]["local"]]["ts"]), ns(e["ts"])) for e in self.events
                if e["ph"] == "e" and e["cat"] == "method"]

    def samples_of(self, name, **more):
        """The args of a counter's samples, without those that close something."""
        return [e["args"] for e in self.of("C", name=name)
                if "viz" not in e and all(e.get(k) == v for k, v in more.items())]

    def snapshots(self, name=None):
        return [plain_keys(e["args"]["snapshot"]) for e in self.of("O", name=name)]

    def slices(self, tid=None):
        """'+name' and '-name' in order of time."""
        return [("+" if e["ph"] == "B" else "-") + e["name"] for e in self.of("B", "E")
                if tid is None or e["tid"] == tid]

    @property
    def asynchronous(self):
        """[(name, id, level, since, until, tids)] of asynchronous slices, as they ended; in parts where they went on."""
        out, tracks = [], collections.defaultdict(list)
        for e in self.events:
            if e.get("cat") != "async":
                continue
            stack = tracks[e["pid"], e["id2"]["local"]]
            if e["ph"] == "b":
                stack.append(e)
                continue
            b = stack.pop()
            out.append((b["name"], b["args"]["id"], len(stack), ns(b["ts"]), ns(e["ts"]), (b["tid"], e["tid"])))
        return out

    @property
    def flows(self):
        """[(id, from, to)]: the slices that are open on the thread at both ends of each flow, or None where there is no end."""
        stacks, ends = collections.defaultdict(list), {}
        for e in self.events:
            stack = stacks[e["pid"], e["tid"]]
            if e["ph"] == "B":
                stack.append(e["name"])
            elif e["ph"] == "E":
                stack.pop()
            elif e["ph"] in "sf":
                ends.setdefault(e["id"], [e.get("args", {}).get("id"), None, None])[1 + (e["ph"] == "f")] = stack[-1]
        return [tuple(f) for f in ends.values()]

    @property
    def total(self):
        return self.metadata["events"]

    def probe(self, name):
        return self.metadata["probes"][name]


class Checker:
    def __init__(self, trace, keep, whole, killed):
        self.trace = trace
        self.keep = keep
        self.whole = whole
        self.killed = killed
        self.last = 0
        self.first = True
        self.speedscope = False
        self.stacks = collections.defaultdict(list)
        self.objects = {}
        self.bands = {}
        self.flows = {}
        self.tracks = collections.defaultdict(list)
        self.lives = {}
        self.twins = {}
        self.series = {}
        self.values, self.before = {}, {}
        self.threads, self.named, self.processes, self.named_processes = set(), set(), set(), set()

    def feed(self, e):
        try:
            self._feed(e)
        except AssertionError as error:
            raise AssertionError("%s\nin %s" % (error, json.dumps(e, ensure_ascii=False)[:2000])) from None
        self.trace.counts[e["ph"]] += 1
        if self.keep:
            self.trace.events.append(e)

    def _feed(self, e):
        ph = e.get("ph")
        assert ph in PHASES, "unknown phase"
        for key in ("pid", "tid"):
            assert type(e.get(key)) is int and 0 <= e[key] < 1 << 32, key
        if self.first:
            self.speedscope = "cat" not in e
            self.first = False
        else:
            assert isinstance(e.get("cat"), str) and e["cat"], "no cat"
        assert isinstance(e.get("name"), str), "no name"
        thread = (e["pid"], e["tid"])
        if ph == "M":
            assert "ts" not in e, "metadata with a time"
            assert e["name"] in METADATA, "metadata that no viewer knows"
            if e["name"] == "thread_name":
                self.named.add(thread)
                self.trace.thread_names[e["tid"]].append(e["args"]["name"])
            elif e["name"] == "process_name":
                self.named_processes.add(e["pid"])
            return
        assert not (e["name"] in ("Profile", "ProfileChunk", "CpuProfile") and not self.speedscope and self.whole), \
            "speedscope takes this for a profile"
        self.threads.add(thread)
        self.processes.add(e["pid"])
        ts = ns(e["ts"])
        if ph == "b" and e["cat"] == "method":
            assert e["args"] == {"viz": "open before"} and ts <= self.last, "what was open before"
            self.bands[(e["pid"], e["cat"], e["id2"]["local"])] = e["name"]
            return
        assert ts >= self.last, "time runs backwards, from %d ns" % self.last
        if self.twins and ts > self.last:
            assert False, "no twin for a snapshot of %r" % list(self.twins)[0][0]
        self.last = ts
        if ph == "C":
            self.counter(e, ts)
        elif ph in "NOD":
            self.object(e, ts)
        elif ph in "be" and e["cat"] == "async":
            self.asynchronous(e)
        elif ph in "be":
            self.band(e, ts)
        elif ph in "sf":
            self.flow(e, thread)
        elif ph == "B":
            self.stacks[thread].append(e["name"])
        elif ph == "E":
            stack = self.stacks[thread]
            assert stack, "an end without a beginning"
            assert stack[-1] == e["name"], "ends while %r is open" % stack[-1]
            stack.pop()
        elif ph == "i":
            assert e.get("s") in ("t", "p", "g"), "an instant without scope"
        if ph in "BECi":
            assert not ({"scope"} & set(e)), "scope"

    def counter(self, e, ts):
        args = e["args"]
        assert isinstance(args, dict) and args, "a counter without series"
        for v in args.values():
            assert type(v) in (int, Number), "a counter with %r" % (v,)
        assert "id" not in e or isinstance(e["id"], str), "the id of a counter is not a string"
        key = (e["pid"], e["name"], e.get("id"))
        names = tuple(args)
        assert "viz_units" not in e or key not in self.series, "units that are told once more"
        assert all(series in args and isinstance(unit, str) for series, unit in e.get("viz_units", {}).items())
        known = self.series.setdefault(key, names)
        assert names == tuple(n for n in known if n in args), "the series were %r" % (known,)
        if "viz" in e:
            assert e["viz"] == "closing", "another mark"
        else:
            self.trace.samples[e["name"]] += 1
        before = self.values.get(key)
        # Perfetto goes on to draw a series that is missing here, chrome://tracing draws 0.
        assert not before or not any(v for n, v in before["args"].items() if n not in args), "series that do not end"
        self.before[key] = before
        self.values[key] = e

    def object(self, e, ts):
        assert isinstance(e.get("id"), str) and re.fullmatch("0x[0-9a-f]+", e["id"]), "id"
        assert isinstance(e.get("scope"), str) and e["scope"], "scope"
        key = (e["pid"], e["scope"], e["id"])
        o = self.objects.get(key)
        if e["ph"] == "N":
            assert not o or o["dead"], "a second N"
            self.objects[key] = {"name": e["name"], "last": ts, "dead": False, "snapshots": 0}
            return
        if not o:
            o = self.objects[key] = {"name": e["name"], "last": -1, "dead": False, "snapshots": 0}
        assert o["name"] == e["name"], "was called %r" % o["name"]
        assert not o["dead"], "after its end"
        if e["ph"] == "D":
            assert ts > o["last"] or not o["snapshots"], "deleted at the time of its last snapshot"
            assert ts >= o["last"], "deleted before its last snapshot"
            o["dead"] = True
            return
        snapshot = e["args"]["snapshot"]
        assert isinstance(snapshot, dict), "snapshot"
        assert not forbidden_key(snapshot), "a key that viewers take for themselves"
        assert ts > o["last"] or (not o["snapshots"] and ts >= o["last"]), "a second snapshot at that time"
        o["last"] = ts
        o["snapshots"] += 1
        self.twins[(e["name"], e["pid"], int(e["id"], 16), e["scope"])] = (ts, as_pairs(as_text(snapshot)))

    def band(self, e, ts):
        # A plain id would be a track of all processes in Perfetto, which names it after its first event.
        local = e["id2"]["local"]
        assert isinstance(local, str) and "id" not in e and "scope" not in e, "id"
        key = (e["pid"], e["cat"], local)
        assert self.lives.setdefault((e["pid"], local), e["name"]) == e["name"], "two names on a track"
        if e["ph"] == "e":
            assert self.bands.pop(key, None) == e["name"], "an end without a beginning"
            return
        assert key not in self.bands, "a state begins in another one"
        self.bands[key] = e["name"]
        address, rest = local.split(":", 1)
        scope, life = rest.rsplit(":", 1)
        assert life.isdecimal(), "whose life"
        twin = self.twins.pop((e["name"], e["pid"], int(address, 16), scope), None)
        if twin:
            assert ts == twin[0], "a twin at another time"
            assert as_pairs(e["args"]) == twin[1], "another twin than %s" % json.dumps(twin[1])
        else:
            assert not e["args"], "a state that no snapshot has"

    def asynchronous(self, e):
        local = e["id2"]["local"]
        assert isinstance(local, str) and "id" not in e and "scope" not in e, "id"
        assert e.get("viz", "again") == "again", "another mark"
        track = self.tracks[e["pid"], local]
        if e["ph"] == "b":
            assert type(e["args"]["id"]) is int or re.fullmatch("0x[0-9a-f]+", e["args"]["id"]), "an id of the program"
            track.append(e["name"])
            return
        assert track and track.pop() == e["name"], "an end without a beginning"

    def flow(self, e, thread):
        assert isinstance(e["id"], str) and re.fullmatch("0x[0-9a-f]+", e["id"]), "id"
        assert self.stacks[thread], "an arrow that is in no slice"
        assert e["cat"] == "flow" and e["name"] == "flow", "both ends are called alike"
        if e["ph"] == "s":
            assert e["id"] not in self.flows, "two arrows of one id"
            self.flows[e["id"]] = e["pid"]
            return
        assert "args" not in e, "chrome://tracing warns of arguments at both ends"
        assert e["bp"] == "e", "bound to the slice that comes next"
        assert self.flows.get(e["id"]) == e["pid"], "an arrow from nowhere, or a second one"
        self.flows[e["id"]] = None

    def finish(self):
        assert self.killed or not self.twins, "no twin for a snapshot of %r" % list(self.twins)[:1]
        assert self.threads <= self.named or not self.whole, "threads without a name: %r" % (self.threads - self.named)
        assert self.processes <= self.named_processes, "processes without a name"
        if self.killed:
            return
        for thread, stack in self.stacks.items():
            assert not stack, "open at the end on %r: %r" % (thread, stack)
        assert not any(self.tracks.values()), "asynchronous slices without end"
        assert not self.bands, "states without end: %r" % list(self.bands)[:3]
        for key, last in self.values.items():
            before = self.before[key]
            assert "viz" in last, "the last sample of %r is not drawn: %r" % (key, last)
            assert last["args"] == before["args"] or not any(last["args"].values()), "it ends in another way: %r" % last


def check_metadata(metadata):
    for key in ("tool", "version", "command", "kernel", "pid", "executable", "files", "clock", "start_clock_ns",
                "start_boot_ns", "start_time", "end_us", "ended", "events", "probes"):
        assert key in metadata, "the metadata has no " + key
    total = collections.Counter()
    for name, counts in metadata["probes"].items():
        assert set(COUNTS) <= set(counts), "counts of " + name
        assert counts["seen"] == counts["written"] + counts["filtered"] + counts["lost"], \
            "the books of %s: %r" % (name, counts)
        total.update(counts)
    for key in COUNTS:
        assert metadata["events"][key] == total[key], "the sum of " + key


def check_bytes(data):
    text = data.decode("utf-8")  # strict
    assert not data.startswith(b"\xef\xbb\xbf"), "a byte order mark"
    # Both searches look at every byte; most traces have nothing to look for.
    assert not (b"\\ud" in data or b"\\uD" in data) or not SURROGATE.search(data), "an escaped surrogate"
    assert b"\\u0000" not in data or not ZERO.search(data), "\\u0000"
    return text


def check_big(data, trace, options):
    """Line by line: each event is on one."""
    check_bytes(data)
    start = data.index(b'"traceEvents":[\n')
    trace.metadata = parse(data[:start] + b'"traceEvents":[]}')["metadata"]
    assert data.endswith(b"\n]}") or data.endswith(b"\n]}\n")
    checker = Checker(trace, **options)
    at = start + len(b'"traceEvents":[\n')
    while True:
        end = data.index(b"\n", at)
        line = data[at:end].rstrip(b" ,")
        at = end + 1
        checker.feed(parse(line))
        if data.startswith(b"]", at):
            break
    checker.finish()


def check(data, keep=True, killed=False, pipe=False):
    """All rules. killed: the tool was, so that the end is missing. pipe: nothing could be filled in later.
    keep=False: do not keep the events (for large ones)."""
    trace = Trace()
    trace.data = data
    options = {"keep": keep, "whole": not killed and not pipe, "killed": killed}
    if len(data) > SIZE_OF_BIG and not killed and not pipe:
        check_big(data, trace, options)
        check_metadata(trace.metadata)
        return trace
    text = check_bytes(data)
    if killed:
        events = parse_unfinished(data)
    elif pipe:
        assert text.startswith('[{"') and text.rstrip("\n").endswith("]"), "the ends"
        events = parse(text)
        assert events[-1]["name"] == "viztrace summary", "no summary"
        trace.metadata = events[-1]["args"]
    else:
        assert text.startswith('{"') and text.rstrip("\n").endswith("]}"), "the ends: %r %r" % (text[:9], text[-9:])
        whole = parse(text)
        assert whole["displayTimeUnit"] in ("ns", "ms"), "displayTimeUnit"
        trace.metadata = whole["metadata"]
        events = whole["traceEvents"]
    if not killed:
        check_metadata(trace.metadata)
    checker = Checker(trace, **options)
    for e in events:
        checker.feed(e)
    checker.finish()
    return trace
