#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Rows of two hosts in ClickHouse's engine (npm's chdb): nothing is missing, nothing is there twice, and the queries of queries/ say what
the Chrome traces of the same runs say. Both hosts are this machine: with names and boot ids of their own, in namespaces."""
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import suite  # noqa: E402

TOOL = os.path.join(ROOT, "build", "viztrace-bpf")
DEMO = os.path.join(ROOT, "build", "jobserver")
CHDB = os.path.join(ROOT, "build", "chdb")
HOSTS = ("web1", "web2")
TIMEOUT = 600
ON_HOST = 'hostname "$1"; mount --bind "$2" /proc/sys/kernel/random/boot_id; shift 2; exec "$@"'


def missing():
    """Why this cannot run here, or None."""
    for command in ("node", "npm", "unshare"):
        if not shutil.which(command):
            return command + " is not installed"
    if os.geteuid():
        return "it traces, which takes root"
    os.makedirs(CHDB, exist_ok=True)
    if not os.path.exists(os.path.join(CHDB, "node_modules", "chdb")):
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", CHDB, "chdb"], capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        if done.returncode:
            return "npm cannot install chdb: " + (done.stderr.strip().split("\n") or [""])[-1]
    return None


def query(name):
    """A file of queries/, without the question above it."""
    with open(os.path.join(HERE, "queries", name + ".sql"), encoding="utf-8") as f:
        _, question, statement = f.read().split("\n", 2)
    assert re.match(r"-- .*\?$", question), question
    return statement.strip()


def quantile(values, q):
    """As quantileExact() has it: the element at that place."""
    return sorted(values)[min(int(q * len(values)), len(values) - 1)]


class Fleet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.why = missing()
        if cls.why:
            return
        cls.dir = tempfile.mkdtemp(prefix="viztrace-fleet-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.start_hosts()
        cls.traces = {}
        for host in HOSTS:
            with open(cls.path(host + ".json"), encoding="utf-8") as f:
                cls.traces[host] = json.load(f)
        schema = subprocess.run([TOOL, "schema"], capture_output=True, text=True, timeout=60, check=True).stdout
        cls.ask(*(s for s in re.sub(r"(?m)^--.*\n", "", schema).split(";\n") if s.strip()))
        for host in HOSTS:
            cls.load(host)

    def setUp(self):
        if self.why:
            self.skipTest(self.why)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.dir, name)

    @classmethod
    def start_hosts(cls):
        tools = []
        for host in HOSTS:
            with open(cls.path(host + ".boot"), "w", encoding="ascii") as f:
                f.write("boot-of-%s\n" % host)
            tools.append(subprocess.Popen(["unshare", "-mu", "sh", "-c", ON_HOST, "sh", host, cls.path(host + ".boot"), TOOL, "-q",
                                           "-o", cls.path(host + ".json"), "-o", cls.path(host + ".ndjson"), "--", DEMO, "--seconds", "3"],
                                          stdin=subprocess.DEVNULL))
        for tool in tools:
            if tool.wait(TIMEOUT):
                raise AssertionError("the tool ended with %d" % tool.returncode)

    @classmethod
    def load(cls, host):
        cls.ask("INSERT INTO viz.events SELECT * FROM file('%s', JSONEachRow)" % cls.path(host + ".ndjson"))

    @classmethod
    def ask(cls, *statements):
        """The answers to each, as lists of rows."""
        done = subprocess.run(["node", os.path.join(HERE, "engine.js"), cls.path("db")], input=json.dumps(statements), capture_output=True,
                              text=True, timeout=TIMEOUT, env={**os.environ, "NODE_PATH": os.path.join(CHDB, "node_modules")}, check=False)
        if done.returncode:
            raise AssertionError(done.stderr[-2000:])
        return [[json.loads(line) for line in answer.splitlines()] for answer in json.loads(done.stdout)]

    def answer(self, name, **parameters):
        sets = ["SET param_%s = '%s'" % item for item in parameters.items()]
        return self.ask(*sets, "SET output_format_json_quote_64bit_integers = 0", query(name))[-1]

    def wall(self, host):
        first = next(e for e in self.traces[host]["traceEvents"] if e["name"] == "process_sort_index")
        return first["args"]["start_wall_ns"]

    def events(self, host):
        """With times in ns since 1970."""
        for e in self.traces[host]["traceEvents"]:
            if e["ph"] != "M":
                yield e, self.wall(host) + round(e["ts"] * 1000)

    def slices(self, host):
        """(name, since, dur)"""
        stacks = collections.defaultdict(list)
        for e, ts in self.events(host):
            if e["ph"] == "B":
                stacks[e["tid"]].append(ts)
            elif e["ph"] == "E":
                since = stacks[e["tid"]].pop()
                yield e["name"], since, ts - since

    def busiest(self):
        return collections.Counter(name for host in HOSTS for name, _, _ in self.slices(host)).most_common(1)[0][0]

    def test_no_row_is_missing_and_none_is_there_twice(self):
        count = "SELECT host, count() AS n FROM viz.events FINAL GROUP BY host ORDER BY host"
        want = []
        for host in HOSTS:
            with open(self.path(host + ".ndjson"), encoding="utf-8") as f:
                want.append({"host": host, "n": sum(1 for _ in f)})
        numbers = "SET output_format_json_quote_64bit_integers = 0"
        self.assertEqual(self.ask(numbers, count)[-1], want)
        # What is sent twice is there once.
        self.load("web1")
        self.assertEqual(self.ask(numbers, count)[-1], want)

    def test_state_at(self):
        for host in HOSTS:
            times = [ts for _, ts in self.events(host)]
            for t in random.sample(range(min(times), max(times)), 5):
                want = {}
                for e, ts in self.events(host):
                    key = (e["pid"], e.get("scope"), e["name"], e.get("id"))
                    if ts > t or e["ph"] not in "NOD":
                        continue
                    if e["ph"] == "D":
                        want.pop(key, None)
                    else:
                        want[key] = e["args"]["snapshot"] if e["ph"] == "O" else None
                got = {(r["pid"], r["class"], r["object"], r["address"]): json.loads(r["state_then"]) if r["state_then"] else None
                       for r in self.answer("state_at", t=t) if r["host"] == host}
                self.assertEqual(got, want)

    def test_slow_methods(self):
        method = self.busiest()
        want = []
        for host in HOSTS:
            lengths = [d for name, _, d in self.slices(host) if name == method]
            want.append({"host": host, "calls": len(lengths), "p50": quantile(lengths, 0.5), "p99": quantile(lengths, 0.99),
                         "longest": max(lengths)})
        self.assertEqual(self.answer("slow_methods", method=method, since=0, until=2**63), want)
        # Between two times.
        first = min(since for name, since, _ in self.slices("web1") if name == method)
        self.assertEqual([r["calls"] for r in self.answer("slow_methods", method=method, since=0, until=first) if r["host"] == "web1"], [1])

    def test_over_limit(self):
        highest = {}
        for host in HOSTS:
            samples = [(e["args"]["depth"], -ts) for e, ts in self.events(host) if e["ph"] == "C" and e["name"] == "queue" and "viz" not in e]
            highest[host] = max(samples)[0]
        limit = max(highest.values()) - 1
        want = [{"host": h, "highest": n} for h, n in highest.items() if n > limit]
        got = self.answer("over_limit", counter="queue", attribute="depth", limit=limit)
        self.assertEqual([{k: r[k] for k in ("host", "highest")} for r in got], want)
        for r in got:
            self.assertEqual(r["first"], min(ts for e, ts in self.events(r["host"]) if e["ph"] == "C" and e["name"] == "queue" and
                                             "viz" not in e and e["args"]["depth"] > limit))

    def test_never_destroyed(self):
        want = collections.defaultdict(dict)
        for host in HOSTS:
            for e, _ in self.events(host):
                if e["ph"] in "ND":
                    want[host, e["pid"], e["scope"]][e["name"], e["id"]] = e["ph"] == "N"
        self.assertEqual({(r["host"], r["pid"], r["class"]): (r["alive"], r["made"]) for r in self.answer("never_destroyed")},
                         {key: (sum(made.values()), len(made)) for key, made in want.items()})

    def test_versions(self):
        method = self.busiest()
        lengths = [d for host in HOSTS for name, _, d in self.slices(host) if name == method]
        build_id = self.traces["web1"]["metadata"]["files"][0]["build_id"]
        self.assertEqual(self.answer("versions", method=method), [{"build_id": build_id, "calls": len(lengths),
                                                                   "p50": quantile(lengths, 0.5), "p99": quantile(lengths, 0.99)}])

    def test_loss(self):
        got = {(r["host"], r["probe"]): (r["seen"], r["written"], r["lost"]) for r in self.answer("loss")}
        want = {(host, probe): (c["seen"], c["written"], c["lost"]) for host in HOSTS
                for probe, c in self.traces[host]["metadata"]["probes"].items() if c["seen"]}
        self.assertEqual(got, want)

    def test_bytes_in_the_engine(self):
        self.ask("OPTIMIZE TABLE viz.events FINAL")
        size, = self.ask("SELECT sum(data_compressed_bytes) / sum(rows) AS bytes FROM system.parts WHERE table = 'events' AND active")[-1]
        print("%.1f bytes of a row in the engine, compressed" % size["bytes"])
        self.assertGreater(size["bytes"], 0)


if __name__ == "__main__":
    sys.exit(suite.main())
