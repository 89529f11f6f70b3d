/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, objects, counters, values; errors, and any events at all. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model_fixtures.h"

TestSuite(model, .init = setup, .fini = tidy);

/* ---- Names of processes and threads, time ---- */

Test(model, names_a_thread_once_and_again_when_it_is_renamed)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	strcpy(e.comm, "worker");
	feed(e);
	feed(e);
	e.tid = 9;
	feed(e);
	e.tid = TID;
	strcpy(e.comm, "idle");
	feed(e);
	e.pid = 70;
	feed(e);
	EXPECT("process 7: worker", "thread 7/8: worker", "1 instant: x", "1 instant: x", "thread 7/9: worker",
	       "1 7/9 instant: x", "thread 7/8: idle", "1 instant: x", "process 70: idle", "thread 70/8: idle",
	       "1 70/8 instant: x");
	cr_assert_eq(model__stats(model)->threads, 3);
}

Test(model, does_not_name_a_thread_without_a_name)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	e.comm[0] = 0;
	feed(e);
	EXPECT("1 instant: x");
}

static void began(uint64_t ts, uint32_t pid, const char *name)
{
	cr_assert_eq(feed(process_event(EVENT_BEGAN, ts, pid, name)), 0);
}

Test(model, names_a_process_when_it_first_does_something)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 2);

	began(1, 70, "silent");
	began(1, 71, "forked");
	feed(process_event(EVENT_EXECED, 1, 71, "child"));
	EXPECT_NOTHING();
	e.name = "x";
	e.pid = e.tid = 71;
	strcpy(e.comm, "child");
	feed(e);
	EXPECT("process 71: child", "thread 71/71: child", "2 71/71 instant: x");
	cr_assert_eq(model__stats(model)->processes, 1);
}

Test(model, process_that_execs_has_another_name_and_nothing_of_the_old)
{
	struct event e;

	init(1, OBJECT, A, "thing");
	slice(2, EVENT_ENTER, "run", false, 0);
	value(3, "other", integer("v", 1));
	page.size = 0;
	feed(process_event(EVENT_EXECED, 5, PID, "next"));
	EXPECT("5 end: run", "5 closing: other {v=0}", "5 state end: thing (pool 1000)", "5 delete: thing (pool 1000)",
	       "process 7: main \u2192 next");
	e = event(EVENT_DESTROY, EVENT_PROBE_DESTROY, 6);
	e.address = A;
	feed(e);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
}

/* Viewers know one name of a process: the last one that they are told. */
Test(model, process_has_all_its_names)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 2);

	began(1, 71, "server");
	e.name = "x";
	e.pid = e.tid = 71;
	strcpy(e.comm, "server");
	feed(e);
	strcpy(e.comm, "worker: idle"); /* as a forked child calls itself */
	feed(e);
	feed(process_event(EVENT_EXECED, 5, 71, "exe"));
	EXPECT("process 71: server", "thread 71/71: server", "2 71/71 instant: x", "thread 71/71: worker: idle",
	       "process 71: server \u2192 worker: idle", "2 71/71 instant: x",
	       "process 71: server \u2192 worker: idle \u2192 exe");
	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "program-%d", i % 100);
		page.size = 0;
		feed(process_event(EVENT_EXECED, 6, 71, name));
	}
	EXPECT("process 71: \u2026 \u2192 program-14 \u2192 program-15 \u2192 program-16 \u2192 program-17 \u2192 program-18 \u2192 program-19");
}

Test(model, process_that_ends_takes_with_it_what_is_its)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	e.pid = e.tid = 70;
	feed(e);
	value(2, "p", integer("v", 1));
	page.size = 0;
	feed(process_event(EVENT_ENDED, 5, PID, "main"));
	EXPECT("5 closing: p {v=0}");
	cr_assert_eq(model__finish(model, START + 9), 0);
	EXPECT_NOTHING();
}

Test(model, passes_on_process_names)
{
	cr_assert_eq(model__process_name(model, 7, "app"), 0);
	EXPECT("process 7: app");
}

Test(model, ignores_definitions)
{
	cr_assert_eq(feed(event(EVENT_IGNORE, EVENT_PROBE_INIT, 5)), 0);
	EXPECT_NOTHING();
}

