/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: times of the processor's own clock in, ns of CLOCK_MONOTONIC out. It goes by pairs of both that are taken now
 * and then: what lies between two of them is a straight line. A time that has been converted keeps its value, and a
 * later one never gets a smaller one, as long as a pair is taken before what is younger than the last one is asked for.
 */
#ifndef VIZTRACE_CLOCK_H
#define VIZTRACE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_PAIRS 4096 /* that are remembered, the older the fewer */

struct clock {
	uint64_t ticks[CLOCK_PAIRS], ns[CLOCK_PAIRS];
	unsigned n;
	unsigned recent; /* the pair at or before the last time that was asked for */
};

/*
 * Does every CPU of this machine tell the same time, at the same rate, and is that the kernel's own clock? Else `why`
 * not. The kernel's word is taken for it (clocksource tsc); where a hypervisor made it choose another clock that goes
 * by the processors', each of them is looked at.
 */
bool clock__is_usable(const char **ret_why);

uint64_t clock__ticks(void); /* now */

/* Take a pair, now. */
void clock__look(struct clock *c);

/* Two numbers of one moment; what is not later than the last pair is left out. */
void clock__add(struct clock *c, uint64_t ticks, uint64_t ns);

/* There must be a pair. */
uint64_t clock__ns(struct clock *c, uint64_t ticks);

#endif
