/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a model that nobody listened to, told to a writer that comes later; and what happens then. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model_fixtures.h"

static void setup_unheard(void)
{
	cr_assert_eq(model__new(&model, &model_unheard, NULL, START), 0);
	model__remember(model);
}

TestSuite(model_retell, .init = setup_unheard, .fini = tidy);

#define MARK " 7/7 instant: " MODEL_KEPT

static void retell(uint64_t ts)
{
	EXPECT_NOTHING();
	cr_assert_eq(model__retell(model, &ops, NULL, START + ts), 0);
}

static void text_report(uint64_t ts, uint64_t address, const char *text)
{
	char s[16];
	struct value v = { .key = "s", .type = VALUE_STRING, .s = s, .size = (uint32_t)strlen(text) };

	strcpy(s, text);
	report1(ts, OBJECT, address, v);
	memset(s, 'X', sizeof(s));
}

Test(model_retell, names_and_threads)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	strcpy(e.comm, "worker");
	feed(e);
	feed(process_event(EVENT_BEGAN, 2, 70, "silent"));
	retell(100);
	EXPECT("process 7: worker", "thread 7/8: worker", "thread 7/7: worker", "0" MARK);
	e.ts = START + 101;
	feed(e);
	EXPECT("1 instant: x");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INSTANT], 1, "it is counted anew");
	cr_assert_eq(model__stats(model)->threads, 1);
	cr_assert_eq(model__stats(model)->processes, 1);
}

Test(model_retell, objects_with_their_last_states)
{
	init(1, OBJECT, A, "thing");
	text_report(2, A, "first");
	text_report(3, A, "last");
	init(4, OBJECT, B, "silent");
	init(5, OBJECT, 0x3000, "gone");
	destroy(6, 0x3000);
	found(7, OBJECT, 0x4000, "only found", false);
	retell(100);
	EXPECT("0" MARK, "0 snapshot: thing (pool 1000) {s=\"last\"}", "0 state: thing (pool 1000) {s=\"last\"}",
	       "0 new: silent (pool 2000)", "0 state: silent (pool 2000)");
	cr_assert_eq(model__stats(model)->objects, 3);
	text_report(100, A, "new"); /* at that time: after what was told */
	destroy(102, B);
	finish(110);
	EXPECT("1 snapshot: thing (pool 1000) {s=\"new\"}", "1 state end: thing (pool 1000)",
	       "1 state: thing (pool 1000) {s=\"new\"}", "2 state end: silent (pool 2000)",
	       "2 delete: silent (pool 2000)", "10 state end: thing (pool 1000)");
}

Test(model_retell, counters_and_values)
{
	const struct value both[] = { integer("a", 1), integer("b", 2) }, one[] = { integer("b", 5) };

	init(1, COUNTER, A, "c");
	report(2, COUNTER, A, both, 2);
	value(3, "queue", integer("depth", 7));
	init(4, COUNTER, B, "never reported");
	retell(100);
	EXPECT("0" MARK, "0 counter: c {a=1, b=2}", "0 counter: queue {depth=7}");
	cr_assert_eq(model__stats(model)->counters, 3);
	report(101, COUNTER, A, one, 1);
	destroy(102, A);
	finish(110);
	EXPECT("1 closing: c {a=0, b=5}", "1 counter: c {b=5}", "2 closing: c {b=0}", "10 closing: queue {depth=7}");
}

/* A viewer freezes the series of a track at its first sample. */
Test(model_retell, the_first_sample_has_all_series)
{
	const struct value both[] = { integer("a", 1), integer("b", 2) }, one[] = { integer("b", 5) };

	init(1, COUNTER, A, "c");
	report(2, COUNTER, A, both, 2);
	report(3, COUNTER, A, one, 1);
	init(4, COUNTER, B, "d");
	report(5, COUNTER, B, both, 2);
	destroy(6, B); /* its track waits for the next one of that name */
	retell(100);
	EXPECT("0" MARK, "0 closing: c {a=0, b=5}", "0 counter: c {b=5}");
	init(101, COUNTER, 0x3000, "d");
	report(102, COUNTER, 0x3000, one, 1);
	report(103, COUNTER, 0x3000, both, 2);
	EXPECT("2 closing: d {a=0, b=0}", "2 counter: d {b=5}", "3 counter: d {a=1, b=2}");
}

Test(model_retell, open_slices)
{
	enter(1, "main", 0x900);
	enter(2, "parse", 0x800);
	enter(3, "over", 0x700);
	leave(4, "over", 0x700);
	retell(100);
	EXPECT("0 begin: main", "0 begin: parse", "0" MARK);
	leave(101, "parse", 0x800);
	enter(102, "parse", 0x800);
	leave(103, "main", 0x900);
	EXPECT("1 end: parse", "2 begin: parse", "3 end: parse", "3 end: main");
}

Test(model_retell, open_slices_of_no_thread_but_no_arrows)
{
	struct event e = event(EVENT_ASYNC, EVENT_PROBE_ASYNC, 1);

	e.id = 5;
	e.name = "request";
	e.step = ASYNC_BEGIN;
	feed(e);
	e.name = "fetch";
	feed(e);
	e.step = ASYNC_OUT;
	feed(e);
	retell(100);
	EXPECT("0" MARK, "0 again 1/0: request {id=5}", "0 again 1/1: fetch {id=5}");
	e.ts = START + 101;
	e.step = ASYNC_IN;
	feed(e);
	cr_assert_eq(model__stats(model)->unmatched_async, 1);
	e.name = "request";
	e.step = ASYNC_END;
	feed(e);
	EXPECT("1 interrupt 1/1: fetch", "1 async end 1/0: request", "1 again 1/0: fetch {id=5}");
}

Test(model_retell, what_was_forgotten_is_not_there)
{
	struct event e = { .kind = EVENT_FORGOTTEN, .ts = START + 3, .pid = PID, .address = A };

	init(1, OBJECT, A, "thing");
	init(2, OBJECT, B, "other");
	feed(e);
	e.address = 0x5000; /* nothing is there */
	feed(e);
	retell(100);
	EXPECT("0" MARK, "0 new: other (pool 2000)", "0 state: other (pool 2000)");
}

Test(model_retell, ends_with_the_writers_error)
{
	init(1, OBJECT, A, "thing");
	calls_until_error = 4;
	cr_assert_eq(model__retell(model, &ops, NULL, START + 2), -ENOSPC);
	calls_until_error = 0;
}

Test(model_retell, what_is_remembered_counts_for_the_budget)
{
	struct budgets budgets = { { 1 << 20, 0 }, { 1 << 20, 0 } };
	uint64_t before;

	model__set_budgets(model, &budgets);
	init(1, OBJECT, A, "thing");
	before = budgets.objects.used;
	text_report(2, A, "a text");
	cr_assert_geq(budgets.objects.used, before + sizeof(struct value) + 6);
	text_report(3, A, "b text");
	destroy(4, A);
	cr_assert_eq(budgets.objects.used, 0);
}