Test(model, time_is_never_negative_and_never_runs_backwards)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 0);

	e.name = "x";
	e.ts = START - 500;
	feed(e);
	e.ts = START + 90;
	feed(e);
	e.ts = START + 20;
	e.tid = 9;
	feed(e);
	EXPECT("0 instant: x", "90 instant: x", "90 7/9 instant: x");
	enter(10, "f", 0x9000);
	EXPECT("90 begin: f");
	finish(50);
	EXPECT("90 end: f");
}

/* ---- Objects ---- */

Test(model, object_lives_from_init_to_destroy)
{
	init(1, OBJECT, A, "a");
	report1(5, OBJECT, A, integer("v", 3));
	report1(8, OBJECT, A, integer("v", 4));
	destroy(9, A);
	finish(20);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "5 snapshot: a (pool 1000) {v=3}",
	       "5 state end: a (pool 1000)", "5 state: a (pool 1000) {v=3}", "8 snapshot: a (pool 1000) {v=4}",
	       "8 state end: a (pool 1000)", "8 state: a (pool 1000) {v=4}", "9 state end: a (pool 1000)",
	       "9 delete: a (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_DESTROY], 1);
}

Test(model, object_without_a_name_is_called_by_its_tag)
{
	init(1, OBJECT, A, NULL);
	EXPECT("1 new: pool (pool 1000)", "1 state: pool (pool 1000)");
}

Test(model, init_at_an_address_in_use_is_a_new_object)
{
	init(1, OBJECT, A, "a");
	init(2, OBJECT, A, "b");
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: b (pool 1000)", "2 state: b (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 2);
}

Test(model, found_object_has_no_beginning)
{
	found(1, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	report1(2, OBJECT, A, integer("v", 1));
	EXPECT("2 snapshot: a (pool 1000) {v=1}", "2 state: a (pool 1000) {v=1}");
	found(3, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	destroy(4, A);
	EXPECT("4 state end: a (pool 1000)", "4 delete: a (pool 1000)");
	cr_assert_eq(model__stats(model)->objects, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 0);
}

Test(model, object_found_again_with_a_name_that_can_be_read_now_is_the_same)
{
	found(1, OBJECT, A, EVENT_UNREADABLE_NAME, false);
	found(2, OBJECT, A, "a", false);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->objects, 1);
}

Test(model, object_found_under_another_name_is_another_one)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, A, "b", false);
	report1(3, OBJECT, A, integer("v", 1));
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "3 snapshot: b (pool 1000) {v=1}", "3 state: b (pool 1000) {v=1}");
}

Test(model, found_object_that_is_new_begins_there)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, A, "a", true);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: a (pool 1000)", "2 state: a (pool 1000)");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
}

Test(model, snapshot_of_another_class_is_a_new_object)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_LOG, 2, A, false);

	init(1, OBJECT, A, "a");
	e.cls = 0xbeef;
	e.tag = "other";
	feed(e);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 state end: a (pool 1000)",
	       "2 delete: a (pool 1000)", "2 new: other (other 1000)", "2 state: other (other 1000)",
	       "2 snapshot: other (other 1000) {}", "2 state end: other (other 1000)",
	       "2 state: other (other 1000) {}");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_LOG], 1);
}

Test(model, snapshot_of_an_unknown_object_is_rejected_and_counted)
{
	report1(1, OBJECT, A, integer("v", 1));
	report1(1, COUNTER, B, integer("v", 1));
	destroy(2, A);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 2);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 0);
}

Test(model, object_is_unknown_after_its_end)
{
	init(1, OBJECT, A, "a");
	destroy(2, A);
	destroy(3, A);
	report1(4, OBJECT, A, integer("v", 1));
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 1);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_DESTROY], 1);
}

Test(model, same_address_in_another_process_is_another_object)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, 2, A, false);

	init(1, OBJECT, A, "a");
	e.pid = 70;
	e.name = "b";
	feed(e);
	destroy(3, A);
	EXPECT("1 new: a (pool 1000)", "1 state: a (pool 1000)", "2 70/8 new: b (pool 1000)",
	       "2 70/8 state: b (pool 1000)", "3 state end: a (pool 1000)", "3 delete: a (pool 1000)");
}

