// SPDX-License-Identifier: BSD-2-Clause
/* bounds: see bounds.h. */
#include "bounds.h"

#include <stddef.h>

#include "collect/collect.h"

#define LOOK_EVERY 16 /* a look at the clock costs as much as a small record */

void bounds__init(struct bounds *l, const volatile sig_atomic_t *stop, uint64_t end, uint64_t max_size)
{
	*l = (struct bounds){ .stop = stop, .end = end, .max_size = max_size, .until = UINT64_MAX };
}

void bounds__end(struct bounds *l)
{
	l->why = "the time is over";
	l->in_time = true;
}

void bounds__last_pass(struct bounds *l, uint64_t now)
{
	l->ending = true;
	/* Who waits for it has said so; the end of the target is no such thing. */
	if (l->why)
		l->until = now + BOUNDS_LAST_PASS;
}

static bool is_time_over(struct bounds *l)
{
	uint64_t now;

	if (l->skipped++ % LOOK_EVERY)
		return false;
	now = collector__now();
	if (!l->ending)
		return now >= l->end;
	if (*l->stop && l->until == UINT64_MAX)
		l->until = now + BOUNDS_LAST_PASS;
	return now >= l->until;
}

bool bounds__reached(struct bounds *l, uint64_t size)
{
	if (l->max_size && size >= l->max_size) {
		l->why = "--max-size is reached";
		l->too_large = true;
		return true;
	}
	if (!l->ending && *l->stop) {
		l->why = "interrupted";
		return true;
	}
	if (!is_time_over(l))
		return false;
	l->skipped = 0;
	if (!l->ending)
		bounds__end(l);
	return true;
}

bool bounds__leave_open(struct bounds *l, uint64_t size)
{
	if (l->max_size && size >= l->max_size + BOUNDS_ENDS)
		return true;
	if (l->closed < BOUNDS_CLOSED) {
		l->closed++;
		return false;
	}
	return is_time_over(l);
}
