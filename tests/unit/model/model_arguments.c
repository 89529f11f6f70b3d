/* SPDX-License-Identifier: BSD-2-Clause */
/* What slices and instants are given: told where they begin and end, and once more to a writer that comes later. */
#include <criterion/criterion.h>
#include <errno.h>

#include "model_fixtures.h"

TestSuite(model_arguments, .init = setup, .fini = tidy);

enum { A_RESULT = true };

/* In memory that is gone after the call, texts and all. */
static void tell(uint64_t ts, enum event_kind kind, const char *name, uint64_t frame, bool is_result, struct value v)
{
	struct event e = event(kind, EVENT_PROBE_INSTANT, ts);
	char text[32] = "";

	if (kind != EVENT_INSTANT)
		e.probe = kind == EVENT_ENTER ? EVENT_PROBE_ENTER : EVENT_PROBE_EXIT;
	if (v.type == VALUE_STRING)
		v.s = strncpy(text, v.s, sizeof(text) - 1);
	e.name = name;
	e.frame = frame;
	e.scoped = frame;
	e.is_result = is_result;
	e.values = &v;
	e.n_values = 1;
	cr_assert_eq(feed(e), 0);
	memset(text, 'X', sizeof(text));
}

static void enter_with(uint64_t ts, const char *name, uint64_t frame, struct value v)
{
	tell(ts, EVENT_ENTER, name, frame, false, v);
}

static void leave_with(uint64_t ts, const char *name, uint64_t frame, struct value v)
{
	tell(ts, EVENT_EXIT, name, frame, false, v);
}

static void result(uint64_t ts, const char *name, uint64_t frame, struct value v)
{
	tell(ts, EVENT_EXIT, name, frame, A_RESULT, v);
}

#define EXITS(field) model__stats(model)->field[EVENT_PROBE_EXIT]

Test(model_arguments, slices_and_instants_have_them)
{
	enter_with(1, "f", 0x9000, words("path", "/tmp"));
	enter(2, "g", 0x8000);
	tell(3, EVENT_INSTANT, "here", 0, false, integer("i", 3));
	leave_with(4, "g", 0x8000, integer("n", 1));
	leave_with(5, "f", 0x9000, integer("n", 2));
	EXPECT("1 begin: f {path=\"/tmp\"}", "2 begin: g", "3 instant: here {i=3}", "4 end: g {n=1}", "5 end: f {n=2}");
}

Test(model_arguments, a_key_of_both_ends_is_told_apart)
{
	enter_with(1, "f", 0x9000, integer("n", 1));
	leave_with(2, "f", 0x9000, integer("n", 2));
	enter_with(3, "f", 0x9000, integer("a", 1));
	result(4, "f", 0x9000, integer("n", 2));
	leave_with(5, "f", 0x9000, integer("n", 3));
	EXPECT("1 begin: f {n=1}", "2 end: f {n (end)=2}", "3 begin: f {a=1}", "5 end: f {n=2, n (end)=3}");
}

Test(model_arguments, those_of_an_exit_are_of_the_slice_that_it_ends)
{
	enter(1, "f", 0x9000);
	enter(2, "lost exit", 0x8000);
	leave_with(3, "f", 0x9000, integer("n", 1));
	EXPECT("1 begin: f", "2 begin: lost exit", "3 end: lost exit", "3 end: f {n=1}");
}

Test(model_arguments, a_result_is_told_where_its_slice_ends)
{
	enter(1, "f", 0x9000);
	enter_with(2, "f", 0x8000, words("s", "in"));
	result(3, "f", 0x9000, words("result", "of the outer one"));
	result(4, "f", 0x8000, words("result", "thrown away"));
	result(5, "f", 0x8000, words("result", "of the inner one"));
	leave(6, "f", 0x8000);
	leave_with(7, "f", 0x9000, integer("n", 1));
	EXPECT("1 begin: f", "2 begin: f {s=\"in\"}", "6 end: f {result=\"of the inner one\"}",
	       "7 end: f {result=\"of the outer one\", n=1}");
	cr_expect_eq(EXITS(written), 5);
	cr_expect_eq(model__stats(model)->unwound, 0);
}

Test(model_arguments, a_result_is_told_however_its_slice_ends)
{
	struct event e = process_event(EVENT_THREAD_ENDED, 9, PID, "");

	enter(1, "main", 0x9000);
	enter(2, "parse", 0x8000);
	result(3, "parse", 0x8000, integer("result", 1));
	enter(4, "recover", 0x8800); /* its exit was lost */
	result(5, "recover", 0x8800, integer("result", 2));
	result(6, "main", 0x9000, integer("result", 3));
	e.tid = TID;
	feed(e);
	enter(10, "main", 0x9000);
	result(11, "main", 0x9000, integer("result", 4));
	finish(12);
	EXPECT("1 begin: main", "2 begin: parse", "4 end: parse {result=1}", "4 begin: recover",
	       "9 end: recover {result=2}", "9 end: main {result=3}", "10 begin: main", "12 end: main {result=4}");
	cr_expect_eq(EXITS(written), 4);
}

