# SPDX-License-Identifier: BSD-2-Clause
"""The real catapult viewer (tests/viewer), where it is installed."""
import functools
import json
import sys

import harness

VIEW = harness.ROOT / "tests" / "viewer" / "view.py"


@functools.lru_cache(None)
def missing():
    """Why it cannot be used here, or None."""
    if not VIEW.exists():
        return "no tests/viewer"
    sys.path.insert(0, str(VIEW.parent))
    import view  # pylint: disable=import-outside-toplevel
    try:
        view.find_page()
        view.find_chromium()
    except view.Missing as reason:
        return str(reason)
    return None


def view(path):
    """What the viewer imported, see view.py."""
    with harness.one_at_a_time("viewer"):
        done = harness.run(sys.executable, VIEW, path, "--timeout", "150", timeout=180)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def processes(shown):
    return shown["processes"]


def counters(shown):
    """{name: {series: samples}}, of all processes."""
    out = {}
    for process in processes(shown):
        for c in process["counters"]:
            out[c["name"]] = {s["name"]: s["samples"] for s in c["series"]}
    return out
