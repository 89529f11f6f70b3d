/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs of two clocks in, times of one for those of the other out. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#include "collect/clock.h"
#include "../random.h"

static struct clock c;

Test(clock, a_straight_line_between_two_pairs)
{
	clock__add(&c, 1000, 5000);
	clock__add(&c, 3000, 6000);
	cr_assert_eq(clock__ns(&c, 1000), 5000);
	cr_assert_eq(clock__ns(&c, 2000), 5500);
	cr_assert_eq(clock__ns(&c, 3000), 6000);
}

Test(clock, beyond_the_pairs_the_nearest_line_goes_on)
{
	clock__add(&c, 1000, 5000);
	clock__add(&c, 2000, 5500);
	clock__add(&c, 3000, 6500);
	cr_assert_eq(clock__ns(&c, 0), 4500);
	cr_assert_eq(clock__ns(&c, 4000), 7500);
}

Test(clock, nothing_is_before_the_other_one_began)
{
	clock__add(&c, 1000000, 500);
	clock__add(&c, 2000000, 1500);
	cr_assert_eq(clock__ns(&c, 600000), 100);
	cr_assert_eq(clock__ns(&c, 0), 0);
}

Test(clock, what_is_not_later_is_left_out)
{
	clock__add(&c, 1000, 5000);
	clock__add(&c, 1000, 6000);
	clock__add(&c, 2000, 5000);
	cr_assert_eq(c.n, 1);
}

Test(clock, one_pair_is_better_than_none)
{
	clock__add(&c, 1000, 5000);
	cr_assert_eq(clock__ns(&c, 2000), 5000);
}

/* More pairs than are remembered, of a clock whose rate changes slowly: never backwards, and near the truth. */
Test(clock, later_never_gets_smaller)
{
	uint64_t ticks = 1, ns = 1, last = 0, asked = 0;

	clock__add(&c, ticks, ns);
	for (int i = 0; i < 5 * CLOCK_PAIRS; i++) {
		uint64_t step = 1000 + any() % 2000000;

		ticks += step;
		ns += step / 3 + any() % 3;
		clock__add(&c, ticks, ns);
		while (asked < ticks) {
			uint64_t got = clock__ns(&c, asked);

			cr_assert_geq(got, last);
			last = got;
			asked += step / 3 + 1;
		}
		cr_assert_eq(clock__ns(&c, ticks), ns);
	}
	cr_assert_leq(llabs((long long)(clock__ns(&c, 1 + (ticks - 1) / 2) - ns / 2)), 100000);
}

Test(clock, a_pair_of_now)
{
	const char *why = NULL;
	uint64_t before;

	if (!clock__is_usable(&why))
		cr_skip_test("%s", why);
	clock__look(&c);
	before = clock__ticks();
	clock__look(&c);
	cr_assert_eq(c.n, 2);
	cr_assert_gt(clock__ns(&c, before), c.ns[0]);
	cr_assert_leq(clock__ns(&c, before), c.ns[1]);
}
