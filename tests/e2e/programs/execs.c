// SPDX-License-Identifier: BSD-2-Clause
/* Executes itself N times, with objects of 64 classes each time: execs N [--wait]. Its memory is elsewhere each time. */
#define _GNU_SOURCE
#include "viztrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EIGHT(m, a) m(a##0) m(a##1) m(a##2) m(a##3) m(a##4) m(a##5) m(a##6) m(a##7)
#define ALL(m) EIGHT(m, c0) EIGHT(m, c1) EIGHT(m, c2) EIGHT(m, c3) EIGHT(m, c4) EIGHT(m, c5) EIGHT(m, c6) EIGHT(m, c7)
#define DECLARE(tag) \
	struct tag { \
		struct viz_counter viz; \
		int n; \
	}; \
	VIZ_PROBE_COUNTER(tag, n); \
	static struct tag tag;
#define FIRE(tag) \
	VIZ_PROBE_INIT(&tag, tag, NULL); \
	VIZ_PROBE_SET(&tag, n, 1);

ALL(DECLARE)

int main(int argc, char **argv)
{
	char left[16];

	if (argc < 2)
		return 2;
	for (int i = 0; argc > 2 && i < 30000 && !viz_set_semaphore; i++)
		usleep(1000);
	ALL(FIRE)
	snprintf(left, sizeof(left), "%d", atoi(argv[1]) - 1);
	if (atoi(argv[1]) > 0)
		execl("/proc/self/exe", argv[0], left, (char *)NULL);
	return 0;
}
