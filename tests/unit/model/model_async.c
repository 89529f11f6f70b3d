/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices of no thread, and arrows between those of threads. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model_fixtures.h"

TestSuite(model_async, .init = setup, .fini = tidy);

static struct event step_of(uint64_t ts, enum async_step step, const char *name, uint64_t id)
{
	struct event e = event(EVENT_ASYNC, EVENT_PROBE_ASYNC, ts);

	e.step = step;
	e.name = name;
	e.id = id;
	return e;
}

static void step(uint64_t ts, enum async_step step, const char *name, uint64_t id)
{
	cr_assert_eq(feed(step_of(ts, step, name, id)), 0);
}

static void step_in(uint32_t pid, uint64_t ts, enum async_step step, const char *name, uint64_t id)
{
	struct event e = step_of(ts, step, name, id);

	e.pid = e.tid = pid;
	cr_assert_eq(feed(e), 0);
}

#define UNMATCHED (model__stats(model)->unmatched_async)

Test(model_async, a_slice_ends_on_another_thread)
{
	struct event e = step_of(5, ASYNC_END, "request", (uint64_t)-3);

	step(1, ASYNC_BEGIN, "request", (uint64_t)-3);
	e.tid = 9;
	cr_assert_eq(feed(e), 0);
	EXPECT("1 async 1/0: request {id=-3}", "5 7/9 async end 1/0: request");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ASYNC], 2);
}

Test(model_async, a_pointer_is_shown_as_one)
{
	struct event e = step_of(1, ASYNC_BEGIN, "request", 0x7f00);

	e.id_is_pointer = true;
	cr_assert_eq(feed(e), 0);
	EXPECT("1 async 1/0: request {id=\"0x7f00\"}");
}

Test(model_async, what_begins_under_an_open_id_is_inside_of_it)
{
	step(1, ASYNC_BEGIN, "request", 7);
	step(2, ASYNC_BEGIN, "request", 8);
	step(3, ASYNC_BEGIN, "parse", 7);
	step(4, ASYNC_BEGIN, "parse", 7);
	step(5, ASYNC_END, "parse", 7);
	step(6, ASYNC_END, "request", 8);
	step(7, ASYNC_END, "parse", 7);
	step(8, ASYNC_END, "request", 7);
	EXPECT("1 async 1/0: request {id=7}", "2 async 2/0: request {id=8}", "3 async 1/1: parse {id=7}",
	       "4 async 1/2: parse {id=7}", "5 async end 1/2: parse", "6 async end 2/0: request",
	       "7 async end 1/1: parse", "8 async end 1/0: request");
}

Test(model_async, an_id_that_is_used_again_is_another_track)
{
	for (int i = 0; i < 2; i++) {
		step(1, ASYNC_BEGIN, "request", 7);
		step(1, ASYNC_END, "request", 7);
	}
	EXPECT("1 async 1/0: request {id=7}", "1 async end 1/0: request", "1 async 2/0: request {id=7}",
	       "1 async end 2/0: request");
}

Test(model_async, what_lasts_longer_than_what_it_began_in_goes_on)
{
	step(1, ASYNC_BEGIN, "left", 7);
	step(2, ASYNC_BEGIN, "right", 7);
	step(3, ASYNC_BEGIN, "within", 7);
	step(4, ASYNC_END, "left", 7);
	step(5, ASYNC_END, "within", 7);
	step(6, ASYNC_END, "right", 7);
	EXPECT("1 async 1/0: left {id=7}", "2 async 1/1: right {id=7}", "3 async 1/2: within {id=7}",
	       "4 interrupt 1/2: within", "4 interrupt 1/1: right", "4 async end 1/0: left",
	       "4 again 1/0: right {id=7}", "4 again 1/1: within {id=7}", "5 async end 1/1: within",
	       "6 async end 1/0: right");
}

Test(model_async, ends_that_nothing_began_are_counted)
{
	step(1, ASYNC_END, "request", 7);
	step(2, ASYNC_BEGIN, "request", 7);
	step(3, ASYNC_END, "parse", 7);
	step(4, ASYNC_END, "request", 8);
	step(5, ASYNC_IN, "flow", 7);
	EXPECT("2 async 1/0: request {id=7}");
	cr_assert_eq(UNMATCHED, 4);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ASYNC], 5);
}

Test(model_async, ends_that_the_filter_did_not_want_are_not)
{
	struct event e = step_of(1, ASYNC_END, "request", 7);

	e.unwanted = true;
	cr_assert_eq(feed(e), 0);
	step(2, ASYNC_BEGIN, "request", 7);
	e.ts = START + 3;
	cr_assert_eq(feed(e), 0);
	EXPECT("2 async 1/0: request {id=7}", "3 async end 1/0: request");
	cr_assert_eq(UNMATCHED, 0);
	cr_assert_eq(model__stats(model)->unwanted[EVENT_PROBE_ASYNC], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ASYNC], 2);
}

