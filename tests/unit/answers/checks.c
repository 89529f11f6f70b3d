// SPDX-License-Identifier: BSD-2-Clause
/* Checks: what they mean, where they are wrong, and whether they hold. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "answers/checks.h"
#include "../values.h"

static struct checks checks;
static struct stats *stats;
static const struct answers_run run = { .duration = 2000000000, .seen = 1000, .lost = 5 };

static struct where at(uint64_t ts)
{
	return (struct where){ .ts = ts, .pid = 7, .tid = 8 };
}

static void sample(uint64_t ts, uint64_t serial, const char *name, struct value a, struct value b)
{
	const struct trace_counter counter = { .serial = serial, .name = name };
	struct value values[] = { a, b };

	cr_assert_eq(stats_ops.counter(stats, at(ts), &counter, values, 2), 0);
}

static void call(uint64_t ts, uint64_t duration, const char *name)
{
	cr_assert_eq(stats_ops.slice_begin(stats, at(ts), name, NULL, 0), 0);
	cr_assert_eq(stats_ops.slice_end(stats, at(ts + duration), name, NULL, 0), 0);
}

static void set_up(void)
{
	struct trace_object conn = { .life = 1, .name = "listener", .tag = "conn" };

	cr_assert_eq(stats__new(&stats), 0);
	sample(0, 1, "queue", integer("depth", 10), real("load", 0.5));
	sample(1000, 1, "queue", integer("depth", 30), real("load", 0.75));
	sample(2000, 2, "pool", integer("depth", -5), real("load", 0.25));
	for (uint64_t i = 0; i < 100; i++)
		call(10000 * i, 10 * i, "ns::parse");
	call(2000000, 7000, "fib<int>");
	call(3000000, 9000, "operator()");
	cr_assert_eq(stats_ops.object_new(stats, at(4000000), &conn), 0);
	conn.life = 2;
	conn.name = "client";
	cr_assert_eq(stats_ops.object_new(stats, at(4000000), &conn), 0);
	cr_assert_eq(stats_ops.object_delete(stats, at(4000001), &conn), 0);
	stats__close(stats);
}

static void tear_down(void)
{
	checks__clear(&checks);
	stats__free(stats);
}

TestSuite(checks, .init = set_up, .fini = tear_down);

static struct check_result result_of(const char *text)
{
	struct check_result r;
	const char *what;
	size_t where;

	cr_assert_eq(checks__add(&checks, text, &what, &where), 0, "%s: %s at %zu", text, what ? what : "", where);
	check__evaluate(&checks.list[checks.n - 1], stats, &run, &r);
	cr_expect(r.appeared || !r.held, "%s", text);
	return r;
}

#define HELD(text) cr_expect(result_of(text).held, "%s", text)
#define BROKEN(text) \
	do { \
		struct check_result broken = result_of(text); \
		cr_expect(broken.appeared && !broken.held, "%s", text); \
	} while (0)
#define ABSENT(text) cr_expect_not(result_of(text).appeared, "%s", text)

/* `mark` has a ^ under the place. */
static void wrong(const char *text, const char *mark, const char *why)
{
	const char *what = NULL;
	size_t where = 0;

	cr_expect_eq(checks__add(&checks, text, &what, &where), -EINVAL, "%s", text);
	cr_expect(what && strstr(what, why), "%s: %s", text, what ? what : "");
	cr_expect_eq(where, strlen(mark) - 1, "%s: at %zu", text, where);
	cr_expect_eq(checks.n, 0);
}

Test(checks, counters_have_extremes_a_mean_and_a_last_value)
{
	HELD("max(queue.depth) < 31");
	BROKEN("max(queue.depth) < 30");
	HELD("min(queue.depth) >= 10");
	BROKEN("min(queue.depth) > 10");
	HELD("mean(queue.depth) == 10"); /* it held 10 for as long as is known */
	HELD("last(queue.depth) == 30");
	BROKEN("last(queue.depth) != 30");
	HELD("last(pool.depth) == -5");
	HELD("max(queue.load) <= 75%");
	BROKEN("max(queue.load) <= 74.9%");
	HELD("max(queue.depth) < 1K");
	HELD("last(queue.depth) > 0.02Ki");
}

Test(checks, methods_are_measured_in_time)
{
	HELD("max(ns::parse) == 990ns");
	HELD("max(ns::parse) < 1us");
	BROKEN("max(ns::parse) < 0.9us");
	HELD("min(ns::parse) == 0s");
	HELD("mean(ns::parse) == 495ns");
	HELD("p50(ns::parse) > 485ns");
	HELD("p50(ns::parse) < 495ns");
	HELD("p90(ns::parse) <= 0.9us");
	BROKEN("p99(ns::parse) <= 0.9us");
	HELD("p99(*parse) < 1ms");
	HELD("max(fib) == 7us"); /* all instances */
	HELD("max(fib<int>) == 7us");
	HELD("max(operator()) == 9us");
}

