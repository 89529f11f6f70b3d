// SPDX-License-Identifier: BSD-2-Clause
/* The figures of what the model says, call by call. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "answers/stats.h"
#include "../values.h"

static struct stats *stats;
static const struct trace_counter pool = { .serial = 1, .name = "pool" };

static void set_up(void)
{
	cr_assert_eq(stats__new(&stats), 0);
}

static void tear_down(void)
{
	stats__free(stats);
}

TestSuite(stats, .init = set_up, .fini = tear_down);

static struct where at(uint64_t ts)
{
	return (struct where){ .ts = ts, .pid = 7, .tid = 8 };
}

static void sample(uint64_t ts, struct value a, struct value b)
{
	struct value values[] = { a, b };

	cr_assert_eq(stats_ops.counter(stats, at(ts), &pool, values, 2), 0);
}

static void closing(uint64_t ts, struct value a, struct value b)
{
	struct value values[] = { a, b };

	cr_assert_eq(stats_ops.counter_closing(stats, at(ts), &pool, values, 2), 0);
}

static void begin(uint64_t ts, const char *name)
{
	cr_assert_eq(stats_ops.slice_begin(stats, at(ts), name, NULL, 0), 0);
}

static void end(uint64_t ts, const char *name)
{
	cr_assert_eq(stats_ops.slice_end(stats, at(ts), name, NULL, 0), 0);
}

static const struct stats_method *method(const char *name)
{
	for (size_t i = 0; i < stats->n_methods; i++)
		if (!strcmp(stats->methods[i]->name, name))
			return stats->methods[i];
	cr_assert(false, "no method %s", name);
	return NULL;
}

static const struct stats_object *object(const char *name)
{
	for (size_t i = 0; i < stats->n_objects; i++)
		if (!strcmp(stats->objects[i]->name, name))
			return stats->objects[i];
	cr_assert(false, "no object %s", name);
	return NULL;
}

/* ---- counters ---- */

