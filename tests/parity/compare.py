#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does a trace hold what VizTracer records for a scenario? Exits with 0, or with 1 and a diff.

    compare.py EXPECTED.json SCENARIO|all TRACE.json [--late]

Names, order and the order of attributes must be the same, numbers are compared by value (a bool is no number).
--late: the tracer came after the objects were made, so the N events are missing.
"""
import difflib
import json
import sys

from reduce import load, reduce_trace


def expected_rows(expected, scenario, late):
    names = list(expected) if scenario == "all" else [scenario]
    rows, made = [], 0
    for name in names:
        here = 0
        for e in expected[name]["events"]:
            row = dict(e)
            if "object" in row:
                here = max(here, row["object"])
                row["object"] += made
            if not (late and row["ph"] == "N"):
                rows.append(row)
        made += here
    return rows


def canonical(value):
    """One text for values that count as the same: 0 and 0.0 are, 1 and true are not."""
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (json.dumps(k), canonical(v)) for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(canonical, value))
    return json.dumps(value)


def line(row):
    return " ".join(canonical(row[k]) for k in ("ph", "name", "object", "args", "snapshot") if k in row)


def main(argv):
    late = "--late" in argv
    argv = [a for a in argv if a != "--late"]
    if len(argv) != 4:
        sys.exit(__doc__)
    expected = load(argv[1])
    if argv[2] != "all" and argv[2] not in expected:
        sys.exit("no scenario %s in %s" % (argv[2], argv[1]))
    want = [line(r) for r in expected_rows(expected, argv[2], late)]
    got = [line(r) for r in reduce_trace(load(argv[3]))]
    diff = list(difflib.unified_diff(want, got, "expected", "traced", lineterm=""))
    for text in diff:
        print(text)
    return 1 if diff else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
