/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices: calls of methods and scopes. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model_fixtures.h"

TestSuite(model_slices, .init = setup, .fini = tidy);

/* ---- Slices ---- */

Test(model_slices, slices_nest)
{
	enter(1, "f", 0x9000);
	enter(2, "g", 0x8000);
	slice(3, EVENT_ENTER, "load", false, 0x8000);
	slice(4, EVENT_EXIT, "load", false, 0x8000);
	leave(5, "g", 0x8000);
	leave(6, "f", 0x9000);
	EXPECT("1 begin: f", "2 begin: g", "3 begin: load", "4 end: load", "5 end: g", "6 end: f");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_ENTER], 3);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 3);
	cr_assert_eq(model__stats(model)->methods, 3);
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model_slices, recursion_nests)
{
	enter(1, "f", 0x9000);
	enter(2, "f", 0x8000);
	leave(3, "f", 0x8000);
	leave(4, "f", 0x9000);
	EXPECT("1 begin: f", "2 begin: f", "3 end: f", "4 end: f");
	cr_assert_eq(model__stats(model)->methods, 1);
}

Test(model_slices, threads_have_slices_of_their_own)
{
	struct event e = event(EVENT_ENTER, EVENT_PROBE_ENTER, 2);

	enter(1, "f", 0x9000);
	e.tid = 9;
	e.name = "g";
	e.scoped = true;
	e.frame = 0xa000;
	feed(e);
	leave(3, "f", 0x9000);
	finish(4);
	EXPECT("1 begin: f", "2 7/9 begin: g", "3 end: f", "4 7/9 end: g");
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model_slices, longjmp_leaves_slices_well_nested)
{
	enter(1, "main", 0x9000);
	enter(2, "parse", 0x8000);
	enter(3, "deep", 0x7000);
	enter(4, "recover", 0x8800); /* jumped back to main */
	leave(5, "recover", 0x8800);
	leave(6, "main", 0x9000);
	EXPECT("1 begin: main", "2 begin: parse", "3 begin: deep", "4 end: deep", "4 end: parse", "4 begin: recover",
	       "5 end: recover", "6 end: main");
	cr_assert_eq(model__stats(model)->unwound, 2);
}

static void enter_at(uint64_t ts, uint16_t site, const char *name, uint64_t frame)
{
	struct event e = event(EVENT_ENTER, EVENT_PROBE_ENTER, ts);

	e.name = name;
	e.scoped = true;
	e.frame = frame;
	e.site = site;
	cr_assert_eq(feed(e), 0);
}

Test(model_slices, what_longjmp_left_ends_when_the_same_place_begins_again)
{
	enter(1, "main", 0x9000);
	for (uint64_t ts = 2; ts < 1002; ts++)
		enter_at(ts, 7, "step", 0x8000);
	page.size = 0;
	enter_at(1002, 7, "step", 0x8000);
	leave(1003, "step", 0x8000);
	leave(1004, "main", 0x9000);
	EXPECT("1002 end: step", "1002 begin: step", "1003 end: step", "1004 end: main");
	cr_assert_eq(model__stats(model)->unwound, 1000);
	cr_assert_eq(model__stats(model)->unmatched, 0);
}

Test(model_slices, recursion_that_was_inlined_nests)
{
	enter_at(1, 7, "fib", 0x9000);
	enter_at(2, 8, "fib", 0x9000);
	enter_at(3, 7, "fib", 0x8000);
	leave(4, "fib", 0x8000);
	leave(5, "fib", 0x9000);
	leave(6, "fib", 0x9000);
	EXPECT("1 begin: fib", "2 begin: fib", "3 begin: fib", "4 end: fib", "5 end: fib", "6 end: fib");
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model_slices, slices_of_programs_that_do_not_tell_the_place_nest)
{
	enter(1, "step", 0x8000);
	enter(2, "step", 0x8000);
	leave(3, "step", 0x8000);
	finish(9);
	EXPECT("1 begin: step", "2 begin: step", "3 end: step", "9 end: step");
	cr_assert_eq(model__stats(model)->unwound, 0);
}

Test(model_slices, exit_ends_what_is_still_open_inside)
{
	enter(1, "main", 0x9000);
	enter(2, "lost exit", 0x8000);
	slice(3, EVENT_ENTER, "explicit", false, 0);
	leave(4, "main", 0x9000);
	EXPECT("1 begin: main", "2 begin: lost exit", "3 begin: explicit", "4 end: explicit", "4 end: lost exit",
	       "4 end: main");
	cr_assert_eq(model__stats(model)->unwound, 2);
}

Test(model_slices, exit_that_the_filter_does_not_want_ends_only_what_was_begun)
{
	struct event e = event(EVENT_EXIT, EVENT_PROBE_EXIT, 2);

	enter(1, "f", 0x9000);
	e.name = "f";
	e.unwanted = true;
	e.scoped = true;
	e.frame = 0x9000;
	cr_assert_eq(model__feed(model, &e), 0);
	cr_assert_eq(model__feed(model, &e), 0);
	EXPECT("1 begin: f", "2 end: f");
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 1);
	cr_assert_eq(model__stats(model)->unwanted[EVENT_PROBE_EXIT], 1);
	cr_assert_eq(model__stats(model)->unmatched, 0);
}

