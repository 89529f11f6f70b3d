// SPDX-License-Identifier: BSD-2-Clause
/* human: see human.h. */
#include "human.h"

#include <stdio.h>

const char *human__time(char text[HUMAN_TEXT], double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned unit = 0;

	for (; unit < 3 && ns >= 1000; unit++)
		ns /= 1000;
	snprintf(text, HUMAN_TEXT, unit ? "%.3f %s" : "%.0f %s", ns, units[unit]);
	return text;
}

const char *human__size(char text[HUMAN_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	double n = (double)bytes;
	int unit = 0;

	for (; n >= 1000 && unit < 4; unit++)
		n /= 1000;
	snprintf(text, HUMAN_TEXT, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return text;
}
