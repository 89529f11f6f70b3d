#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What of a trace expected.json speaks of: its C, N, O and D events in order of time, reduced to ph, name and
args (counters) or snapshot (objects). Objects are numbered by first appearance instead of their address.

    reduce.py TRACE.json
"""
import json
import sys


def reduce_trace(trace):
    events = trace if isinstance(trace, list) else trace["traceEvents"]
    events = [e for e in events if e.get("ph") in ("C", "N", "O", "D")]
    numbers, count, rows = {}, 0, []
    for e in sorted(events, key=lambda e: float(e["ts"])):
        if e.get("viz") == "closing":  # nobody reported that
            continue
        row = {"ph": e["ph"], "name": e["name"]}
        if e["ph"] == "C":
            row["args"] = e["args"]
        else:
            key = (e.get("pid"), json.dumps(e["id"]))
            if key not in numbers:
                count += 1
                numbers[key] = count
            row["object"] = numbers[key]
            if e["ph"] == "D":
                del numbers[key]
            if e["ph"] == "O":
                row["snapshot"] = e["args"]["snapshot"]
        rows.append(row)
    return rows


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(reduce_trace(load(sys.argv[1])), sys.stdout, indent=1)
    print()