Test(checks, reports_calls_and_objects_are_counted_together)
{
	HELD("count(queue) == 2");
	HELD("count(queue.load) == 2");
	HELD("count(*.depth) == 3");
	HELD("count(ns::parse) >= 100");
	HELD("count(conn) == 2");
	HELD("count(listener) == 1");
	HELD("rate(ns::parse) == 50/s");
	BROKEN("rate(ns::parse) > 50");
	HELD("rate(ns::parse) < 1K/s");
	HELD("alive(conn) == 1");
	HELD("alive(client) == 0");
	BROKEN("alive(listener) == 0");
}

Test(checks, losses_are_a_number_or_a_share)
{
	BROKEN("lost == 0");
	HELD("lost <= 5");
	HELD("lost < 1%");
	BROKEN(" lost<0.5% ");
}

Test(checks, each_one_that_matches_has_to_hold_and_the_worst_is_told)
{
	struct check_result r = result_of("max(*.depth) < 20");

	cr_expect_not(r.held);
	cr_expect_eq(r.value, 30);
	cr_expect_str_eq(r.name, "queue");
	cr_expect_str_eq(r.attribute, "depth");
	r = result_of("min(*.depth) > -10");
	cr_expect(r.held);
	cr_expect_eq(r.value, -5);
	cr_expect_str_eq(r.name, "pool");
	r = result_of("last(*.depth) == -5");
	cr_expect_not(r.held);
	cr_expect_eq(r.value, 30);
	r = result_of("last(*.depth) == 30");
	cr_expect_not(r.held);
	cr_expect_eq(r.value, -5);
}

Test(checks, what_never_appeared_does_not_hold)
{
	ABSENT("max(nobody) < 5");
	ABSENT("max(queue.nothing) >= -1e9");
	ABSENT("p99(queue.depth) < 5s"); /* no method */
	ABSENT("max(ns::parse) >= 0");   /* no counter */
	ABSENT("alive(queue) == 0");     /* no object */
	ABSENT("count(nobody) == 0");
	ABSENT("rate(nobody) < 5");
}

Test(checks, a_wrong_one_is_marked_at_its_place)
{
	wrong("", "^", "expected max, min");
	wrong("maximum(a) < 3", "^", "expected max, min");
	wrong(" foo(a) < 3", " ^", "expected max, min");
	wrong("max a < 3", "    ^", "as (queue.depth)");
	wrong("max(a < 3", "         ^", "expected a ')'");
	wrong("max() < 3", "    ^", "expected a pattern");
	wrong("max(a)", "      ^", "expected one of <");
	wrong("max(a) = 3", "       ^", "expected one of <");
	wrong("lost(a) == 0", "    ^", "expected one of <");
	wrong("max(a) <", "        ^", "expected a number");
	wrong("max(a) < x", "         ^", "expected a number");
	wrong("max(a) < inf", "         ^", "expected a number");
	wrong("max(a) < 0x3", "         ^", "expected a number");
	wrong("max(a) < 1e999", "         ^", "too large");
	wrong("max(a) < 3h", "          ^", "this unit is none of");
	wrong("max(a) < 3 4", "           ^", "this unit is none of");
	wrong("max(a) < 3 ms 4", "              ^", "expected the end");
	wrong("p99(a) < 3", "         ^", "expected a time");
	wrong("p50(a) < 3%", "         ^", "expected a time");
	wrong("last(a) < 3ms", "          ^", "not measured in time");
	wrong("lost < 3ms", "       ^", "not measured in time");
	wrong("count(a) < 3/s", "           ^", "per second");
	wrong("alive(a) < 3%", "           ^", "per cent");
	wrong("max(a\n) < 3", "     ^", "control character");
	wrong("a.b < 3ms", "      ^", "expected a number");
	wrong("a.b < 3%", "      ^", "without a unit");
	wrong("a.b < \"x\"", "      ^", "is == or !=");
	wrong("a.b == \"x", "         ^", "expected a '\"'");
	wrong("a.b == \"x\" y", "          ^", "expected the end");
	wrong("silent(a) < 3", "            ^", "expected a time");
	wrong("silent < 3s", "       ^", "as (queue.depth)");
}

