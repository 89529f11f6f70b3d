/* SPDX-License-Identifier: BSD-2-Clause */
/* So many CPUs, so much memory: how many ring buffers of which size. */
#include <criterion/criterion.h>
#include <errno.h>

#include "collect/rings.h"

#define M (1ull << 20)
#define G (1ull << 30)

static struct ring_plan plan(unsigned cpus, uint64_t memory, uint64_t wanted)
{
	struct ring_plan p;

	cr_assert_eq(rings__plan(&p, cpus, memory, wanted), 0);
	return p;
}

Test(rings, few_cpus_get_large_ones)
{
	const unsigned cpus[] = { 1, 2, 4, 8, 16, 64 };
	const uint64_t sizes[] = { 32 * M, 32 * M, 16 * M, 8 * M, 8 * M, 8 * M };

	for (size_t i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		struct ring_plan p = plan(cpus[i], 64 * G, 0);

		cr_assert_eq(p.n, cpus[i]);
		cr_assert_eq(p.size, sizes[i], "%u CPUs: %zu", cpus[i], (size_t)p.size);
	}
}

Test(rings, all_together_have_an_upper_limit)
{
	for (unsigned cpus = 1; cpus < 2000; cpus++) {
		struct ring_plan p = plan(cpus, 4096 * G, 0);

		cr_assert(p.n == cpus || p.n == RINGS_MOST);
		cr_assert_leq(p.n * p.size, RING_SIZES_MOST);
		cr_assert_geq(p.size, RING_SIZE_MIN);
		cr_assert_eq(p.size & (p.size - 1), 0);
	}
}

Test(rings, by_default_they_take_no_more_than_a_quarter_of_memory)
{
	cr_assert_eq(plan(4, 64 * M, 0).size, 4 * M);
	cr_assert_eq(plan(128, 1 * G, 0).size, 2 * M);
	cr_assert_eq(plan(4, 4096, 0).size, RING_SIZE_MIN, "with less than that nothing works");
}

Test(rings, the_size_that_is_wanted)
{
	struct ring_plan p;

	cr_assert_eq(plan(4, 64 * G, RING_SIZE_MIN).size, RING_SIZE_MIN);
	cr_assert_eq(plan(4, 64 * G, G).size, G);
	cr_assert_eq(rings__plan(&p, 64, 16 * G, G), -E2BIG);
	cr_assert_eq(p.size, 64 * M, "the largest that there could be");
}
