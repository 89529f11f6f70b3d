// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of the figures from one tick to the next. */
#include <stdlib.h>
#include <string.h>

#include "told.h"

TestSuite(live, .init = begin_live, .fini = end_live);

static void tick(double seconds)
{
	cr_assert_eq(live__tick(live, seconds), 0);
}

Test(live, changes_are_counted_and_not_reports)
{
	for (int i = 0; i < 10; i++)
		sample(1, "pool", integer("open", i / 5));
	tick(2);
	cr_assert_float_eq(live->counters[0].series[0].rate, 1.0, 1e-9);
	tick(1);
	cr_assert_float_eq(live->counters[0].series[0].rate, 0.0, 1e-9);
	sample(1, "pool", integer("open", 7));
	tick(0.5);
	cr_assert_float_eq(live->counters[0].series[0].rate, 2.0, 1e-9);
}

Test(live, a_minute_is_kept)
{
	const struct live_series *s;

	for (int i = 0; i < LIVE_TICKS + 5; i++) {
		sample(1, "pool", integer("open", i));
		tick(1);
	}
	s = &live->counters[0].series[0];
	cr_assert_eq(s->n_minute, LIVE_TICKS);
	cr_assert_float_eq(s->minute[(live->tick + LIVE_TICKS - 1) % LIVE_TICKS], LIVE_TICKS + 4, 1e-6);
	cr_assert_float_eq(s->minute[live->tick], 5, 1e-6);
}

static uint64_t median(size_t *ret_calls, double *ret_mean)
{
	struct histogram window;
	uint64_t value;

	cr_assert_eq(live__window(live, 0, ret_mean, &window), 0);
	value = histogram__percentile(&window, 50);
	*ret_calls = window.count;
	histogram__clear(&window);
	return value;
}

Test(live, what_methods_took_is_of_the_last_seconds_only)
{
	double mean;
	size_t calls;

	for (int i = 0; i < 100; i++)
		call("parse", (uint64_t)i * 1000, 50);
	tick(1);
	cr_assert_float_eq(live->methods[0].rate, 100.0, 1e-9);
	cr_assert_eq(median(&calls, &mean), 50);
	cr_assert_eq(calls, 100);
	cr_assert_float_eq(mean, 50, 1e-9);
	for (int i = 1; i <= 4; i++)
		tick(1); /* five seconds: the first half is over */
	call("parse", 1000000, 100);
	tick(1);
	cr_assert_float_eq(live->methods[0].rate, 1.0, 1e-9);
	median(&calls, &mean);
	cr_assert_eq(calls, 101);
	cr_assert_float_eq(mean, 5100.0 / 101, 1e-9);
	for (int i = 0; i < 4; i++)
		tick(1);
	cr_assert_eq(median(&calls, &mean), 100);
	cr_assert_eq(calls, 1);
	cr_assert_float_eq(mean, 100, 1e-9);
	for (int i = 0; i < 5; i++)
		tick(1);
	cr_assert_eq(median(&calls, &mean), 0);
	cr_assert_eq(calls, 0);
	cr_assert_float_eq(mean, 0, 1e-9);
	cr_assert_eq(live->methods[0].calls, 101);
}

Test(live, calls_that_are_not_over_are_open)
{
	cr_assert_eq(format_live.ops->slice_begin(live, at(1), "parse", NULL, 0), 0);
	cr_assert_eq(format_live.ops->slice_begin(live, at(2), "parse", NULL, 0), 0);
	cr_assert_eq(live->stats->methods[0]->open, 2);
	cr_assert_eq(format_live.ops->slice_end(live, at(3), "parse", NULL, 0), 0);
	cr_assert_eq(live->stats->methods[0]->open, 1);
}