Test(model, snapshots_of_one_object_have_times_of_their_own)
{
	init(5, OBJECT, A, "a");
	report1(5, OBJECT, A, integer("v", 1));
	report1(5, OBJECT, A, integer("v", 2));
	report1(4, OBJECT, A, integer("v", 3));
	init(5, OBJECT, B, "b");
	destroy(5, A);
	EXPECT("5 new: a (pool 1000)", "5 state: a (pool 1000)", "5 snapshot: a (pool 1000) {v=1}",
	       "5 state end: a (pool 1000)", "5 state: a (pool 1000) {v=1}", "6 snapshot: a (pool 1000) {v=2}",
	       "6 state end: a (pool 1000)", "6 state: a (pool 1000) {v=2}", "7 snapshot: a (pool 1000) {v=3}",
	       "7 state end: a (pool 1000)", "7 state: a (pool 1000) {v=3}", "7 new: b (pool 2000)",
	       "7 state: b (pool 2000)", "8 state end: a (pool 1000)", "8 delete: a (pool 1000)");
}

Test(model, next_object_at_an_address_begins_after_the_last_ones_end)
{
	init(5, OBJECT, A, "a");
	report1(6, OBJECT, A, integer("v", 1));
	init(6, OBJECT, A, "b");
	EXPECT("5 new: a (pool 1000)", "5 state: a (pool 1000)", "6 snapshot: a (pool 1000) {v=1}",
	       "6 state end: a (pool 1000)", "6 state: a (pool 1000) {v=1}", "7 state end: a (pool 1000)",
	       "7 delete: a (pool 1000)", "7 new: b (pool 1000)", "7 state: b (pool 1000)");
}

Test(model, living_objects_keep_living_at_the_end)
{
	init(1, OBJECT, A, "a");
	found(2, OBJECT, B, "never seen", false);
	page.size = 0;
	finish(9);
	EXPECT("9 state end: a (pool 1000)");
}

Test(model, many_objects_come_and_go)
{
	uint64_t i;

	for (i = 0; i < 3000; i++)
		init(i, OBJECT, A + 64 * i, "a");
	for (i = 0; i < 3000; i += 2)
		destroy(3000 + i, A + 64 * i);
	for (i = 1; i < 3000; i += 2)
		report1(7000, OBJECT, A + 64 * i, integer("v", 1));
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 1500);
	for (i = 0; i < 3000; i += 2)
		report1(7000, OBJECT, A + 64 * i, integer("v", 1));
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_SET], 1500);
}

Test(model, names_of_the_living_outlast_those_of_the_dead)
{
	char name[32];
	uint64_t i;

	init(0, OBJECT, A, "kept");
	init(0, OBJECT, B, "kept");
	destroy(0, B);
	enter(0, "outer", 0x9000);
	enter(0, "outer", 0x8000);
	leave(0, "outer", 0x8000);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "request %u", (unsigned)i);
		enter(i, name, 0x8000);
		leave(i, name, 0x8000);
	}
	page.size = 0;
	report1(30000, OBJECT, A, integer("v", 1));
	leave(30001, "outer", 0x9000);
	EXPECT("30000 snapshot: kept (pool 1000) {v=1}", "30000 state end: kept (pool 1000)",
	       "30000 state: kept (pool 1000) {v=1}", "30001 end: outer");
}

/* ---- Counters ---- */

Test(model, counter_is_sampled_and_ends_with_zeros)
{
	struct value both[] = { integer("open", 1), real("load", 0.5) };

	init(1, COUNTER, A, "p");
	EXPECT_NOTHING();
	report(2, COUNTER, A, both, 2);
	both[0].i = 2;
	report(3, COUNTER, A, both, 2);
	destroy(9, A);
	finish(10);
	EXPECT("2 counter: p {open=1, load=0.5}", "3 counter: p {open=2, load=0.5}", "9 closing: p {open=0, load=0.0}");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INIT], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_DESTROY], 1);
	cr_assert_eq(model__stats(model)->counters, 1);
}

