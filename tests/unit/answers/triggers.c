// SPDX-License-Identifier: BSD-2-Clause
/* Triggers: what they mean, where they are wrong, and when they fire. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answers/triggers.h"
#include "../values.h"

static struct triggers triggers;
static struct triggers_watch watch;
static struct stats *stats;
static char got[256];

static void on_fired(void *ctx, const struct trigger_point *t, uint64_t ts)
{
	cr_assert_eq(ctx, got);
	snprintf(got + strlen(got), sizeof(got) - strlen(got), "%d: %s\n", (int)ts, t->text);
}

static void set_up(void)
{
	cr_assert_eq(stats__new(&stats), 0);
	watch = (struct triggers_watch){ .triggers = &triggers, .fired = on_fired, .ctx = got };
	triggers__watch(&watch, stats);
	triggers__watch(&watch, NULL);
}

static void tidy(void)
{
	stats__free(stats);
	triggers__clear(&triggers);
}

TestSuite(triggers, .init = set_up, .fini = tidy);

static void add(const char *text)
{
	const char *what;
	size_t place;

	cr_assert_eq(triggers__add(&triggers, text, &what, &place), 0, "%s: %s", text, what);
}

static void expect_wrong(const char *text, size_t place, const char *part)
{
	const char *what = NULL;
	size_t where = 12345;

	cr_assert_eq(triggers__add(&triggers, text, &what, &where), -EINVAL, "%s", text);
	cr_expect(strstr(what, part), "%s: %s", text, what);
	cr_expect_eq(where, place, "%s: %zu", text, where);
	cr_assert_eq(triggers.n, 0);
}

static struct where at(uint64_t ts)
{
	return (struct where){ .ts = ts, .pid = 7, .tid = 8 };
}

static void sample(uint64_t ts, const char *name, int64_t depth)
{
	const struct trace_counter counter = { .serial = strlen(name), .name = name };
	struct value v = integer("depth", depth);

	cr_assert_eq(stats_ops.counter(stats, at(ts), &counter, &v, 1), 0);
}

static void call(uint64_t ts, uint64_t duration, const char *name)
{
	cr_assert_eq(stats_ops.slice_begin(stats, at(ts), name, NULL, 0), 0);
	cr_assert_eq(stats_ops.slice_end(stats, at(ts + duration), name, NULL, 0), 0);
}

#define EXPECT(text) \
	do { \
		cr_expect_str_eq(got, text); \
		got[0] = 0; \
	} while (0)

Test(triggers, say_where_they_are_wrong)
{
	expect_wrong("", 0, "expected exit, signal, instant(NAME)");
	expect_wrong("queue.depth", 11, "expected exit");
	expect_wrong("queue.depth > x", 14, "expected a number");
	expect_wrong(" queue.depth  > x", 16, "expected a number");
	expect_wrong("queue.depth > 5ms", 14, "measured in time");
	expect_wrong("slice(parse) > 5", 16, "expected a time");
	expect_wrong("slice (parse) ~ 5", 14, "expected one of <");
	expect_wrong("instant()", 8, "expected the name");
	expect_wrong("instant(x", 9, "expected a ')'");
	expect_wrong("p99(parse) > 5", 13, "expected a time");
	expect_wrong("nothing(x) > 5", 0, "expected max, min");
	expect_wrong("exits", 5, "expected exit");
	expect_wrong("silent(beat) < 5s", 13, "silent(NAME) > TIME");
	expect_wrong("silent(beat) > 5", 15, "expected a time");
	expect_wrong("conn.state > \"x\"", 13, "is == or !=");
}

Test(triggers, each_value_of_an_attribute)
{
	add("queue.depth > 10");
	add("q*.depth <= -1");
	sample(1, "queue", 10);
	EXPECT("");
	sample(2, "queue", 11);
	sample(3, "pool", 11);
	sample(4, "queue", 5);
	sample(5, "queue", 12);
	sample(6, "queue", -1);
	EXPECT("2: queue.depth > 10\n5: queue.depth > 10\n6: q*.depth <= -1\n");
}

Test(triggers, equal_and_other_values)
{
	add("queue.depth == 0");
	add("queue.depth != 7");
	sample(1, "queue", 7);
	EXPECT("");
	sample(2, "queue", 0);
	EXPECT("2: queue.depth == 0\n2: queue.depth != 7\n");
}

Test(triggers, slices_when_they_end)
{
	add("slice(parse) > 50ns");
	call(100, 50, "parse");
	call(200, 99, "other");
	call(300, 51, "parse");
	EXPECT("351: slice(parse) > 50ns\n");
}

Test(triggers, instants_and_ends)
{
	add("instant(\"out of*\")");
	add(" instant( oom ) ");
	add(" exit ");
	cr_assert(!triggers__need_signals(&triggers));
	add("signal");
	cr_assert(triggers__need_signals(&triggers));
	cr_assert(!triggers__need_stats(&triggers));
	triggers__instant(&watch, 1, "ou");
	triggers__instant(&watch, 2, "out of memory");
	triggers__instant(&watch, 3, "oom");
	triggers__exit(&watch, 4);
	triggers__signal(&watch, 5);
	EXPECT("2: instant(\"out of*\")\n3:  instant( oom ) \n4:  exit \n5: signal\n");
}

Test(triggers, states_of_objects)
{
	const struct trace_object conn = { .life = 1, .name = "db", .tag = "conn" };
	struct value values[] = { words("state", "open"), integer("retries", 1) };

	add("conn.state == \"broken\"");
	add("db.retries > 1");
	cr_assert(triggers__need_stats(&triggers));
	stats_ops.state_begin(stats, at(1), &conn, values, 2);
	EXPECT("");
	values[1].i = 2;
	stats_ops.state_begin(stats, at(2), &conn, values, 2);
	values[0] = words("state", "broken");
	values[1].i = 0;
	stats_ops.state_begin(stats, at(3), &conn, values, 2);
	EXPECT("2: db.retries > 1\n3: conn.state == \"broken\"\n");
}

Test(triggers, silence_once_until_it_is_over)
{
	const struct answers_run run = { 0 };

	add("silent(beat) > 100ns");
	triggers__look(&watch, 90, stats, &run);
	sample(99, "beat", 1);
	triggers__look(&watch, 199, stats, &run);
	EXPECT("");
	triggers__look(&watch, 250, stats, &run);
	triggers__look(&watch, 350, stats, &run);
	EXPECT("199: silent(beat) > 100ns\n");
	stats_ops.instant(stats, at(400), "beat", NULL, 0);
	EXPECT("");
	/* Nobody has looked in between. */
	call(600, 1, "beat");
	EXPECT("500: silent(beat) > 100ns\n");
	triggers__look(&watch, 650, stats, &run);
	EXPECT("");
}

