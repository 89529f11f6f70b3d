/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "model/names.h"
#include "model/slices.h"

static struct names names;
static struct slices slices;

static void tidy(void)
{
	slices__clear(&slices);
	names__clear(&names);
}

TestSuite(slices, .fini = tidy);

static struct name *named(const char *text)
{
	return names__take(&names, text);
}

static void push(const char *name, bool scoped, uint64_t frame)
{
	struct slice s = { .name = named(name), .frame = frame, .scoped = scoped };

	cr_assert_eq(slices__push(&slices, s), 0);
}

static size_t gone(const char *name, bool scoped, uint64_t frame)
{
	struct slice s = { .name = named(name), .frame = frame, .scoped = scoped };

	return slices__gone(&slices, &s);
}

static size_t ending(const char *name, bool scoped, uint64_t frame)
{
	return slices__ending(&slices, named(name), scoped, frame);
}

Test(slices, deeper_frame_ends_nothing)
{
	push("a", true, 0x9000);
	push("b", true, 0x8000);
	cr_assert_eq(gone("c", true, 0x7000), 0);
}

Test(slices, same_frame_is_a_scope_inside)
{
	push("a", true, 0x9000);
	cr_assert_eq(gone("a", true, 0x9000), 0);
	cr_assert_eq(gone("b", true, 0x9000), 0);
}

Test(slices, lower_frames_are_gone_when_a_higher_one_begins)
{
	push("a", true, 0x9000);
	push("b", true, 0x8000);
	push("c", true, 0x7000);
	cr_assert_eq(gone("d", true, 0x7800), 1);
	cr_assert_eq(gone("d", true, 0x8800), 2);
	cr_assert_eq(gone("d", true, 0x9800), 3);
}

Test(slices, place_that_comes_round_again_after_a_jump_ends_its_last_time)
{
	push("main", true, 0x9000);
	push("step", true, 0x8000);
	push("deep", true, 0x7000);
	cr_assert_eq(gone("step", true, 0x8000), 2);
	cr_assert_eq(gone("other", true, 0x8000), 1);
}

static void push_at(uint16_t site, const char *name, uint64_t frame)
{
	struct slice s = { .name = named(name), .frame = frame, .site = site, .scoped = true };

	cr_assert_eq(slices__push(&slices, s), 0);
}

static size_t gone_at(uint16_t site, const char *name, uint64_t frame)
{
	struct slice s = { .name = named(name), .frame = frame, .site = site, .scoped = true };

	return slices__gone(&slices, &s);
}

Test(slices, same_site_of_a_frame_ends_its_last_time)
{
	push_at(1, "main", 0x9000);
	push_at(2, "step", 0x9000);
	cr_assert_eq(gone_at(2, "step", 0x9000), 1);
	cr_assert_eq(gone_at(1, "main", 0x9000), 2);
	cr_assert_eq(gone_at(3, "step", 0x9000), 0);
	cr_assert_eq(gone_at(2, "main", 0x9000), 0);
	cr_assert_eq(gone_at(2, "step", 0x8000), 0);
	cr_assert_eq(gone("step", true, 0x9000), 0);
}

Test(slices, same_site_takes_along_what_was_opened_inside)
{
	push_at(1, "main", 0x9000);
	push_at(2, "step", 0x8000);
	push("load", false, 0);
	push_at(3, "deep", 0x7000);
	cr_assert_eq(gone_at(2, "step", 0x8000), 3);
	cr_assert_eq(gone_at(1, "main", 0x9000), 4);
	cr_assert_eq(gone_at(4, "other", 0x8000), 1);
}

Test(slices, site_tells_recursion_that_was_inlined_when_something_is_gone)
{
	push_at(1, "fib", 0x9000);
	push_at(2, "fib", 0x9000);
	push_at(1, "fib", 0x8000); /* its exit was lost */
	cr_assert_eq(gone_at(3, "fib", 0x9000), 1);
	cr_assert_eq(gone_at(2, "fib", 0x9000), 2);
	cr_assert_eq(gone("fib", true, 0x9000), 3);
}

Test(slices, site_on_another_stack_is_no_last_time)
{
	push_at(1, "f", 0x9000);
	push_at(1, "f", 0x9000 + SLICES_STACK_MAX);
	cr_assert_eq(gone_at(1, "f", 0x9000), 0);
}

