/* SPDX-License-Identifier: BSD-2-Clause */
/* What a target invents without end: what is kept stays within the budget, what goes on is shown, what is lost is
 * counted. */
#include "model_fixtures.h"
#include "model/tracks.h"

static struct budgets budgets;

static void setup_budgets(void)
{
	setup();
	budgets = (struct budgets){ .objects.limit = 1000, .kept.limit = 3000 };
	model__set_budgets(model, &budgets);
}

TestSuite(budget, .init = setup_budgets, .fini = tidy);

static void clear_page(void)
{
	page.size = 0;
}

Test(budget, the_object_that_was_not_used_for_the_longest_time_is_forgotten)
{
	uint64_t address, before;
	uint32_t pid;

	cr_expect_not(model__forget_oldest(model, START + 1, &pid, &address));
	init(1, OBJECT, A, "a");
	before = budgets.objects.used;
	cr_expect_gt(before, 0);
	init(2, OBJECT, B, "b");
	init(3, OBJECT, A + B, "c");
	report1(4, OBJECT, A, integer("n", 1));
	/* All were new: then it is the one that was used last that stays. */
	cr_expect(model__forget_oldest(model, START + 5, &pid, &address));
	cr_expect_eq(pid, PID);
	cr_expect_neq(address, A + B);
	report1(6, OBJECT, B == address ? A : B, integer("n", 2));
	while (model__forget_oldest(model, START + 7, &pid, &address))
		;
	cr_expect_eq(budgets.objects.used, 0);
	cr_expect_eq(model__stats(model)->forgotten, 3);
}

Test(budget, a_forgotten_object_ends_and_begins_anew)
{
	uint64_t address;
	uint32_t pid;

	init(1, OBJECT, A, "a");
	report1(2, OBJECT, A, integer("n", 1));
	clear_page();
	cr_assert(model__forget_oldest(model, START + 3, &pid, &address));
	EXPECT("3 state end: a (pool 1000)");
	/* Until it is introduced nobody knows what it is. */
	report1(4, OBJECT, A, integer("n", 2));
	cr_expect_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 1);
	found(5, OBJECT, A, "a", false);
	clear_page();
	report1(6, OBJECT, A, integer("n", 3));
	EXPECT("6 snapshot: a (pool 1000) {n=3}", "6 state: a (pool 1000) {n=3}");
}

Test(budget, tracks_beyond_it_are_refused_and_those_there_go_on)
{
	char name[32];
	uint64_t used;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "value %d", i);
		value((uint64_t)i, name, integer("v", i));
	}
	cr_expect_gt(model__stats(model)->refused, 50);
	cr_expect_lt(model__stats(model)->refused, 100);
	cr_expect_eq(model__stats(model)->rejected[EVENT_PROBE_VALUE], model__stats(model)->refused);
	cr_expect_eq(model__stats(model)->written[EVENT_PROBE_VALUE], 100 - model__stats(model)->refused);
	used = budgets.kept.used;
	cr_expect_lt(used, 4000);
	clear_page();
	value(200, "value 0", integer("v", 7));
	EXPECT("200 counter: value 0 {v=7}");
	cr_expect_eq(budgets.kept.used, used);
}

Test(budget, threads_and_deep_slices_beyond_it_are_refused)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "here";
	for (uint32_t i = 0; i < 1000; i++) {
		e.tid = 100 + i;
		cr_assert_eq(feed(e), 0);
	}
	cr_expect_gt(model__stats(model)->refused, 900);
	cr_expect_lt(budgets.kept.used, 4000);
	/* The process is over: there is room again. */
	e = event(EVENT_ENDED, 0, 2);
	cr_assert_eq(feed(e), 0);
	cr_expect_eq(budgets.kept.used, 0);
}

/* A group is found by the address of its name, which the next name may get. */
Test(budget, what_is_refused_leaves_nothing_behind)
{
	struct budget spent = { .limit = 1, .used = 1 };
	struct names names = { 0 };
	struct tracks tracks = { .names = &names, .budget = &spent };
	const struct value v = integer("v", 1);
	struct track *track;
	char text[32];

	for (int i = 0; i < 10; i++) {
		struct name *name;

		snprintf(text, sizeof(text), "counter %d", i);
		name = names__take(&names, text);
		cr_assert(name);
		cr_expect_eq(tracks__value(&tracks, PID, name, &v, &track), -ENOBUFS);
		cr_expect_eq(tracks__claim(&tracks, PID, name, A, &v, 1, &track), -ENOBUFS);
		names__drop(name);
	}
	cr_expect_eq(tracks.groups.used, 0);
	tracks__clear(&tracks);
	names__clear(&names);
}

/* Each process with names of its own, one after the other: what an always-on tool meets. */
Test(budget, tracks_of_processes_that_ended_take_nothing)
{
	struct budget budget = { .limit = 100000 };
	struct names names = { 0 };
	struct tracks tracks = { .names = &names, .budget = &budget };
	uint64_t of_one = 0, of_long_ones = 0;
	struct track *track;

	for (uint32_t pid = 1; pid < 100; pid++) {
		char key[64], unit[64], text[32];
		struct value v = integer(key, 1);
		struct name *name;

		snprintf(key, sizeof(key), "key %u", pid);
		snprintf(unit, sizeof(unit), pid % 2 ? "unit %u" : "a unit of far more characters, of process %u", pid);
		snprintf(text, sizeof(text), "counter %u", pid);
		v.unit = unit;
		name = names__take(&names, text);
		for (uint64_t address = A; address < A + 5; address++)
			cr_assert_eq(tracks__claim(&tracks, pid, name, address, &v, 1, &track), 0);
		names__drop(name);
		*(pid % 2 ? &of_one : &of_long_ones) = budget.used;
		tracks__forget(&tracks, pid);
		cr_expect_eq(budget.used, 0, "process %u", pid);
		cr_expect_eq(name->uses, 0);
		cr_expect_eq(names__find(&names, key)->uses, 0);
		cr_expect_eq(names__find(&names, unit)->uses, 0);
	}
	cr_expect_gt(of_long_ones, of_one, "a unit costs what it takes");
	tracks__clear(&tracks);
	names__clear(&names);
}