Test(model_arguments, a_result_of_no_slice_is_nothing)
{
	struct value v = integer("result", 1);
	struct event e = event(EVENT_EXIT, EVENT_PROBE_EXIT, 3);

	feed(process_event(EVENT_PRESENT, 0, PID, "main"));
	page.size = 0;
	result(1, "f", 0x9000, v);
	enter(2, "f", 0x8000);
	result(2, "f", 0x9000, v);
	e.name = "g";
	e.is_result = e.unwanted = true;
	e.values = &v;
	e.n_values = 1;
	feed(e);
	leave(4, "f", 0x8000);
	EXPECT("2 begin: f", "4 end: f");
	cr_expect_eq(EXITS(written), 3);
	cr_expect_eq(EXITS(unwanted), 1);
	cr_expect_eq(model__stats(model)->unmatched, 0);
}

Test(model_arguments, what_is_too_deep_has_none)
{
	model__limit_depth(model, 1);
	enter(1, "f", 0x9000);
	enter_with(2, "g", 0x8000, integer("n", 1));
	result(3, "g", 0x8000, integer("result", 1));
	leave_with(4, "g", 0x8000, integer("m", 1));
	leave(5, "f", 0x9000);
	EXPECT("1 begin: f", "5 end: f");
	cr_expect_eq(EXITS(too_deep), 2);
	cr_expect_eq(EXITS(written), 1);
}

Test(model_arguments, those_of_open_slices_are_told_again)
{
	model__free(model);
	cr_assert_eq(model__new(&model, &model_unheard, NULL, START), 0);
	enter_with(1, "f", 0x9000, words("s", "begun"));
	result(2, "f", 0x9000, integer("result", 7));
	enter(3, "g", 0x8000);
	EXPECT_NOTHING();
	cr_assert_eq(model__retell(model, &ops, NULL, START + 100), 0);
	leave_with(101, "f", 0x9000, integer("s", 1));
	EXPECT("0 begin: f {s=\"begun\"}", "0 begin: g", "0 7/7 instant: " MODEL_KEPT, "1 end: g",
	       "1 end: f {result=7, s (end)=1}");
}

/* They are there no longer than their slice. */
Test(model_arguments, they_count_for_the_budget)
{
	struct budgets budgets = { { 1 << 20, 0 }, { 1 << 20, 0 } };
	uint64_t before, begun;

	model__set_budgets(model, &budgets);
	enter(1, "f", 0x9000);
	before = budgets.kept.used;
	enter_with(2, "g", 0x8000, words("s", "a text"));
	begun = budgets.kept.used;
	cr_expect_geq(begun, before + sizeof(struct value) + 6);
	result(3, "g", 0x8000, words("s", "a text"));
	cr_expect_geq(budgets.kept.used, begun + sizeof(struct value) + 6);
	leave(4, "g", 0x8000);
	cr_expect_eq(budgets.kept.used, before);
	enter_with(5, "left open", 0x8000, words("s", "a text"));
}

Test(model_arguments, without_room_for_them_a_slice_is_refused_and_others_stay_right)
{
	struct budgets budgets = { .kept.limit = 1 };

	model__set_budgets(model, &budgets);
	budgets.kept.limit = 1 << 20;
	slice(1, EVENT_ENTER, "f", false, 0);
	budgets.kept.limit = 1;
	enter_with(2, "f", 0, integer("n", 1));
	result(3, "f", 0, integer("result", 1));
	slice(4, EVENT_EXIT, "f", false, 0);
	result(5, "f", 0, integer("result", 1));
	slice(6, EVENT_EXIT, "f", false, 0);
	EXPECT("1 begin: f", "6 end: f");
	cr_expect_eq(model__stats(model)->rejected[EVENT_PROBE_ENTER], 1);
	cr_expect_eq(EXITS(too_deep), 2);
	cr_expect_eq(EXITS(rejected), 1);
	cr_expect_eq(EXITS(written), 1);
	cr_expect_eq(model__stats(model)->refused, 2);
}

Test(model_arguments, a_result_of_what_was_not_let_in_is_not_its_end)
{
	struct budgets budgets = { .kept.limit = 1 << 20 };

	model__set_budgets(model, &budgets);
	slice(1, EVENT_ENTER, "f", false, 0);
	budgets.kept.limit = 1;
	while (!model__stats(model)->too_deep[EVENT_PROBE_ENTER])
		slice(2, EVENT_ENTER, "f", false, 0);
	page.size = 0;
	result(3, "f", 0, integer("result", 1));
	slice(4, EVENT_EXIT, "f", false, 0);
	slice(5, EVENT_EXIT, "f", false, 0);
	EXPECT("5 end: f");
	cr_expect_eq(EXITS(too_deep), 2);
}