Test(model, living_counters_are_sampled_once_more_at_the_end)
{
	init(1, COUNTER, A, "p");
	init(1, COUNTER, B, "never sampled");
	report1(2, COUNTER, A, integer("v", 7));
	finish(10);
	finish(11);
	EXPECT("2 counter: p {v=7}", "10 closing: p {v=7}");
}

Test(model, counter_takes_what_is_a_number)
{
	struct value v[] = { integer("i", -1),
			     { .key = "u", .type = VALUE_UINT, .u = UINT64_MAX },
			     { .key = "b", .type = VALUE_BOOL, .u = 1 },
			     real("d", -0.5) };

	found(1, COUNTER, A, "p", false);
	report(2, COUNTER, A, v, 4);
	finish(3);
	EXPECT("2 counter: p {i=-1, u=18446744073709551615u, b=true, d=-0.5}",
	       "3 closing: p {i=-1, u=18446744073709551615u, b=true, d=-0.5}");
}

Test(model, living_counters_of_one_name_get_their_address_as_id)
{
	init(1, COUNTER, A, "p");
	init(1, COUNTER, B, "p");
	report1(2, COUNTER, A, integer("v", 1));
	report1(2, COUNTER, B, integer("v", 2));
	report1(3, COUNTER, A, integer("v", 3));
	EXPECT("2 counter: p {v=1}", "2 counter: p#0x2000 {v=2}", "3 counter: p {v=3}");
}

Test(model, ids_are_per_process)
{
	struct event e = about(EVENT_INIT, EVENT_PROBE_INIT, 1, A, true);
	struct value v = integer("v", 1);

	init(1, COUNTER, A, NULL);
	report1(1, COUNTER, A, v);
	e.pid = 70;
	feed(e);
	e.kind = EVENT_SNAPSHOT;
	e.probe = EVENT_PROBE_SET;
	e.values = &v;
	e.n_values = 1;
	feed(e);
	EXPECT("1 counter: pool {v=1}", "1 70/8 counter: pool {v=1}");
}

Test(model, track_of_a_dead_counter_is_used_again)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	destroy(3, A);
	init(4, COUNTER, B, "p");
	report1(5, COUNTER, B, integer("v", 2));
	EXPECT("2 counter: p {v=1}", "3 closing: p {v=0}", "5 counter: p {v=2}");
}

Test(model, track_with_an_address_is_of_no_other_counter)
{
	init(1, COUNTER, A, "p");
	init(1, COUNTER, B, "p");
	report1(2, COUNTER, A, integer("v", 1));
	report1(2, COUNTER, B, integer("v", 2));
	destroy(3, B);
	init(4, COUNTER, 0x3000, "p");
	report1(4, COUNTER, 0x3000, integer("v", 3));
	init(5, COUNTER, B, "p");
	report1(5, COUNTER, B, integer("v", 4));
	EXPECT("2 counter: p {v=1}", "2 counter: p#0x2000 {v=2}", "3 closing: p#0x2000 {v=0}",
	       "4 counter: p#0x3000 {v=3}", "5 counter: p#0x2000 {v=4}");
}

Test(model, track_is_not_used_for_another_unit)
{
	struct value v = integer("v", 1);

	v.unit = "ms";
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, v);
	destroy(3, A);
	init(4, COUNTER, B, "p");
	v.unit = "bytes";
	report1(5, COUNTER, B, v);
	destroy(6, B);
	init(7, COUNTER, A, "p");
	v.unit = "ms";
	report1(8, COUNTER, A, v);
	EXPECT("2 counter: p {v=1 ms}", "3 closing: p {v=0 ms}", "5 counter: p#0x2000 {v=1 bytes}",
	       "6 closing: p#0x2000 {v=0 bytes}", "8 counter: p {v=1 ms}");
}

Test(model, track_is_not_used_for_other_series)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	destroy(3, A);
	init(4, COUNTER, B, "p");
	report1(5, COUNTER, B, integer("w", 2));
	EXPECT("2 counter: p {v=1}", "3 closing: p {v=0}", "5 counter: p#0x2000 {w=2}");
}

