/* SPDX-License-Identifier: BSD-2-Clause */
/* What a test finds wrong, a line each; it ends with 1 if there was anything. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int failures;

static void check(int ok, const char *what, int line)
{
	if (ok)
		return;
	printf("FAILED line %d: %s\n", line, what);
	failures++;
}

#define CHECK(cond) check((cond) ? 1 : 0, #cond, __LINE__)
#define CHECK_AT(line, cond) check((cond) ? 1 : 0, #cond, line)

#endif