Test(slices, site_is_not_looked_for_under_very_much)
{
	push_at(1, "f", 0x9000);
	for (int i = 0; i < 63; i++)
		push("load", false, 0);
	cr_assert_eq(gone_at(1, "f", 0x9000), 64);
	push("load", false, 0);
	cr_assert_eq(gone_at(1, "f", 0x9000), 0);
}

Test(slices, explicit_slice_hides_what_is_below)
{
	push("a", true, 0x7000);
	push("load", false, 0);
	cr_assert_eq(gone("b", true, 0x9000), 0);
	push("c", true, 0x7000);
	cr_assert_eq(gone("b", true, 0x9000), 1);
}

Test(slices, explicit_slice_ends_nothing)
{
	push("a", true, 0x7000);
	cr_assert_eq(gone("load", false, 0x9000), 0);
}

Test(slices, frame_far_away_is_another_stack)
{
	push("a", true, 0x1000);
	cr_assert_eq(gone("b", true, 0x1000 + SLICES_STACK_MAX - 1), 1);
	cr_assert_eq(gone("b", true, 0x1000 + SLICES_STACK_MAX), 0);
}

Test(slices, ends_topmost_of_that_name)
{
	push("load", false, 0);
	push("load", false, 0);
	push("x", false, 0);
	cr_assert_eq(ending("load", false, 0), 2);
	cr_assert_eq(ending("x", false, 0), 1);
	cr_assert_eq(ending("y", false, 0), 0);
}

Test(slices, scoped_end_needs_its_frame)
{
	push("f", true, 0x9000);
	push("f", true, 0x8000);
	cr_assert_eq(ending("f", true, 0x8000), 1);
	cr_assert_eq(ending("f", true, 0x9000), 2);
	cr_assert_eq(ending("f", true, 0x7000), 0);
}

Test(slices, explicit_end_does_not_end_a_scope_of_that_name)
{
	push("f", true, 0x9000);
	cr_assert_eq(ending("f", false, 0x9000), 0);
	push("g", false, 0x9000);
	cr_assert_eq(ending("g", true, 0x9000), 0);
}

Test(slices, pops_in_reverse)
{
	push("a", true, 3);
	push("b", true, 2);
	cr_assert_eq(slices__pop(&slices).name, named("b"));
	cr_assert_eq(slices__pop(&slices).name, named("a"));
	cr_assert_eq(slices.n, 0);
}

Test(slices, depth_is_bounded_and_counted)
{
	struct slice s = { .name = named("f") };
	int i;

	for (i = 0; i < SLICES_MAX; i++)
		push("f", true, 0x900000 - (unsigned)i);
	cr_assert_eq(slices__push(&slices, s), -E2BIG);
	cr_assert_eq(slices.n, SLICES_MAX);
	cr_assert_eq(slices.beyond, 1);
}

TestSuite(names, .fini = tidy);

Test(names, equal_texts_are_one_name)
{
	struct name *a = named("pool"), *b = named("pool"), *c = named("pools");

	cr_assert_eq(a, b);
	cr_assert_neq(a, c);
	cr_assert_eq(a->uses, 2);
	cr_assert_eq(names__find(&names, "pool"), a);
	cr_assert_null(names__find(&names, "other"));
}

Test(names, idle_ones_are_forgotten_and_used_ones_kept)
{
	struct name *kept = named("kept");
	char text[32];
	unsigned i;

	for (i = 0; i < 100 * NAMES_IDLE; i++) {
		snprintf(text, sizeof(text), "request %u", i);
		names__drop(named(text));
		cr_assert_leq(names.count, NAMES_IDLE + 1);
	}
	cr_assert_eq(names__find(&names, "kept"), kept);
}

Test(names, many_used_ones_stay)
{
	char text[32];
	unsigned i;

	for (i = 0; i < 10 * NAMES_IDLE; i++) {
		snprintf(text, sizeof(text), "name %u", i);
		named(text);
	}
	for (i = 0; i < 10 * NAMES_IDLE; i++) {
		snprintf(text, sizeof(text), "name %u", i);
		cr_assert_not_null(names__find(&names, text));
	}
}
