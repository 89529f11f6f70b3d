/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbered N [wait]: N writes, and nothing else; waits for a word before.
 *
 * It has as little data of its own as it can, so that what the linker puts before it is in the same page of the file.
 */
#include "viztrace.h"
#include "step.h"

struct numbered { struct viz_counter viz; int n; };
VIZ_PROBE_COUNTER(numbered, n);

int main(int argc, char **argv)
{
	static struct numbered c;
	int n = argc > 1 ? atoi(argv[1]) : 0;

	if (argc > 2)
		step("ready");
	VIZ_PROBE_INIT(&c, numbered, "numbered");
	for (int i = 0; i < n; i++)
		VIZ_PROBE_SET(&c, n, i);
	return 0;
}
