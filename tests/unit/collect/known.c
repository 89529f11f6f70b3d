// SPDX-License-Identifier: BSD-2-Clause
/* What is known of processes stays within its budget, and what is asked for stays known for longest. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "collect/known.h"

#define LIMIT (64u << 10)

static struct known known;

static void setup(void)
{
	known.budget.limit = LIMIT;
}

static void tidy(void)
{
	known__clear(&known);
	cr_assert_eq(known.budget.used, 0);
}

TestSuite(known, .init = setup, .fini = tidy);

Test(known, objects_that_are_asked_for_stay)
{
	cr_assert_not_null(known__object(&known, 1, 7));
	known__find_object(&known, 1, 7)->cls = 77;
	for (uint64_t i = 1; i < 10000; i++) {
		cr_assert_not_null(known__object(&known, 2, 16 * i));
		cr_assert_not_null(known__find_object(&known, 1, 7));
		known__make_room(&known);
		cr_assert_lt(known.budget.used, LIMIT);
	}
	cr_assert_eq(known__find_object(&known, 1, 7)->cls, 77);
	cr_assert_null(known__find_object(&known, 2, 16));
}

Test(known, nothing_is_forgotten_within_the_budget)
{
	for (uint64_t i = 1; i <= 100; i++)
		cr_assert_not_null(known__object(&known, 1, i));
	known__make_room(&known);
	for (uint64_t i = 1; i <= 100; i++)
		cr_assert_not_null(known__find_object(&known, 1, i));
}

/* All were asked for since the last time: there has to be room all the same. */
Test(known, more_than_there_may_be_at_once)
{
	for (uint64_t i = 1; i < 10000; i++)
		cr_assert_not_null(known__object(&known, 1, i));
	cr_assert_gt(known.budget.used, LIMIT);
	known__make_room(&known);
	cr_assert_lt(known.budget.used, LIMIT);
}

Test(known, a_class_stays_as_long_as_an_object_of_it)
{
	struct known_object *o = known__object(&known, 1, 7);

	o->told = known__class(&known, 1, 500);
	o->told->hash = 99;
	for (uint64_t i = 1; i < 10000; i++) {
		cr_assert_not_null(known__class(&known, 1, 1000 + i));
		cr_assert_eq(known__find_object(&known, 1, 7)->told->hash, 99);
		known__make_room(&known);
		cr_assert_lt(known.budget.used, LIMIT);
	}
	cr_assert_eq(known__find_class(&known, 1, 500), o->told);
	cr_assert_null(known__find_class(&known, 1, 1001));
}

Test(known, threads_and_what_they_are_called)
{
	const char *comm;

	for (uint32_t i = 1; i < 10000; i++) {
		cr_assert_eq(known__set_thread(&known, 1, i, i + 1), 0);
		cr_assert_eq(known__set_comm(&known, 1, i + 1, 10, (char[16]){ "worker" }), 0);
		cr_assert_eq(known__thread(&known, 1, i), i + 1);
		known__make_room(&known);
		cr_assert_lt(known.budget.used, LIMIT);
	}
	cr_assert_eq(known__set_comm(&known, 1, 5, 20, (char[16]){ "new" }), 0);
	cr_assert_eq(known__set_comm(&known, 1, 5, 15, (char[16]){ "late" }), 0);
	comm = known__comm(&known, 1, 5);
	cr_assert_str_eq(comm, "new");
	cr_assert_eq(known__thread(&known, 2, 5), 0);
	cr_assert_null(known__comm(&known, 2, 5));
}

Test(known, a_descriptor_is_sent_once)
{
	cr_assert_eq(known__send(&known, 1, 5), 1);
	cr_assert_eq(known__send(&known, 1, 5), 0);
	cr_assert_eq(known__send(&known, 2, 5), 1);
	for (uint64_t i = 0; i < 10000; i++) {
		cr_assert_eq(known__send(&known, 3, i), 1);
		known__make_room(&known);
		cr_assert_lt(known.budget.used, LIMIT);
	}
}

Test(known, an_object_that_is_forgotten_takes_nothing)
{
	cr_assert_not_null(known__object(&known, 1, 7));
	known__forget_object(&known, 1, 7);
	known__forget_object(&known, 1, 7);
	cr_assert_eq(known.budget.used, 0);
	cr_assert_null(known__find_object(&known, 1, 7));
}

/* Of objects there is always more to come; nobody tells of a thread twice. */
Test(known, threads_are_forgotten_last)
{
	cr_assert_eq(known__set_thread(&known, 1, 5, 6), 0);
	for (uint64_t i = 1; i < 10000; i++) {
		cr_assert_not_null(known__object(&known, 1, 16 * i));
		cr_assert_not_null(known__find_object(&known, 1, 16 * i));
		known__make_room(&known);
	}
	cr_assert(known.forgotten);
	cr_assert_eq(known__thread(&known, 1, 5), 6);
}