Test(model_async, ends_with_its_process_or_the_trace_and_not_with_its_thread)
{
	struct event over = process_event(EVENT_ENDED, 5, 20, "main"),
		     thread = process_event(EVENT_THREAD_ENDED, 3, PID, "");

	step(1, ASYNC_BEGIN, "request", 7);
	step_in(20, 1, ASYNC_BEGIN, "request", 7);
	step_in(20, 2, ASYNC_BEGIN, "parse", 7);
	page.size = 0;
	thread.tid = TID;
	cr_assert_eq(model__feed(model, &thread), 0);
	EXPECT_NOTHING();
	cr_assert_eq(model__feed(model, &over), 0);
	EXPECT("5 20/20 async end 2/1: parse", "5 20/20 async end 2/0: request");
	finish(6);
	EXPECT("6 async end 1/0: request");
}

Test(model_async, ids_are_of_a_process)
{
	step(1, ASYNC_BEGIN, "request", 7);
	enter(1, "f", 0x9000);
	step(1, ASYNC_OUT, "flow", 7);
	page.size = 0;
	step_in(20, 2, ASYNC_END, "request", 7);
	step_in(20, 2, ASYNC_IN, "flow", 7);
	cr_assert_eq(UNMATCHED, 2);
}

Test(model_async, an_arrow_is_between_slices)
{
	enter(1, "put", 0x9000);
	step(2, ASYNC_OUT, "flow", 7);
	leave(3, "put", 0x9000);
	enter(4, "get", 0x9000);
	step(5, ASYNC_IN, "flow", 7);
	step(5, ASYNC_OUT, "flow", 7); /* and on */
	leave(6, "get", 0x9000);
	EXPECT("1 begin: put", "2 flow out 1 {id=7}", "3 end: put", "4 begin: get", "5 flow in 1 {}",
	       "5 flow out 2 {id=7}", "6 end: get");
	/* Where there is no slice one is made. */
	step(7, ASYNC_IN, "flow", 7);
	EXPECT("7 begin: flow in", "7 flow in 2 {}", "7 end: flow in");
}

Test(model_async, an_arrow_that_nobody_takes_is_left_for_the_next_one)
{
	enter(1, "f", 0x9000);
	step(2, ASYNC_OUT, "flow", 7);
	step(3, ASYNC_OUT, "flow", 7);
	step(4, ASYNC_IN, "flow", 7);
	step(5, ASYNC_IN, "flow", 7);
	EXPECT("1 begin: f", "2 flow out 1 {id=7}", "3 flow out 2 {id=7}", "4 flow in 2 {}");
	cr_assert_eq(UNMATCHED, 1);
}

/* A program that never ends what it begins. */
Test(model_async, keeps_to_its_budget)
{
	static struct budgets budgets = { .kept = { .limit = 100000 } };
	const struct model_stats *stats = model__stats(model);
	uint64_t used;

	step(1, ASYNC_BEGIN, "first", 0);
	model__set_budgets(model, &budgets);
	for (uint64_t i = 1; i <= 2000; i++) {
		step(i, ASYNC_BEGIN, "leak", i);
		step(i, ASYNC_OUT, "flow", i);
	}
	cr_assert_gt(stats->refused, 0);
	cr_assert_lt(budgets.kept.used, 100000 + 1000);
	cr_assert_eq(stats->written[EVENT_PROBE_ASYNC] + stats->rejected[EVENT_PROBE_ASYNC], 4001);
	used = budgets.kept.used;
	for (uint64_t i = 1; i <= 100; i++)
		step(3000, ASYNC_END, "leak", i);
	cr_assert_lt(budgets.kept.used, used);
	step(4000, ASYNC_BEGIN, "after", 1);
	cr_assert_eq(stats->written[EVENT_PROBE_ASYNC] + stats->rejected[EVENT_PROBE_ASYNC], 4102);
}

Test(model_async, so_many_of_one_id_are_shown)
{
	for (uint64_t i = 0; i < 300; i++)
		step(i, ASYNC_BEGIN, "request", 7);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ASYNC], 256);
	cr_assert_eq(model__stats(model)->too_deep[EVENT_PROBE_ASYNC], 44);
}

Test(model_async, an_error_of_the_writer_ends_it)
{
	step(1, ASYNC_BEGIN, "left", 7);
	step(2, ASYNC_BEGIN, "right", 7);
	calls_until_error = 2;
	cr_assert_eq(feed(step_of(3, ASYNC_END, "left", 7)), -ENOSPC);
}