/* A file knows whole numbers, of 64 bits with a sign, and others. */
Test(stats, values_are_as_they_come_back_from_a_file)
{
	const struct {
		struct value value;
		enum value_type type;
		int64_t i;
	} cases[] = {
		{ natural("n", INT64_MAX), VALUE_INT, INT64_MAX },
		{ natural("n", (uint64_t)INT64_MAX + 1), VALUE_DOUBLE, 0 },
		{ integer("n", INT64_MIN), VALUE_INT, INT64_MIN },
		{ { .key = "n", .type = VALUE_BOOL, .u = 7 }, VALUE_INT, 1 },
		{ real("n", 3.0), VALUE_INT, 3 },
		{ real("n", -0.0), VALUE_INT, 0 },
		{ real("n", 0.5), VALUE_DOUBLE, 0 },
		{ real("n", 0x1p62), VALUE_INT, 1l << 62 },
		{ real("n", 0x1p63), VALUE_DOUBLE, 0 },
		{ real("n", -0x1p63), VALUE_INT, INT64_MIN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct trace_counter counter = { .serial = 100 + i, .name = "some" };
		const struct value *last;

		cr_assert_eq(stats_ops.counter(stats, at(100), &counter, &cases[i].value, 1), 0);
		last = &stats->counters[0]->attributes[0].last;
		cr_expect_eq(last->type, cases[i].type, "%zu", i);
		cr_expect(last->type == VALUE_INT ? last->i == cases[i].i : last->d == stats__number(&cases[i].value),
			  "%zu", i);
	}
	/* The same counter each time, under another number: its process has one that another had before. */
	cr_expect_eq(stats->n_counters, 1);
	cr_expect_eq(stats->counters[0]->reports, sizeof(cases) / sizeof(cases[0]));
}

Test(stats, counters_are_told_apart_as_in_a_file)
{
	const struct trace_counter a = { .serial = 1, .name = "a" }, id = { .serial = 2, .name = "a", .id = "1" },
				   b = { .serial = 3, .name = "b" }, again = { .serial = 4, .name = "a" };
	const struct value v = integer("n", 1);
	struct where other = at(100);

	other.pid++;
	cr_assert_eq(stats_ops.counter(stats, at(100), &a, &v, 1), 0);
	cr_assert_eq(stats_ops.counter(stats, at(100), &id, &v, 1), 0);
	cr_assert_eq(stats_ops.counter(stats, at(100), &b, &v, 1), 0);
	cr_assert_eq(stats_ops.counter(stats, other, &again, &v, 1), 0);
	cr_expect_eq(stats->n_counters, 4);
	cr_assert_eq(stats_ops.counter(stats, at(100), &a, &v, 1), 0);
	cr_expect_eq(stats->n_counters, 4);
	cr_expect_eq(stats->counters[0]->reports, 2);
}

Test(stats, an_attribute_has_its_extremes_its_last_value_and_a_mean_over_time)
{
	const struct stats_attribute *a;

	sample(100, integer("open", 4), real("load", 0.5));
	sample(200, integer("open", -2), real("load", 1.5));
	sample(500, integer("open", 3), real("load", 1.0));
	closing(1100, integer("open", 3), real("load", 1.0));
	stats__close(stats);
	cr_assert_eq(stats->n_counters, 1);
	cr_assert_eq(stats->counters[0]->n, 2);
	a = stats->counters[0]->attributes;
	cr_expect_str_eq(a[0].name, "open");
	cr_expect_eq(a[0].reports, 3);
	cr_expect_eq(a[0].min.i, -2);
	cr_expect_eq(a[0].max.i, 4);
	cr_expect_eq(a[0].last.i, 3);
	cr_expect_eq(stats__mean(&a[0]), (4.0 * 100 - 2.0 * 300 + 3.0 * 600) / 1000);
	cr_expect_str_eq(a[1].name, "load");
	cr_expect_eq(a[1].min.d, 0.5);
	cr_expect_eq(a[1].max.d, 1.5);
	cr_expect_eq(stats__mean(&a[1]), (0.5 * 100 + 1.5 * 300 + 1.0 * 600) / 1000);
}

Test(stats, time_without_a_counter_is_not_in_its_mean)
{
	sample(0, integer("open", 10), integer("idle", 0));
	closing(100, integer("open", 0), integer("idle", 0)); /* destroyed: zeros that nobody reported */
	sample(1000, integer("open", 20), integer("idle", 1));
	closing(1100, integer("open", 20), integer("idle", 1));
	cr_expect_eq(stats__mean(&stats->counters[0]->attributes[0]), 15);
	cr_expect_eq(stats->counters[0]->attributes[0].min.i, 10);
	cr_expect_eq(stats->counters[0]->attributes[0].reports, 2);
	cr_expect_eq(stats->counters[0]->reports, 2);
}

/* Filters may change while it runs: a series ends, and comes again later. */
Test(stats, a_series_that_is_missing_does_not_go_on)
{
	struct value one = integer("idle", 7);

	sample(0, integer("open", 2), integer("idle", 4));
	closing(100, integer("open", 2), integer("idle", 4));
	cr_assert_eq(stats_ops.counter(stats, at(100), &pool, &one, 1), 0);
	sample(200, integer("open", 8), integer("idle", 7));
	closing(300, integer("open", 8), integer("idle", 7));
	cr_expect_eq(stats->counters[0]->n, 2);
	cr_expect_eq(stats__mean(&stats->counters[0]->attributes[0]), 5);
	cr_expect_eq(stats__mean(&stats->counters[0]->attributes[1]), 6);
	cr_expect_eq(stats->counters[0]->attributes[0].reports, 2);
	cr_expect_eq(stats->counters[0]->attributes[1].reports, 3);
}

Test(stats, all_digits_of_integers_count)
{
	sample(0, integer("a", INT64_MAX), natural("b", INT64_MAX - 1));
	sample(1, integer("a", INT64_MAX - 1), natural("b", INT64_MAX));
	cr_expect_eq(stats->counters[0]->attributes[0].min.i, INT64_MAX - 1);
	cr_expect_eq(stats->counters[0]->attributes[0].max.i, INT64_MAX);
	cr_expect_eq(stats->counters[0]->attributes[1].max.i, INT64_MAX);
	cr_expect_eq(stats->counters[0]->attributes[1].min.i, INT64_MAX - 1);
}

Test(stats, one_report_is_its_own_mean)
{
	sample(50, integer("a", 3), real("b", 0.25));
	cr_expect_eq(stats__mean(&stats->counters[0]->attributes[0]), 3);
	cr_expect_eq(stats__mean(&stats->counters[0]->attributes[1]), 0.25);
}

Test(stats, counters_beyond_what_is_kept_are_counted)
{
	struct value v = integer("a", 1);

	for (uint64_t i = 0; i < STATS_COUNTERS + 3; i++) {
		char id[32];
		struct trace_counter c = { .serial = 10 + i, .name = "c", .id = id };

		snprintf(id, sizeof(id), "%" PRIu64, i);
		cr_assert_eq(stats_ops.counter(stats, at(i), &c, &v, 1), 0);
		cr_assert_eq(stats_ops.counter_closing(stats, at(i), &c, &v, 1), 0);
	}
	cr_expect_eq(stats->n_counters, STATS_COUNTERS);
	cr_expect_eq(stats->beyond.reports, 3);
}

Test(stats, attributes_beyond_what_is_kept_are_counted)
{
	struct value many[64];
	char keys[64][8];

	for (size_t i = 0; i < 64; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		many[i] = integer(keys[i], 1);
	}
	for (uint64_t i = 0; i <= STATS_SERIES / 64; i++) {
		char id[32];
		struct trace_counter c = { .serial = i, .name = "c", .id = id };

		snprintf(id, sizeof(id), "%" PRIu64, i);
		/* The first one has one less. */
		cr_assert_eq(stats_ops.counter(stats, at(i), &c, many, 64 - !i), 0);
	}
	cr_expect_eq(stats->n_series, STATS_SERIES);
	cr_expect_eq(stats->beyond.reports, 63);
}

/* ---- methods ---- */

Test(stats, a_method_has_what_is_inside_of_it_in_its_total_only)
{
	begin(100, "outer");
	begin(200, "inner");
	end(250, "inner");
	begin(300, "inner");
	end(400, "inner");
	end(1100, "outer");
	stats__close(stats);
	cr_expect_str_eq(stats->methods[0]->name, "outer");
	cr_expect_eq(method("outer")->durations.count, 1);
	cr_expect_eq(method("outer")->total, 1000);
	cr_expect_eq(method("outer")->self, 850);
	cr_expect_eq(method("inner")->durations.count, 2);
	cr_expect_eq(method("inner")->total, 150);
	cr_expect_eq(method("inner")->self, 150);
	cr_expect_eq(stats__call_mean(method("inner")), 75);
	cr_expect_eq(method("inner")->durations.max, 100);
	cr_expect_eq(histogram__percentile(&method("inner")->durations, 50), 50);
}

Test(stats, a_recursive_call_is_one_of_its_own)
{
	begin(0, "fib");
	begin(10, "fib");
	end(20, "fib");
	end(50, "fib");
	cr_expect_eq(method("fib")->durations.count, 2);
	cr_expect_eq(method("fib")->total, 60);
	cr_expect_eq(method("fib")->self, 50);
}

Test(stats, each_thread_is_nested_by_itself)
{
	const struct where other = { .ts = 50, .pid = 7, .tid = 9 }, later = { .ts = 60, .pid = 7, .tid = 9 };

	begin(0, "a");
	cr_assert_eq(stats_ops.slice_begin(stats, other, "b", NULL, 0), 0);
	end(55, "a");
	cr_assert_eq(stats_ops.slice_end(stats, later, "b", NULL, 0), 0);
	cr_expect_eq(method("a")->self, 55);
	cr_expect_eq(method("b")->self, 10);
}

static void async(uint64_t ts, bool begins, uint64_t track, const char *name, bool again)
{
	const struct trace_async a = { .track = track, .name = name, .again = again };

	if (begins)
		cr_assert_eq(stats_ops.async_begin(stats, at(ts), &a, NULL, 0), 0);
	else
		cr_assert_eq(stats_ops.async_end(stats, at(ts), &a), 0);
}

Test(stats, asynchronous_slices_are_measured_as_methods_are)
{
	begin(0, "send");
	async(1, true, 1, "request", false);
	async(2, true, 2, "request", false);
	end(3, "send");
	async(4, true, 1, "parse", false);
	async(7, false, 1, "parse", false);
	async(11, false, 1, "request", false);
	async(22, false, 2, "request", false);
	cr_expect_eq(method("send")->total, 3);
	cr_expect_eq(method("request")->durations.count, 2);
	cr_expect_eq(method("request")->total, 30);
	cr_expect_eq(method("request")->self, 27);
	cr_expect_eq(method("parse")->total, 3);
	cr_expect_eq(stats->threads.used, 1, "tracks that are over are kept");
}

Test(stats, what_goes_on_after_what_it_was_in_is_one)
{
	async(0, true, 1, "request", false);
	async(1, true, 1, "left", false);
	async(2, true, 1, "right", false);
	async(3, true, 1, "within", false);
	async(5, false, 1, "within", true);
	async(5, false, 1, "right", true);
	async(5, false, 1, "left", false);
	async(5, true, 1, "right", true);
	async(5, true, 1, "within", true);
	async(6, false, 1, "within", false);
	async(9, false, 1, "right", false);
	async(9, false, 1, "request", false);
	cr_expect_eq(method("left")->total, 4);
	cr_expect_eq(method("right")->total, 7);
	cr_expect_eq(method("right")->durations.count, 1);
	cr_expect_eq(method("right")->self, 4);
	cr_expect_eq(method("within")->total, 3);
	cr_expect_eq(method("request")->total, 9);
	cr_expect_eq(method("request")->self, 0);
}

/* Somebody changed the file. */
Test(stats, asynchronous_slices_that_contradict_themselves_do_no_harm)
{
	async(0, false, 1, "a", true);
	async(0, true, 1, "a", true);
	async(1, false, 1, "a", true);
	async(2, false, 1, "a", true);
	async(2, false, 1, "a", false);
	async(3, true, 1, "b", false);
	async(3, true, 1, "b", true);
	async(4, false, 1, "b", true);
	async(4, false, 1, "b", true);
	async(5, true, 1, "b", true);
	async(5, true, 1, "b", true);
	async(5, true, 1, "b", true);
	for (int i = 0; i < 5; i++)
		async(6, false, 1, "b", false);
	cr_expect_eq(stats->threads.used, 0);
}

Test(stats, a_slice_that_was_open_when_we_came_is_no_call)
{
	cr_assert_eq(stats_ops.slice_before(stats, at(100), 5, "main"), 0);
	cr_expect_eq(stats->open_before, 1);
	cr_expect_eq(stats->n_methods, 0);
}

Test(stats, the_longest_slices_are_in_their_order)
{
	uint64_t ts = 0;
	char name[16];

	for (uint64_t i = 0; i < 40; i++) {
		uint64_t duration = i * 7 % 40;

		snprintf(name, sizeof(name), "m%d", (int)duration);
		begin(ts, name);
		end(ts += duration, name);
	}
	cr_assert_eq(stats->n_longest, STATS_LONGEST);
	for (size_t i = 0; i < STATS_LONGEST; i++) {
		snprintf(name, sizeof(name), "m%d", (int)(39 - i));
		cr_expect_str_eq(stats->longest[i].name, name);
		cr_expect_eq(stats->longest[i].duration, 39 - i);
		cr_expect_eq(stats->longest[i].tid, 8);
	}
}

Test(stats, of_slices_of_one_duration_the_first_one_leads)
{
	for (uint64_t i = 0; i < STATS_LONGEST + 5; i++) {
		begin(100 * i, "m");
		end(100 * i + 10, "m");
	}
	for (size_t i = 0; i < STATS_LONGEST; i++)
		cr_expect_eq(stats->longest[i].ts, 100 * i);
}

/* The time of the one that has no room is still none of who called it. */
Test(stats, methods_beyond_what_is_kept_are_counted)
{
	char name[16];

	begin(0, "outer");
	for (int i = 0; i < STATS_METHODS + 2; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		begin(10, name);
		end(10, name);
	}
	begin(10, "one too many");
	end(40, "one too many");
	end(100, "outer");
	cr_expect_eq(stats->n_methods, STATS_METHODS);
	cr_expect_eq(stats->beyond.calls, 4);
	cr_expect_eq(method("outer")->total, 100);
	cr_expect_eq(method("outer")->self, 70);
	cr_expect_str_eq(stats->longest[1].name, "one too many");
}

Test(stats, threads_that_are_done_make_room_for_others)
{
	struct where w = { .ts = 0, .pid = 1 };

	for (w.tid = 1; w.tid <= STATS_THREADS + 10; w.tid++) {
		cr_assert_eq(stats_ops.slice_begin(stats, w, "f", NULL, 0), 0);
		cr_assert_eq(stats_ops.slice_end(stats, w, "f", NULL, 0), 0);
	}
	cr_expect_eq(method("f")->durations.count, STATS_THREADS + 10);
	cr_expect_eq(stats->beyond.calls, 0);
	cr_expect_leq(stats->threads.used, STATS_THREADS);
}

Test(stats, threads_beyond_what_is_kept_are_counted)
{
	struct where w = { .ts = 0, .pid = 1 };

	for (w.tid = 1; w.tid <= STATS_THREADS + 10; w.tid++)
		cr_assert_eq(stats_ops.slice_begin(stats, w, "f", NULL, 0), 0);
	for (w.tid = 1; w.tid <= STATS_THREADS + 10; w.tid++)
		cr_assert_eq(stats_ops.slice_end(stats, w, "f", NULL, 0), 0);
	cr_expect_eq(method("f")->durations.count, STATS_THREADS);
	cr_expect_eq(stats->beyond.calls, 10);
}

/* ---- objects ---- */

static struct trace_object account(uint64_t life, const char *name)
{
	return (struct trace_object){ .address = 0x1000, .life = life, .name = name, .tag = "account" };
}

#define OBJECT(call, ts, life, name) \
	do { \
		struct trace_object o = account(life, name); \
		cr_assert_eq(stats_ops.object_##call(stats, at(ts), &o), 0); \
	} while (0)

static void snapshot(uint64_t ts, uint64_t life, const char *name)
{
	struct trace_object o = account(life, name);
	struct value v = integer("balance", 1);

	cr_assert_eq(stats_ops.object_snapshot(stats, at(ts), &o, &v, 1), 0);
}

Test(stats, objects_are_made_and_destroyed_and_live_for_a_while)
{
	OBJECT(new, 10, 1, "ada");
	OBJECT(new, 20, 2, "ada");
	snapshot(25, 1, "ada");
	OBJECT(new, 30, 3, "bob");
	OBJECT(delete, 110, 1, "ada");
	OBJECT(delete, 420, 2, "ada");
	stats__close(stats);
	cr_assert_eq(stats->n_objects, 2);
	cr_expect_str_eq(stats->objects[0]->name, "ada");
	cr_expect_str_eq(stats->objects[0]->tag, "account");
	cr_expect_eq(object("ada")->made, 2);
	cr_expect_eq(object("ada")->found, 0);
	cr_expect_eq(object("ada")->destroyed, 2);
	cr_expect_eq(stats__alive(object("ada")), 0);
	cr_expect_eq(stats__life_mean(object("ada")), 250);
	cr_expect_eq(object("ada")->life_max, 400);
	cr_expect_eq(stats__alive(object("bob")), 1);
	cr_expect_eq(object("bob")->lives, 0);
	cr_expect_eq(stats__life_mean(object("bob")), 0);
}

Test(stats, objects_that_were_there_before_have_no_life_time)
{
	snapshot(10, 1, "ada");
	snapshot(20, 1, "ada");
	snapshot(20, 2, "ada");
	OBJECT(delete, 30, 1, "ada");
	OBJECT(delete, 30, 3, "ada"); /* it never reported */
	cr_expect_eq(object("ada")->made, 0);
	cr_expect_eq(object("ada")->found, 3);
	cr_expect_eq(object("ada")->destroyed, 2);
	cr_expect_eq(object("ada")->lives, 0);
	cr_expect_eq(stats__alive(object("ada")), 1);
}

Test(stats, objects_beyond_what_is_kept_are_counted)
{
	char name[16];

	for (uint64_t i = 0; i < STATS_OBJECTS + 3; i++) {
		snprintf(name, sizeof(name), "o%d", (int)i);
		OBJECT(new, i, i, name);
	}
	cr_expect_eq(stats->n_objects, STATS_OBJECTS);
	cr_expect_eq(stats->beyond.objects, 3);
}

Test(stats, a_life_that_begins_twice_is_the_second_one)
{
	const struct trace_object one = { .address = 16, .life = 1, .name = "twice", .tag = "conn" };

	cr_assert_eq(stats_ops.object_new(stats, at(100), &one), 0);
	cr_assert_eq(stats_ops.object_new(stats, at(300), &one), 0);
	cr_assert_eq(stats_ops.object_delete(stats, at(400), &one), 0);
	cr_expect_eq(object("twice")->life_total, 100);
	cr_expect_eq(object("twice")->made, 2);
	cr_expect_eq(object("twice")->lives, 1);
}

Test(stats, lives_beyond_what_is_kept_have_no_life_time)
{
	for (uint64_t i = 0; i < STATS_LIVES + 3; i++)
		OBJECT(new, 0, i, "o");
	for (uint64_t i = 0; i < STATS_LIVES + 3; i++)
		OBJECT(delete, 5, i, "o");
	cr_expect_eq(object("o")->made, STATS_LIVES + 3);
	cr_expect_eq(object("o")->destroyed, STATS_LIVES + 3);
	cr_expect_eq(stats__alive(object("o")), 0);
	cr_expect_eq(object("o")->lives, STATS_LIVES);
	cr_expect_eq(stats->beyond.lives, 3);
}
