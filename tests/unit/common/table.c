/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs of keys in, pointers out, whatever was removed in between. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "../random.h"
#include "common/table.h"

#define N 20000

static struct table t;
static char values[N];
static bool gone[N];

static void tidy(void)
{
	table__clear(&t);
}

TestSuite(table, .fini = tidy);

static void put_all(void)
{
	for (size_t i = 0; i < N; i++)
		cr_assert_eq(table__put(&t, i, i / 3, &values[i]), 0);
}

static bool is_gone(void *value, void *ctx)
{
	cr_assert_eq(ctx, &t);
	return gone[(char *)value - values];
}

static void check(void)
{
	bool seen[N] = { false };
	size_t left = 0, pos = 0;
	char *value;

	for (size_t i = 0; i < N; i++) {
		cr_assert_eq(table__get(&t, i, i / 3), gone[i] ? NULL : &values[i]);
		left += !gone[i];
	}
	cr_assert_eq(t.used, left);
	while ((value = table__next(&t, &pos))) {
		cr_assert_not(gone[value - values] || seen[value - values]);
		seen[value - values] = true;
		left--;
	}
	cr_assert_eq(left, 0);
}

Test(table, nothing)
{
	size_t pos = 0;

	cr_assert_null(table__get(&t, 1, 2));
	cr_assert_null(table__remove(&t, 1, 2));
	cr_assert_null(table__next(&t, &pos));
	table__drop(&t, is_gone, &t);
}

Test(table, both_keys_count_and_the_last_value_stays)
{
	table__put(&t, 1, 2, &values[0]);
	table__put(&t, 2, 1, &values[1]);
	table__put(&t, 1, 2, &values[2]);
	cr_assert_eq(t.used, 2);
	cr_assert_eq(table__get(&t, 1, 2), &values[2]);
	cr_assert_eq(table__get(&t, 2, 1), &values[1]);
	cr_assert_null(table__get(&t, 1, 1));
}

Test(table, removed_one_by_one)
{
	put_all();
	for (size_t i = 0; i < N; i++) {
		gone[i] = any() % 3 > 0;
		if (gone[i])
			cr_assert_eq(table__remove(&t, i, i / 3), &values[i]);
	}
	check();
}

Test(table, dropped)
{
	for (unsigned share = 1; share < 100; share += 7) {
		put_all();
		for (size_t i = 0; i < N; i++)
			gone[i] = any() % 100 < share;
		table__drop(&t, is_gone, &t);
		check();
	}
}

Test(table, what_was_large_once_does_not_stay_so)
{
	size_t most;

	put_all();
	most = t.n_slots;
	for (size_t i = 0; i < N; i++)
		gone[i] = i >= 10;
	table__drop(&t, is_gone, &t);
	check();
	cr_assert_leq(t.n_slots, 64);
	for (size_t i = 0; i < N; i++)
		gone[i] = true;
	table__drop(&t, is_gone, &t);
	check();
	for (size_t i = 0; i < N; i++)
		gone[i] = false;
	put_all();
	check();
	cr_assert_eq(t.n_slots, most);
}