Test(triggers, figures_when_they_become_so)
{
	const struct answers_run run = { .duration = 1000, .seen = 10, .lost = 1 };

	add("count(parse) >= 2");
	add("lost > 0");
	cr_assert(triggers__need_stats(&triggers));
	call(1, 1, "parse");
	triggers__look(&watch, 10, stats, &run);
	EXPECT("10: lost > 0\n");
	call(3, 1, "parse");
	triggers__look(&watch, 20, stats, &run);
	triggers__look(&watch, 30, stats, &run);
	EXPECT("20: count(parse) >= 2\n");
}

Test(triggers, so_many_and_no_sooner)
{
	triggers.at_most = 2;
	triggers.again_after = 100;
	add("queue.depth > 10");
	sample(1, "queue", 11);
	sample(100, "queue", 11);
	sample(101, "queue", 11);
	sample(500, "queue", 11);
	EXPECT("1: queue.depth > 10\n101: queue.depth > 10\n");
}

/* A check that is watched for at the same time. */
static void limit(void *ctx, const char *name, const char *attribute, struct stats_limits *ret)
{
	(void)ctx, (void)name, (void)attribute;
	ret->high = 5;
}

static void reached(void *ctx, struct where where, const char *name, const char *attribute, double value)
{
	(void)name, (void)attribute, (void)value;
	*(uint64_t *)ctx = where.ts;
}

static void replace(uint64_t ts, const char *first, const char *second)
{
	struct triggers other = { .at_most = 1 };
	const char *what;
	size_t place;

	cr_assert_eq(triggers__add(&other, first, &what, &place), 0);
	if (second)
		cr_assert_eq(triggers__add(&other, second, &what, &place), 0);
	triggers__replace(&triggers, &other, ts, stats);
	triggers__clear(&other);
}

Test(triggers, others_of_what_has_appeared_long_ago)
{
	add("queue.depth > 10");
	sample(1, "queue", 9);
	call(2, 5, "parse");
	replace(10, "queue.depth > 5", "slice(parse) > 4ns");
	sample(11, "queue", 6);
	call(12, 5, "parse");
	EXPECT("11: queue.depth > 5\n17: slice(parse) > 4ns\n");
	replace(20, "queue.depth > 100", NULL);
	sample(21, "queue", 99);
	call(22, 5, "parse");
	EXPECT("");
}

Test(triggers, those_that_stay_go_on)
{
	const struct answers_run run = { 0 };

	add("queue.depth > 10");
	sample(1, "queue", 11);
	EXPECT("1: queue.depth > 10\n");
	replace(100, "silent(beat) > 50ns", "queue.depth > 10");
	sample(101, "queue", 12);
	triggers__look(&watch, 149, stats, &run);
	EXPECT("");
	triggers__look(&watch, 151, stats, &run);
	EXPECT("150: silent(beat) > 50ns\n");
}

Test(triggers, do_not_take_the_watch_from_others)
{
	uint64_t when = 0;
	const struct stats_watch first = { .limits = limit, .reached = reached, .ctx = &when };

	stats->watch = &first;
	triggers__watch(&watch, stats);
	add("queue.depth > 10");
	sample(1, "queue", 6);
	cr_expect_eq(when, 1);
	EXPECT("");
	sample(2, "queue", 11);
	cr_expect_eq(when, 2);
	EXPECT("2: queue.depth > 10\n");
}