Test(checks, one_is_not_of_any_length)
{
	char text[CHECK_MAX + 20] = "max(";
	const char *what;
	size_t where;

	memset(text + 4, 'a', CHECK_MAX - 4 - 6);
	strcpy(text + CHECK_MAX - 6, ") < 3");
	cr_expect_eq(strlen(text), CHECK_MAX - 1);
	cr_expect_eq(checks__add(&checks, text, &what, &where), 0);
	strcat(text, " ");
	cr_expect_eq(checks__add(&checks, text, &what, &where), -EINVAL);
}

/* ---- where they break ---- */

static struct {
	int n;
	uint64_t ts;
	double value;
	char text[256];
} broken;

static void on_broke(void *ctx, struct where at, const struct check *c, double value, const char *name,
		     const char *attribute)
{
	(void)ctx;
	broken.n++;
	broken.ts = at.ts;
	broken.value = value;
	snprintf(broken.text, sizeof(broken.text), "%s: %s%s%s", c->text, name, attribute ? "." : "",
		 attribute ? attribute : "");
}

/* The values come at 10, 20, ...; *ret: at which of them the check breaks, or 0. */
static uint64_t breaks_at(const char *text, const double *values, size_t n)
{
	const struct trace_counter pool = { .serial = 1, .name = "pool" };
	struct checks_watch watch = { .checks = &checks, .broke = on_broke };
	const char *what;
	struct stats *s;
	size_t where;

	checks__clear(&checks);
	memset(&broken, 0, sizeof(broken));
	cr_assert_eq(checks__add(&checks, text, &what, &where), 0, "%s", text);
	cr_assert_eq(stats__new(&s), 0);
	checks__watch(&watch, s);
	for (size_t i = 0; i < n; i++) {
		struct value v = real("open", values[i]);
		struct where at = { 10 * i + 10, 1, 1 };

		stats_ops.slice_begin(s, at, "use<int>", NULL, 0);
		cr_assert_eq(stats_ops.counter(s, at, &pool, &v, 1), 0);
		/* A call takes as many ns as the value says. */
		at.ts += values[i] > 0 ? (uint64_t)values[i] : 0;
		stats_ops.slice_end(s, at, "use<int>", NULL, 0);
	}
	stats__free(s);
	cr_expect_leq(broken.n, 1, "%s", text);
	cr_expect_eq(checks.list[0].broke, broken.n == 1);
	cr_expect_eq(checks.list[0].broke_at, broken.ts);
	return broken.ts;
}