Test(model_slices, exit_without_enter_is_unmatched_and_no_loss)
{
	enter(1, "f", 0x9000);
	leave(2, "g", 0x9000);
	leave(2, "f", 0xa000);
	slice(2, EVENT_EXIT, "f", false, 0x9000);
	leave(3, "f", 0x9000);
	EXPECT("1 begin: f", "3 end: f");
	cr_assert_eq(model__stats(model)->unmatched, 3);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 4);
	cr_assert_eq(model__stats(model)->rejected[EVENT_PROBE_EXIT], 0);
}

Test(model_slices, slices_too_deep_are_counted_with_their_exits)
{
	const struct model_stats *s = model__stats(model);
	unsigned i;

	for (i = 0; i < 5000; i++)
		slice(i, EVENT_ENTER, "f", false, 0);
	page.size = 0;
	for (i = 0; i < 904; i++)
		slice(5000 + i, EVENT_EXIT, "f", false, 0);
	EXPECT_NOTHING();
	for (i = 0; i < 4096; i++)
		slice(6000 + i, EVENT_EXIT, "f", false, 0);
	cr_assert_eq(s->written[EVENT_PROBE_ENTER], 4096);
	cr_assert_eq(s->too_deep[EVENT_PROBE_ENTER], 904);
	cr_assert_eq(s->too_deep[EVENT_PROBE_EXIT], 904);
	cr_assert_eq(s->rejected[EVENT_PROBE_ENTER] + s->rejected[EVENT_PROBE_EXIT], 0);
	cr_assert_eq(s->written[EVENT_PROBE_EXIT], 4096);
	cr_assert_eq(s->unmatched, 0);
	page.size = 0;
	finish(20000);
	EXPECT_NOTHING();
}

Test(model_slices, depth_is_cut_and_outer_slices_stay_right)
{
	model__limit_depth(model, 2);
	enter(1, "a", 0x9000);
	enter(2, "b", 0x8000);
	enter(3, "c", 0x7000);
	enter(4, "d", 0x6000);
	enter(5, "e", 0x8800); /* back in a: by longjmp */
	leave(6, "e", 0x8800);
	slice(7, EVENT_ENTER, "f", false, 0);
	slice(8, EVENT_ENTER, "a", false, 0);
	slice(9, EVENT_EXIT, "a", false, 0); /* the one that is hidden */
	slice(10, EVENT_EXIT, "f", false, 0);
	leave(11, "a", 0x9000);
	EXPECT("1 begin: a", "2 begin: b", "5 end: b", "5 begin: e", "6 end: e", "7 begin: f", "10 end: f",
	       "11 end: a");
	cr_assert_eq(model__stats(model)->too_deep[EVENT_PROBE_ENTER], 3);
	cr_assert_eq(model__stats(model)->too_deep[EVENT_PROBE_EXIT], 1);
	cr_assert_eq(model__stats(model)->written[EVENT_PROBE_EXIT], 3);
}

static void end_thread(uint64_t ts, uint32_t tid)
{
	struct event e = process_event(EVENT_THREAD_ENDED, ts, PID, "");

	e.tid = tid;
	cr_assert_eq(feed(e), 0);
}

Test(model_slices, slices_end_with_their_thread)
{
	enter(1, "f", 0x9000);
	slice(2, EVENT_ENTER, "g", false, 0);
	end_thread(3, TID);
	end_thread(3, TID);
	end_thread(4, 99);
	enter(5, "h", 0x9000); /* another thread with its id */
	finish(9);
	EXPECT("1 begin: f", "2 begin: g", "3 end: g", "3 end: f", "5 begin: h", "9 end: h");
	cr_assert_eq(model__stats(model)->threads, 2);
}

Test(model_slices, what_was_open_before_is_shown_when_it_ends)
{
	feed(process_event(EVENT_PRESENT, 5, PID, "main"));
	EXPECT("5 7/7 instant: " MODEL_FOUND);
	leave(10, "void loop()", 0x9000);
	slice(11, EVENT_EXIT, "by hand", false, 0);
	enter(12, "f", 0x9000);
	leave(13, "g", 0x9900); /* not open, or f would be gone */
	leave(14, "f", 0x9000);
	slice(15, EVENT_EXIT, "f", false, 0); /* once too often */
	EXPECT("10 ends, open since 5: void loop()", "11 ends, open since 5: by hand", "12 begin: f", "14 end: f");
	cr_assert_eq(model__stats(model)->unmatched, 4);
}

Test(model_slices, nothing_was_open_before_in_what_we_saw_begin)
{
	feed(process_event(EVENT_BEGAN, 5, PID, "main"));
	leave(10, "loop", 0x9000);
	EXPECT_NOTHING();
	cr_assert_eq(model__stats(model)->unmatched, 1);
}

Test(model_slices, open_slices_end_with_the_trace)
{
	enter(1, "f", 0x9000);
	enter(2, "g", 0x8000);
	finish(9);
	EXPECT("1 begin: f", "2 begin: g", "9 end: g", "9 end: f");
}

Test(model_slices, signatures_are_shown_as_names_at_both_ends)
{
	struct event e = event(EVENT_ENTER, EVENT_PROBE_ENTER, 1);

	e.name = "void ns::account::deposit(int) [with T = int]";
	e.pretty = e.scoped = true;
	e.frame = 0x9000;
	feed(e);
	e.kind = EVENT_EXIT;
	e.probe = EVENT_PROBE_EXIT;
	feed(e);
	EXPECT("1 begin: ns::account::deposit<int>", "1 end: ns::account::deposit<int>");
	e.kind = EVENT_ENTER;
	e.probe = EVENT_PROBE_ENTER;
	e.pretty = false;
	feed(e);
	EXPECT("1 begin: void ns::account::deposit(int) [with T = int]");
}