Test(live, objects_made_and_destroyed_a_second)
{
	for (uint64_t i = 1; i <= 4; i++) {
		struct trace_object o = { .life = i, .name = "job", .tag = "job" };

		cr_assert_eq(format_live.ops->object_new(live, at(i), &o), 0);
		if (i == 1)
			cr_assert_eq(format_live.ops->object_delete(live, at(i), &o), 0);
	}
	tick(2);
	cr_assert_float_eq(live->objects[0].made_rate, 2.0, 1e-9);
	cr_assert_float_eq(live->objects[0].destroyed_rate, 0.5, 1e-9);
	cr_assert_eq(stats__alive(live->stats->objects[0]), 3);
	cr_assert_str_eq(live->objects[0].name, "job");
}

static char *state_text(void)
{
	return live_state__text(&live->objects[0].state);
}

Test(live, the_last_state_is_a_copy)
{
	char owner[] = "ada", key[] = "owner";
	struct value values[] = {
		integer("balance", -3),
		{ .key = key, .type = VALUE_STRING, .s = owner, .size = 3 },
		{ .key = "rates", .type = VALUE_LIST, .n_children = 2 },
		real(NULL, 1.5),
		natural(NULL, 2),
		{ .key = "limits", .type = VALUE_DICT, .n_children = 2 },
		{ .key = "soft", .type = VALUE_BOOL, .u = 1 },
		{ .key = "list", .type = VALUE_LIST },
		{ .key = "next", .type = VALUE_NULL },
		{ .key = "far", .type = VALUE_UNREADABLE },
	};
	char *text;

	snapshot(1, "a", "account", (struct value[]){ integer("balance", 1) }, 1);
	snapshot(1, "a", "account", values, sizeof(values) / sizeof(values[0]));
	memset(owner, 'x', 3);
	memset(key, 'y', 5);
	text = state_text();
	cr_assert_str_eq(text,
			 "balance: -3, owner: \"ada\", rates: [1.5, 2], limits: {soft: true, list: []}, next: null, "
			 "far: <unreadable>");
	free(text);
}

Test(live, a_state_is_escaped_and_bounded)
{
	static char long_text[2 * LIVE_STATE_MAX];
	struct value bad = { .key = "a\x1b[2J", .type = VALUE_STRING, .s = "\xff\x9b\n", .size = 3 };
	struct value large = { .key = "k", .type = VALUE_STRING, .s = long_text, .size = sizeof(long_text) };
	struct value many[LIVE_VALUES_MAX + 1];
	char *text;

	snapshot(1, "a", "account", &bad, 1);
	text = state_text();
	cr_assert_str_eq(text, "a\\x1b[2J: \"\\xff\\x9b\\n\"");
	free(text);

	memset(long_text, 'z', sizeof(long_text));
	snapshot(1, "a", "account", &large, 1);
	text = state_text();
	cr_assert_eq(strlen(text), LIVE_STATE_MAX - 2 + strlen("k: \"...\""));
	cr_assert_str_eq(text + strlen(text) - 5, "z...\"");
	free(text);

	for (size_t i = 0; i <= LIVE_VALUES_MAX; i++)
		many[i] = integer("k", (int64_t)i);
	snapshot(1, "a", "account", many, LIVE_VALUES_MAX + 1);
	text = state_text();
	cr_assert_str_eq(text + strlen(text) - strlen("k: 127, ..."), "k: 127, ...");
	free(text);

	/* A list of which the end is beyond what is kept. */
	many[0] = (struct value){ .key = "l", .type = VALUE_LIST, .n_children = LIVE_VALUES_MAX };
	snapshot(1, "a", "account", many, LIVE_VALUES_MAX + 1);
	text = state_text();
	cr_assert_str_eq(text + strlen(text) - strlen("k: 127], ..."), "k: 127], ...");
	free(text);
}

Test(live, names_are_escaped)
{
	sample(1, "p\x1b]0;x\x07ol", integer("o\xc2\x9bpen", 1));
	call("m\x9b", 0, 1);
	snapshot(1, "a\r", "b\x7f", NULL, 0);
	tick(1);
	cr_assert_str_eq(live->counters[0].series[0].name, "p\\x1b]0;x\\x07ol.o\\xc2\\x9bpen");
	cr_assert_str_eq(live->methods[0].name, "m\\x9b");
	cr_assert_str_eq(live->objects[0].name, "a\\r (b\\x7f)");
}
