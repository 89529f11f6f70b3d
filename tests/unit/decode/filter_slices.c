/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names of slices the kernel is told of, and what. */
#include "filter_fixtures.h"

TestSuite(filter_slices, .fini = tidy);

static void enter(uint64_t ts, const char *name)
{
	named(EVENT_ENTER, ts, name, false);
}

/* The kernel's hash of a name that nobody wants; 0: it is not told. */
static uint64_t hash_of(const char *name, bool pretty)
{
	slices_hash = 0;
	named(EVENT_ENTER, 1, name, pretty);
	named(EVENT_ENTER, 2, name, pretty);
	return slices_hash;
}

Test(filter_slices, kernel_looks_at_names_only_while_rules_do)
{
	START("--exclude", "a");
	cr_assert_eq(filter__slices_epoch(filter), 0);
	CHANGE(10, "--methods", "f");
	cr_assert_eq(filter__slices_epoch(filter), 2);
	CHANGE(20, "--no-methods");
	cr_assert_eq(filter__slices_epoch(filter), 3);
	CHANGE(30);
	cr_assert_eq(filter__slices_epoch(filter), 0);
	cr_assert_eq(filter__epoch(filter), 4);
}

Test(filter_slices, unwanted_name_is_told_when_it_comes_again)
{
	START("--methods", "load");
	enter(1, "load");
	enter(2, "load");
	enter(3, "parse");
	EXPECT("1 enter load\n2 enter load\n");
	enter(4, "parse");
	EXPECT("push slices allowed=0 epoch=1\n");
	for (uint64_t ts = 5; ts < 1000; ts++)
		enter(ts, "parse");
	EXPECT("");
	FILTERED(ENTER, 997);
}

/* Whoever sends a name says nothing of what others send: two names may have one hash. */
Test(filter_slices, each_process_is_told_of_by_itself)
{
	struct event e = { .kind = EVENT_ENTER, .probe = EVENT_PROBE_ENTER, .pid = PID + 1, .name = "parse" };

	START("--methods", "load");
	enter(1, "parse");
	enter(2, "parse");
	EXPECT("push slices allowed=0 epoch=1\n");
	feed(&e);
	EXPECT("");
	feed(&e);
	EXPECT("push slices allowed=0 epoch=1 of 8\n");
}

Test(filter_slices, name_that_the_kernel_has_forgotten_is_told_again)
{
	START("--methods", "load");
	for (uint64_t ts = 1; ts <= 1030; ts++)
		enter(ts, "parse");
	EXPECT("push slices allowed=0 epoch=1\npush slices allowed=0 epoch=1\n");
}

Test(filter_slices, names_that_come_once_are_not_told)
{
	char name[32];

	START("--methods", "load");
	for (uint64_t ts = 1; ts <= 100000; ts++) {
		snprintf(name, sizeof(name), "invented %" PRIu64, ts);
		enter(ts, name);
	}
	EXPECT("");
	FILTERED(ENTER, 100000);
}

Test(filter_slices, ends_of_what_rules_once_wanted_are_not_dropped)
{
	START("--methods", "parse");
	enter(1, "parse");
	CHANGE(10, "--methods", "load");
	enter(11, "parse");
	enter(12, "parse");
	enter(13, "other");
	enter(14, "other");
	EXPECT("1 enter parse\npush slices allowed=2 epoch=2\npush slices allowed=0 epoch=2\n");
	/* Nor later. */
	CHANGE(20, "--methods", "more");
	enter(21, "parse");
	enter(22, "parse");
	enter(23, "load");
	enter(24, "load");
	EXPECT("push slices allowed=2 epoch=3\npush slices allowed=2 epoch=3\n");
}

Test(filter_slices, ends_of_what_began_without_rules_are_not_dropped)
{
	START();
	CHANGE(10, "--methods", "load");
	enter(11, "parse");
	enter(12, "parse");
	EXPECT("push slices allowed=2 epoch=1\n");
}

Test(filter_slices, rules_that_are_forgotten_may_have_wanted_it)
{
	START("--methods", "parse");
	for (uint64_t i = 1; i <= 15; i++)
		CHANGE(10 * i, "--methods", "load");
	enter(1001, "other");
	enter(1002, "other");
	EXPECT("push slices allowed=0 epoch=16\n");
	CHANGE(2000, "--methods", "load");
	enter(2001, "other");
	enter(2002, "other");
	EXPECT("push slices allowed=2 epoch=17\n");
}

Test(filter_slices, what_is_wanted_by_now_is_not_told)
{
	START("--methods", "load");
	CHANGE(10, "--methods", "parse");
	enter(8, "parse");
	enter(9, "parse");
	enter(11, "parse");
	EXPECT("11 enter parse\n");
	/* What came before, and is unwanted by now, is told when it comes next. */
	enter(8, "load");
	enter(9, "load");
	enter(12, "load");
	enter(13, "load");
	EXPECT("8 enter load\n9 enter load\npush slices allowed=2 epoch=2\n");
}

Test(filter_slices, ends_and_what_is_of_no_thread_tell_as_well)
{
	START("--methods", "load");
	named(EVENT_EXIT, 1, "parse", false);
	async(2, ASYNC_BEGIN, "parse");
	EXPECT("1 exit parse (unwanted)\npush slices allowed=0 epoch=1\n");
	async(3, ASYNC_OUT, "flow");
	async(4, ASYNC_OUT, "flow");
	EXPECT("3 async flow\n4 async flow\n");
}

Test(filter_slices, names_have_hashes_of_their_own)
{
	static const char *const names[] = { "", "f", "g", "fffffff", "ffffffff", "fffffffff", "ffffffffg" };
	const size_t n = sizeof(names) / sizeof(names[0]);
	uint64_t hashes[2 * sizeof(names) / sizeof(names[0])];

	START("--methods", "load");
	for (size_t i = 0; i < 2 * n; i++) {
		hashes[i] = hash_of(names[i % n], i >= n);
		/* The empty one's, which is no signature, is that of a word of zeros. */
		cr_assert(hashes[i] || !i, "%zu", i);
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(hashes[i], hashes[j], "%zu, %zu", i, j);
	}
}

Test(filter_slices, names_that_the_kernel_does_not_look_at_are_not_told)
{
	char name[257] = { 0 };

	START("--methods", "load");
	memset(name, 'n', 254);
	cr_assert_neq(hash_of(name, false), 0);
	name[254] = 'n';
	cr_assert_eq(hash_of(name, false), 0);
	name[255] = 'n';
	cr_assert_eq(hash_of(name, true), 0);
	FILTERED(ENTER, 6);
}
