/* SPDX-License-Identifier: BSD-2-Clause */
/* A tick is a SET, a VALUE and a method. Counts those that are sent while somebody listens. */
#ifndef TICK_H
#define TICK_H

#include <stdio.h>

#include "viztrace.h"

struct gauge {
	struct viz_counter viz;
	long n;
	int half;
};
VIZ_PROBE_COUNTER(gauge, n, half);
static struct gauge gauge;

static inline void tick_once(long *armed)
{
	armed[2] += *(volatile unsigned short *)&viz_enter_semaphore != 0;
	{
		VIZ_PROBE_METHOD();
		armed[0] += *(volatile unsigned short *)&viz_set_semaphore != 0;
		VIZ_PROBE_SET(&gauge, n, gauge.n + 1);
		armed[1] += *(volatile unsigned short *)&viz_value_semaphore != 0;
		VIZ_PROBE_VALUE("tick", "n", gauge.n);
	}
}

/* "armed SET VALUE ENTER" */
static inline void tick_many(int n)
{
	long armed[3] = { 0 };

	while (n--)
		tick_once(armed);
	printf("armed %ld %ld %ld\n", armed[0], armed[1], armed[2]);
}

#endif
