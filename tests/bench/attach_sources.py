#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the sources of a program with 2,000 uses of the macros: an executable and three shared libraries."""
import os
import sys

USES = 2000
FILES = ("app", "lib1", "lib2", "lib3")

HEAD = """#include <stdio.h>
#include <unistd.h>
#include "viztrace.h"

struct {name}_state {{ struct viz_counter viz; long n, m; double load; }};
VIZ_PROBE_COUNTER({name}_state, n, m, load);
static struct {name}_state state;
"""

# Eight uses of the macros.
FUNCTION = """
static long {name}_{i}(long n)
{{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_SET(&state, n, n);
	VIZ_PROBE_SET(&state, load, 0.5 * (double)n);
	state.m++;
	VIZ_PROBE_CHANGED(&state, m);
	VIZ_PROBE_LOG(&state);
	VIZ_PROBE_VALUE("{name}", "n", n);
	VIZ_PROBE_INSTANT("{name}_{i}");
	VIZ_PROBE_TRIGGERLOG(&state, after);
	return state.n;
}}
"""

LIBRARY = """
long {name}_run(long n);
long {name}_run(long n)
{{
	if (!n)
		VIZ_PROBE_INIT(&state, {name}_state, "{name}");
{calls}
	return n;
}}
"""

# Slow enough to be no load, fast enough that a tracer has something to write.
MAIN = """
int main(void)
{
	puts("ready");
	fflush(stdout);
	for (long n = 0;; n++) {
		app_run(n);
		lib1_run(n);
		lib2_run(n);
		lib3_run(n);
		usleep(2000);
	}
}
"""


def source(name):
    functions = -(-USES // len(FILES) // 8)
    text = HEAD.format(name=name)
    text += "".join(FUNCTION.format(name=name, i=i) for i in range(functions))
    # One of them at a time.
    calls = "\tswitch (n % {}) {{\n{}\t}}".format(functions, "".join(
        f"\tcase {i}: n = {name}_{i}(n); break;\n" for i in range(functions)))
    text += LIBRARY.format(name=name, calls=calls)
    if name == "app":
        text += "".join(f"long {lib}_run(long n);\n" for lib in FILES[1:]) + MAIN
    return text


def main():
    for name in FILES:
        with open(os.path.join(sys.argv[1], name + ".c"), "w", encoding="utf-8") as f:
            f.write(source(name))


if __name__ == "__main__":
    main()
