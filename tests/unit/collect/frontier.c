/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings that are read up to somewhere: how much of time is complete. */
#include <criterion/criterion.h>

#include "collect/frontier.h"

#define S 1000000000ull

static struct frontier f;

static void setup(void)
{
	cr_assert_eq(frontier__init(&f, 2), 0);
}

static void tidy(void)
{
	frontier__clear(&f);
}

TestSuite(frontier, .init = setup, .fini = tidy);

/* One pass: where both rings are written, and where they can be read to. */
static uint64_t pass(uint64_t now, const uint64_t produced[2], const uint64_t consumed[2])
{
	for (size_t i = 0; i < 2; i++) {
		frontier__aim(&f, i, produced[i], now);
		frontier__reach(&f, i, consumed[i], true);
	}
	return frontier__until(&f, now);
}
#define PASS(now, p0, c0, p1, c1) pass(now, (const uint64_t[]){ p0, p1 }, (const uint64_t[]){ c0, c1 })

Test(frontier, all_that_was_there_is_read)
{
	cr_assert_eq(PASS(5 * S, 100, 100, 0, 0), 5 * S);
	cr_assert_eq(PASS(6 * S, 100, 100, 50, 70), 6 * S, "more has come meanwhile");
}

Test(frontier, a_record_that_is_not_complete_holds_up_both_rings)
{
	cr_assert_eq(PASS(5 * S, 100, 100, 50, 50), 5 * S);
	cr_assert_eq(PASS(5 * S + 1, 200, 150, 50, 50), 5 * S);
	cr_assert_eq(PASS(5 * S + 2, 300, 300, 50, 50), 5 * S + 2);
}

Test(frontier, another_record_under_way_each_time_is_no_standstill)
{
	cr_assert_eq(PASS(5 * S, 0, 0, 0, 0), 5 * S);
	for (uint64_t i = 1; i < 1000; i++)
		cr_assert_eq(PASS(5 * S + i, 100 * i, 100 * i - 10, 0, 0), 5 * S + i - 1);
}

Test(frontier, a_ring_that_stands_still_is_waited_for_for_a_second)
{
	cr_assert_eq(PASS(5 * S, 100, 100, 50, 50), 5 * S);
	cr_assert_eq(PASS(6 * S, 200, 150, 60, 60), 5 * S);
	cr_assert_eq(PASS(7 * S, 200, 150, 70, 70), 5 * S);
	cr_assert_eq(PASS(7 * S + 1, 200, 150, 80, 80), 7 * S + 1);
	cr_assert_eq(PASS(8 * S, 200, 150, 90, 80), 7 * S + 1, "the other one is waited for as ever");
	cr_assert_eq(PASS(8 * S + 1, 200, 150, 90, 90), 8 * S + 1);
}

Test(frontier, a_ring_that_goes_on_is_waited_for_again)
{
	PASS(5 * S, 200, 150, 0, 0);
	cr_assert_eq(PASS(7 * S, 200, 150, 0, 0), 7 * S);
	cr_assert_eq(PASS(8 * S, 300, 300, 0, 0), 8 * S);
	cr_assert_eq(PASS(9 * S, 400, 350, 0, 0), 8 * S);
}

Test(frontier, both_stand_still)
{
	PASS(5 * S, 200, 150, 50, 40);
	cr_assert_eq(PASS(7 * S, 200, 150, 50, 40), 7 * S);
}

Test(frontier, never_runs_backwards)
{
	PASS(5 * S, 200, 150, 0, 0);
	cr_assert_eq(PASS(7 * S, 200, 150, 0, 0), 7 * S);
	/* What it aimed at long ago is reached: that is behind us. */
	cr_assert_eq(PASS(7 * S + 1, 300, 250, 0, 0), 7 * S);
}

Test(frontier, a_ring_that_is_read_in_pieces_is_complete_up_to_the_look_that_saw_their_end)
{
	for (uint64_t i = 1; i <= 10; i++)
		cr_assert_eq(PASS(5 * S + i, 100 * i, 100, 0, 0), 5 * S + 1);
	for (uint64_t i = 11; i <= 19; i++)
		cr_assert_eq(PASS(5 * S + i, 1000 + 100 * (i - 10), 100 * (i - 9), 0, 0), 5 * S + i - 9);
}

Test(frontier, more_looks_than_are_kept_apart)
{
	uint64_t n = 5 * FRONTIER_GOALS;

	for (uint64_t i = 1; i <= n; i++)
		cr_assert_eq(PASS(5 * S + i, 100 * i, 100, 0, 0), 5 * S + 1);
	cr_assert_eq(PASS(6 * S, 100 * n, 300, 0, 0), 5 * S + 3);
	cr_assert_eq(PASS(6 * S + 1, 100 * n, 100 * n - 1, 0, 0), 5 * S + FRONTIER_GOALS,
		     "the newest is the one that moved on");
	cr_assert_eq(PASS(6 * S + 2, 100 * n, 100 * n, 0, 0), 6 * S + 2);
}

Test(frontier, slow_is_no_standstill)
{
	cr_assert_eq(PASS(5 * S, 1000, 10, 0, 0), 0);
	for (uint64_t i = 1; i < 90; i++)
		cr_assert_eq(PASS((5 + i) * S, 1000, 10 + 10 * i, 0, 0), 0);
}

Test(frontier, who_was_not_asked_has_not_failed_to_answer)
{
	PASS(5 * S, 100, 100, 50, 50);
	for (uint64_t i = 1; i < 5; i++) {
		frontier__aim(&f, 0, 200, (5 + i) * S);
		frontier__reach(&f, 0, 100, false);
		frontier__aim(&f, 1, 50 + i, (5 + i) * S);
		frontier__reach(&f, 1, 50 + i, true);
		cr_assert_eq(frontier__until(&f, (5 + i) * S), 5 * S);
		cr_assert(frontier__is_behind(&f, 0));
		cr_assert_not(frontier__is_behind(&f, 1));
	}
}
