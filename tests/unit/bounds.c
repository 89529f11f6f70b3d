/* SPDX-License-Identifier: BSD-2-Clause */
/* When a trace ends: what is still done once the time is over. */
#include <criterion/criterion.h>

#include "bounds.h"

static volatile sig_atomic_t stop;

static struct bounds at_the_end(uint64_t max_size)
{
	struct bounds l;

	bounds__init(&l, &stop, UINT64_MAX, max_size);
	l.why = "interrupted";
	bounds__last_pass(&l, 0); /* long ago, by the clock of records */
	return l;
}

Test(bounds, closes_some_slices_though_the_last_pass_took_too_long)
{
	struct bounds l = at_the_end(0);
	unsigned n = 0;

	cr_expect(bounds__reached(&l, 0), "no time is left");
	while (n < 2 * BOUNDS_CLOSED && !bounds__leave_open(&l, 0))
		n++;
	cr_expect_geq(n, BOUNDS_CLOSED);
	cr_expect_lt(n, BOUNDS_CLOSED + 100);
}

Test(bounds, closes_nothing_beyond_the_size)
{
	struct bounds l = at_the_end(1000);

	cr_expect_not(bounds__leave_open(&l, 1000));
	cr_expect(bounds__leave_open(&l, 1000 + BOUNDS_ENDS));
}