Test(model, counter_that_reports_less_stays_on_its_track)
{
	struct value both[] = { integer("a", 1), integer("b", 2) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, both, 2);
	report(3, COUNTER, A, both, 1);
	report(4, COUNTER, A, both + 1, 1);
	report(5, COUNTER, A, both, 2);
	finish(6);
	EXPECT("2 counter: p {a=1, b=2}", "3 closing: p {a=1, b=0}", "3 counter: p {a=1}", "4 closing: p {a=0, b=2}",
	       "4 counter: p {b=2}", "5 counter: p {a=1, b=2}", "6 closing: p {a=1, b=2}");
}

Test(model, counter_that_reports_more_leaves_its_track_with_zeros)
{
	struct value both[] = { integer("a", 1), integer("b", 2) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, both, 1);
	report(3, COUNTER, A, both, 2);
	report(4, COUNTER, A, both, 1);
	finish(5);
	EXPECT("2 counter: p {a=1}", "3 closing: p {a=0}", "3 counter: p#0x1000 {a=1, b=2}",
	       "4 closing: p#0x1000 {a=1, b=0}", "4 counter: p#0x1000 {a=1}", "5 closing: p#0x1000 {a=1}");
}

/* What it shows from then on is another set, also to who keeps what was written. */
Test(model, sets_of_keys_have_numbers_of_their_own)
{
	struct value both[] = { integer("a", 1), integer("b", 2) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, both, 2);
	report(3, COUNTER, A, both, 1);
	cr_assert_eq(sets[0], 1);
	cr_assert(sets[1] != sets[0] && sets[2] != sets[1] && sets[2] != sets[0]);
}

Test(model, series_in_another_order_are_other_series)
{
	struct value ab[] = { integer("a", 1), integer("b", 2) }, ba[] = { integer("b", 2), integer("a", 1) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, ab, 2);
	report(3, COUNTER, A, ba, 2);
	EXPECT("2 counter: p {a=1, b=2}", "3 closing: p {a=0, b=0}", "3 counter: p#0x1000 {b=2, a=1}");
}

Test(model, counter_set_up_anew_gets_its_track_back)
{
	init(1, COUNTER, A, "p");
	report1(2, COUNTER, A, integer("v", 1));
	init(3, COUNTER, A, "p");
	report1(4, COUNTER, A, integer("v", 2));
	EXPECT("2 counter: p {v=1}", "3 closing: p {v=0}", "4 counter: p {v=2}");
}

Test(model, not_finite_is_an_instant_and_counted)
{
	struct value v[] = { real("x", NAN), integer("y", 1) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, v, 2);
	v[0].d = -INFINITY;
	report(3, COUNTER, A, v, 2);
	v[0].d = 1.5;
	report(4, COUNTER, A, v, 2);
	EXPECT("2 instant: p: not a number {x=nan, y=1}", "3 instant: p: not a number {x=-inf, y=1}",
	       "4 counter: p {x=1.5, y=1}");
	cr_assert_eq(model__stats(model)->not_finite, 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 3);
}

Test(model, unreadable_in_a_counter_is_an_instant_and_counted)
{
	struct value v[] = { real("x", NAN), { .key = "y", .type = VALUE_UNREADABLE } };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, v, 2);
	EXPECT("2 instant: p: unreadable {x=nan, y=?}");
	cr_assert_eq(model__stats(model)->unreadable, 1);
	cr_assert_eq(model__stats(model)->not_finite, 0);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 1);
}

Test(model, what_is_null_or_unreadable_in_a_counter_leaves_the_rest)
{
	struct value v[] = { integer("x", 1), integer("y", 2) };

	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, v, 2);
	v[1].type = VALUE_NULL;
	report(3, COUNTER, A, v, 2);
	v[1].type = VALUE_UNREADABLE;
	report(4, COUNTER, A, v, 2);
	v[0].type = VALUE_NULL;
	v[1].type = VALUE_NULL;
	report(5, COUNTER, A, v, 2);
	EXPECT("2 counter: p {x=1, y=2}", "3 closing: p {x=1, y=0}", "3 counter: p {x=1}",
	       "4 instant: p: unreadable {x=1, y=?}", "4 counter: p {x=1}", "5 closing: p {x=0}");
	cr_assert_eq(model__stats(model)->unreadable, 1);
	cr_assert_eq(model__stats(model)->not_finite, 0);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_SET], 4);
}

