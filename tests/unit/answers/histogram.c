// SPDX-License-Identifier: BSD-2-Clause
/* Percentiles of a histogram beside those of the sorted values themselves. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "answers/histogram.h"
#include "../random.h"

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* All percentiles from 1 to 100, each within 1/128 of the exact one. */
static void compare(uint64_t *values, size_t n)
{
	struct histogram h = { 0 };

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(histogram__add(&h, values[i]), 0);
	qsort(values, n, sizeof(*values), ascending);
	for (unsigned percent = 1; percent <= 100; percent++) {
		uint64_t exact = values[(n * percent + 99) / 100 - 1], told = histogram__percentile(&h, percent);
		uint64_t off = told > exact ? told - exact : exact - told;

		cr_expect_leq(off, exact / 128, "p%u of %zu: %lu, not %lu", percent, n, (unsigned long)told,
			      (unsigned long)exact);
	}
	cr_expect_eq(h.count, n);
	cr_expect_eq(h.min, values[0]);
	cr_expect_eq(h.max, values[n - 1]);
	histogram__clear(&h);
	cr_expect_eq(h.count, 0);
}

Test(histogram, is_within_its_error_of_sorted_values_of_any_size)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 99, 100, 101, 1000, 20000 };
	static uint64_t values[20000];

	for (unsigned bits = 1; bits <= 64; bits += 7)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			for (size_t j = 0; j < sizes[i]; j++)
				values[j] = any() >> (64 - bits);
			compare(values, sizes[i]);
		}
}

/* What durations are like: most short, a few very long. */
Test(histogram, is_within_its_error_of_long_tails)
{
	static uint64_t values[20000];

	for (size_t i = 0; i < 20000; i++)
		values[i] = (uint64_t)exp2(4 + 28 * (double)(any() >> 40) / (1 << 24));
	compare(values, 20000);
}

Test(histogram, small_values_are_exact)
{
	struct histogram h = { 0 };

	for (uint64_t v = 1; v <= 100; v++)
		cr_assert_eq(histogram__add(&h, v), 0);
	for (unsigned percent = 1; percent <= 100; percent++)
		cr_expect_eq(histogram__percentile(&h, percent), percent);
	histogram__clear(&h);
}

Test(histogram, stays_between_the_smallest_and_the_largest)
{
	struct histogram h = { 0 };

	cr_expect_eq(histogram__percentile(&h, 50), 0);
	cr_assert_eq(histogram__add(&h, 1000003), 0);
	cr_expect_eq(histogram__percentile(&h, 1), 1000003);
	cr_expect_eq(histogram__percentile(&h, 99), 1000003);
	histogram__clear(&h);
	cr_assert_eq(histogram__add(&h, UINT64_MAX), 0);
	cr_assert_eq(histogram__add(&h, 0), 0);
	cr_expect_eq(histogram__percentile(&h, 50), 0);
	cr_expect_eq(histogram__percentile(&h, 100), UINT64_MAX);
	histogram__clear(&h);
}