Test(checks, break_at_the_first_value_that_is_wrong)
{
	const double values[] = { 3, 5, -2, 7, 7, -4 };
	const struct {
		const char *text;
		uint64_t at;
	} cases[] = {
		{ "max(pool.open) < 5", 20 },   { "max(pool.open) <= 5", 40 },  { "max(pool.open) < 7.5", 0 },
		{ "max(pool.open) == 5", 40 },  { "max(pool.open) <= 7", 0 },   { "min(pool.open) > -2", 30 },
		{ "min(pool.open) >= -2", 60 }, { "min(pool.open) == -2", 60 }, { "min(pool.open) >= -4", 0 },
		{ "max(pool.open) > 100", 0 },  { "min(pool.open) < -100", 0 }, { "max(pool.open) != 5", 0 },
		{ "max(other.open) < 5", 0 },   { "last(pool.open) < 5", 0 },   { "mean(pool.open) < 0", 0 },
		{ "max(use) < 5ns", 25 },       { "max(use) <= 5ns", 47 },      { "max(use) < 1s", 0 },
		{ "min(use) >= 1ns", 30 },      { "p99(use) < 1ns", 0 },        { "count(use) < 1", 0 },
		{ "max(pool.open) < 0", 10 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(breaks_at(cases[i].text, values, 6), cases[i].at, "%s: %lu", cases[i].text, broken.ts);
	cr_expect_str_eq(broken.text, "max(pool.open) < 0: pool.open");
	cr_expect_eq(breaks_at("max(use) < 5ns", values, 6), 25);
	cr_expect_str_eq(broken.text, "max(use) < 5ns: use<int>");
	cr_expect_eq(broken.value, 5);
}

/* ---- each report, and none ---- */

static struct stats *watched(struct checks_watch *w, const char *text)
{
	const char *what;
	size_t where;
	struct stats *s;

	checks__clear(&checks);
	memset(&broken, 0, sizeof(broken));
	*w = (struct checks_watch){ .checks = &checks, .broke = on_broke };
	cr_assert_eq(checks__add(&checks, text, &what, &where), 0, "%s: %s", text, what ? what : "");
	cr_assert_eq(stats__new(&s), 0);
	checks__watch(w, s);
	return s;
}

/* "held" or what was wrong, of three reports of an object at 10, 20, 30. */
static const char *of_states(const char *check)
{
	static const char *const states[] = { "open", "broken", "closed" };
	static char got[256];
	const struct trace_object conn = { .life = 1, .name = "db", .tag = "conn" };
	struct checks_watch watch;
	struct stats *s = watched(&watch, check);
	struct check_result r;

	for (int i = 0; i < 3; i++) {
		const struct value values[] = {
			words("state", states[i]), { .key = "peer", .type = VALUE_DICT, .n_children = 2 },
			words("state", "inner"),   integer("retries", 100),
			integer("retries", i),     { .key = "last", .type = VALUE_NULL }
		};

		cr_assert_eq(stats_ops.state_begin(s, at((uint64_t)(10 * i + 10)), &conn, values, 6), 0);
	}
	check__evaluate(&checks.list[0], s, &run, &r);
	snprintf(got, sizeof(got), "%s%s",
		 !r.appeared ? "absent" :
		 r.held      ? "held" :
			       checks.list[0].wrong,
		 r.held || !r.appeared ? "" :
		 broken.ts == 20       ? " at 20" :
					 " elsewhere");
	cr_expect_eq(broken.n, r.appeared && !r.held);
	stats__free(s);
	return got;
}

Test(checks, texts_and_numbers_of_objects)
{
	cr_expect_str_eq(of_states("conn.state != \"broken\""), "\"broken\" (db.state) at 20");
	cr_expect_str_eq(of_states("db.state != \"broken\""), "\"broken\" (db.state) at 20");
	cr_expect_str_eq(of_states("conn.state != \"broke\""), "held");
	cr_expect_str_eq(of_states("conn.state != \"inner\""), "held");
	cr_expect_str_eq(of_states("conn.retries < 1"), "1 (db.retries) at 20");
	cr_expect_str_eq(of_states("conn.retries <= 2"), "held");
	cr_expect_str_eq(of_states("conn.last != \"x\""), "held");
	cr_expect_str_eq(of_states("conn.retries == \"1\""), "absent");
	cr_expect_str_eq(of_states("conn.state < 1"), "absent");
	cr_expect_str_eq(of_states("other.state != \"broken\""), "absent");
}

Test(checks, each_value_of_a_counter)
{
	const double values[] = { 3, 5, -2, 7, 7, -4 };
	const struct {
		const char *text;
		uint64_t at;
	} cases[] = {
		{ "pool.open < 5", 20 },   { "pool.open <= 5", 40 }, { "pool.open > -2", 30 },
		{ "pool.open >= -2", 60 }, { "pool.open == 3", 20 }, { "pool.open != 7", 40 },
		{ "pool.open != 6", 0 },   { "pool.open < 8", 0 },   { "use < 1", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(breaks_at(cases[i].text, values, 6), cases[i].at, "%s: %lu", cases[i].text, broken.ts);
}

Test(checks, the_longest_silence)
{
	const struct trace_counter beat = { .serial = 1, .name = "beat" }, other = { .serial = 2, .name = "other" };
	const struct value v = integer("n", 1);
	const struct trace_object object = { .life = 1, .name = "beat", .tag = "beats" };
	const struct answers_run until = { .duration = 3500 };
	struct checks_watch watch;
	struct stats *s = watched(&watch, "silent(beat) < 1000ns");
	struct check_result r;

	check__evaluate(&checks.list[0], s, &until, &r);
	cr_expect_not(r.appeared);
	stats_ops.counter(s, at(900), &beat, &v, 1);
	stats_ops.counter(s, at(1000), &other, &v, 1);
	stats_ops.instant(s, at(1800), "beat", NULL, 0);
	stats_ops.state_begin(s, at(2700), &object, &v, 1);
	stats_ops.slice_begin(s, at(2701), "beat", NULL, 0);
	stats_ops.slice_end(s, at(2800), "beat", NULL, 0);
	cr_expect_eq(broken.n, 0);
	check__evaluate(&checks.list[0], s, &until, &r);
	cr_expect(r.appeared && r.held);
	cr_expect_eq(r.value, 900);
	stats_ops.counter(s, at(3801), &beat, &v, 1);
	cr_expect_eq(broken.ts, 3801);
	cr_expect_eq(broken.value, 1001);
	check__evaluate(&checks.list[0], s, &until, &r);
	cr_expect(r.appeared && !r.held);
	stats__free(s);
	/* What does not end is none, either. */
	s = watched(&watch, "silent(beat) < 1000ns");
	stats_ops.counter(s, at(900), &beat, &v, 1);
	check__evaluate(&checks.list[0], s, &until, &r);
	cr_expect(r.appeared && !r.held && r.value == 2600);
	stats__free(s);
}