Test(model, counter_that_excludes_everything_is_an_instant)
{
	init(1, COUNTER, A, "p");
	report(2, COUNTER, A, NULL, 0);
	EXPECT("2 instant: p: nothing included");
	report1(3, COUNTER, A, integer("v", 1));
	report(4, COUNTER, A, NULL, 0);
	EXPECT("3 counter: p {v=1}", "4 closing: p {v=0}", "4 instant: p: nothing included");
}

Test(model, counter_is_sampled_on_the_thread_that_wrote_it_last)
{
	struct event e = about(EVENT_SNAPSHOT, EVENT_PROBE_SET, 2, A, true);
	struct value v = integer("v", 1);

	init(1, COUNTER, A, "p");
	e.tid = 9;
	e.values = &v;
	e.n_values = 1;
	feed(e);
	finish(3);
	EXPECT("2 7/9 counter: p {v=1}", "3 7/9 closing: p {v=1}");
}

/* ---- Values without an object ---- */

Test(model, each_key_of_a_value_has_a_track)
{
	value(1, "queue", integer("depth", 3));
	value(2, "queue", integer("age", 4));
	value(3, "queue", integer("depth", 5));
	finish(4);
	EXPECT("1 counter: queue {depth=3}", "2 counter: queue#age {age=4}", "3 counter: queue {depth=5}",
	       "4 closing: queue {depth=5}", "4 closing: queue#age {age=4}");
	cr_assert_eq(model__stats(model)->counters, 2);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_VALUE], 3);
}

Test(model, value_and_counter_of_one_name_stay_apart)
{
	init(1, COUNTER, A, "queue");
	report1(1, COUNTER, A, integer("depth", 1));
	value(2, "queue", integer("depth", 2));
	init(3, COUNTER, B, "queue");
	report1(3, COUNTER, B, integer("depth", 3));
	EXPECT("1 counter: queue {depth=1}", "2 counter: queue#depth {depth=2}", "3 counter: queue#0x2000 {depth=3}");
}

Test(model, ids_are_unique_whatever_the_keys_are)
{
	value(1, "q", integer("a", 1));
	value(1, "q", integer("0x1000", 1));
	init(2, COUNTER, A, "q");
	report1(2, COUNTER, A, integer("v", 1));
	init(2, COUNTER, B, "q");
	report1(2, COUNTER, B, integer("v", 1));
	report1(3, COUNTER, A, integer("w", 1));
	EXPECT("1 counter: q {a=1}", "1 counter: q#0x1000 {0x1000=1}", "2 counter: q#0x1000 2 {v=1}",
	       "2 counter: q#0x2000 {v=1}", "3 closing: q#0x1000 2 {v=0}", "3 counter: q#0x1000 3 {w=1}");
}

Test(model, value_that_is_not_finite_is_an_instant)
{
	value(1, "q", real("x", NAN));
	EXPECT("1 instant: q: not a number {x=nan}");
	cr_assert_eq(model__stats(model)->not_finite, 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_VALUE], 1);
}

Test(model, unreadable_names_say_so)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	feed(e);
	value(2, NULL, integer("x", 1));
	enter(3, NULL, 0x9000);
	leave(4, NULL, 0x9000);
	EXPECT("1 instant: <unreadable>", "2 counter: <unreadable> {x=1}", "3 begin: <unreadable>",
	       "4 end: <unreadable>");
}

/* ---- Errors and counts ---- */

Test(model, first_error_of_the_writer_is_kept_and_ends_all_calls)
{
	struct event e = event(EVENT_INSTANT, EVENT_PROBE_INSTANT, 1);

	e.name = "x";
	feed(e);
	calls_until_error = 1;
	cr_assert_eq(feed(e), -ENOSPC);
	EXPECT("1 instant: x", "1 instant: x");
	cr_assert_eq(feed(e), -ENOSPC);
	cr_assert_eq(model__process_name(model, 1, "x"), -ENOSPC);
	cr_assert_eq(model__finish(model, START + 9), -ENOSPC);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_INSTANT], 1);
}

/* Anything in any order: each event is counted once, nothing is lost or read after it was freed, times never
 * run backwards, slices nest. Wherever the writer fails, the rest ends quietly. */
static void feed_anything(uint64_t seed, int n, uint64_t *seen)
{
	static const char *const words[] = { "a", "b", "c", NULL, "f(int)" };
	static const char *const tags[] = { "pool", "account", "pool" };
	int i;

	for (i = 0; i < n; i++) {
		struct value v[3] = { integer("x", i), real("y", i / 2.0), { .key = "z", .type = VALUE_BOOL } };
		uint64_t r = seed = seed * 6364136223846793005u + 1442695040888963407u;
		struct event e;

		r ^= r >> 29;
		e = event((enum event_kind)(r % 8), EVENT_PROBE_INIT, (uint64_t)i * 2 - (r >> 8) % 5);
		e.tid = TID + (r >> 12) % 3;
		e.address = A + ((r >> 16) % 6) * 64;
		e.is_counter = (r >> 20) & 1;
		e.cls = CLS + e.is_counter + ((r >> 21) % 16 == 0) * 2;
		e.tag = tags[(e.cls - CLS) % 3];
		e.name = words[(r >> 25) % 5];
		e.frame = 0x9000 - ((r >> 30) % 8) * 256;
		e.scoped = (r >> 34) % 4 != 0;
		e.pretty = (r >> 36) & 1;
		e.is_new = (r >> 37) % 8 == 0;
		if ((r >> 40) % 16 == 0)
			v[1].d = NAN;
		e.values = v;
		e.n_values = 1 + (r >> 44) % 3;
		switch (e.kind) {
		case EVENT_DESTROY:
			e.probe = EVENT_PROBE_DESTROY;
			e.cls = 0;
			e.tag = NULL;
			break;
		case EVENT_SNAPSHOT: e.probe = (r >> 48) & 1 ? EVENT_PROBE_SET : EVENT_PROBE_LOG; break;
		case EVENT_ENTER: e.probe = EVENT_PROBE_ENTER; break;
		case EVENT_EXIT: e.probe = EVENT_PROBE_EXIT; break;
		case EVENT_VALUE:
			e.probe = EVENT_PROBE_VALUE;
			e.n_values = 1;
			v[0].key = (r >> 49) & 1 ? "x" : "2";
			break;
		case EVENT_INSTANT: e.probe = EVENT_PROBE_INSTANT; break;
		default: break;
		}
		if (e.kind < EVENT_SNAPSHOT || (e.kind != EVENT_SNAPSHOT && e.kind != EVENT_VALUE && (r >> 50) & 1))
			e.n_values = 0;
		e.is_result = e.kind == EVENT_EXIT && (r >> 51) % 4 == 0;
		if (e.kind != EVENT_FOUND)
			seen[e.probe]++;
		if (feed(e))
			return;
	}
	model__finish(model, START + (uint64_t)n * 2);
}

Test(model, every_event_is_counted_once_and_time_never_runs_backwards)
{
	uint64_t seen[EVENT_PROBES] = { 0 }, last = 0, open[3] = { 0 };
	const struct model_stats *s = model__stats(model);
	char *line, *rest;
	int i;

	feed_anything(42, 20000, seen);
	for (i = 0; i < EVENT_PROBES; i++)
		cr_expect_eq(seen[i], s->written[i] + s->rejected[i], "probe %d", i);
	rest = page.text;
	while ((line = strsep(&rest, "\n")) && *line) {
		uint64_t ts;

		if (!strncmp(line, "thread", 6))
			continue;
		ts = strtoull(line, NULL, 10);
		cr_assert(ts >= last, "%s", line);
		last = ts;
		i = strstr(line, " 7/9 ") ? 1 : strstr(line, " 7/10 ") ? 2 : 0;
		if (strstr(line, " begin: "))
			open[i]++;
		else if (strstr(line, " end: ") && !strstr(line, "state"))
			cr_assert(open[i]-- > 0, "%s", line);
	}
	cr_assert_eq(open[0] + open[1] + open[2], 0);
}

Test(model, writer_may_fail_at_any_call)
{
	uint64_t seen[EVENT_PROBES];
	int i;

	for (i = 1; i < 300; i++) {
		calls_until_error = i;
		feed_anything(7, 200, seen);
		model__free(model);
		setup();
		calls_until_error = 0;
	}
}
