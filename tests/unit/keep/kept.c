/* SPDX-License-Identifier: BSD-2-Clause */
/* Events in; the last ones out again as they were, within the bound, the others before them and in their order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keep/kept.h"
#include "../values.h"

static struct kept *kept;
static uint64_t expected; /* the number of the next one that is read */
static uint64_t dropped;
static int fails;
static char *texts[2];
static size_t big; /* bytes that the text of each fourth event has besides */

static void tidy(void)
{
	kept__free(kept);
	kept = NULL;
	for (int side = 0; side < 2; side++) {
		free(texts[side]);
		texts[side] = NULL;
	}
	expected = dropped = big = 0;
	fails = 0;
}

TestSuite(kept, .fini = tidy);

static uint64_t mixed(uint64_t n)
{
	return (n + 1) * 0x9e3779b97f4a7c15ull;
}

/* The event with that number: of all kinds, with all that they have; what it points to is here until the next call for
 * that `side`.
 */
static struct event event_of(uint64_t n, int side)
{
	static char names[2][32], keys[2][16];
	static struct value lists[2][7];
	char *name = names[side], *text;
	struct value *values = lists[side];
	uint64_t r = mixed(n);
	struct event e = { .kind = (enum event_kind)(r % (EVENT_LOST + 1)), .ts = 1000 + n * 3 };

	e.probe = (enum probe)(r >> 8) % EVENT_PROBES;
	e.pid = 1 + (r >> 16 & 3);
	e.tid = e.pid + (r >> 18 & 255);
	snprintf(e.comm, sizeof(e.comm), "%s", r >> 40 & 1 ? "a name of 15 by" : "x");
	if (e.kind == EVENT_IGNORE)
		e.kind = EVENT_SNAPSHOT;
	e.address = e.kind == EVENT_SNAPSHOT || e.kind <= EVENT_DESTROY || e.kind == EVENT_FORGOTTEN ? r : 0;
	e.frame = e.kind == EVENT_ENTER || e.kind == EVENT_EXIT ? r >> 17 : 0;
	e.site = e.kind == EVENT_ENTER ? (uint16_t)((r >> 33 & 3) * 0x5555) : 0;
	e.id = e.kind == EVENT_ASYNC || e.kind == EVENT_LOST ? r >> (r & 63) : 0;
	e.step = e.kind == EVENT_ASYNC ? (enum async_step)(1 + (r >> 20 & 3)) : 0;
	e.cls = e.address ? r >> 30 : 0;
	e.tag = e.address && r & 64 ? "class" : NULL;
	e.is_counter = r >> 21 & 1;
	e.is_new = r >> 22 & 1;
	e.scoped = r >> 23 & 1;
	e.pretty = r >> 24 & 1;
	e.unwanted = r >> 25 & 1;
	e.id_is_pointer = r >> 26 & 1;
	e.is_result = r >> 32 & 1;
	snprintf(name, sizeof(names[side]), "name %" PRIu64, n % 5000);
	e.name = r >> 27 & 1 ? name : NULL;
	if (e.kind != EVENT_SNAPSHOT && e.kind != EVENT_ENTER && e.kind != EVENT_EXIT && e.kind != EVENT_INSTANT)
		return e;
	snprintf(keys[side], sizeof(keys[side]), "k%" PRIu64, n % 7);
	text = realloc(texts[side], big + 32);
	texts[side] = text;
	memset(text, 'x', big + 32);
	snprintf(text, 32, "text %" PRIu64, n);
	values[0] = integer(keys[side], r & 1 ? -(int64_t)(r >> (r & 63)) : (int64_t)(r >> 40));
	values[1] = natural("u", r);
	values[1].unit = r >> 30 & 1 ? "bytes" : NULL;
	values[2] = real("d", r & 1 ? 0.5 * (double)(r & 1023) : (double)r / 3);
	values[3] = (struct value){ .key = "b", .type = VALUE_BOOL, .u = r & 1 };
	values[4] = (struct value){ .key = "l", .type = VALUE_LIST, .n_children = 1 };
	values[5] = (struct value){ .type = r & 1 ? VALUE_NULL : VALUE_UNREADABLE };
	values[6] = (struct value){ .key = "s", .type = r & 1 ? VALUE_STRING : VALUE_JSON, .truncated = r >> 28 & 1 };
	values[6].s = text;
	values[6].size = (uint32_t)(n % 4 ? strlen("text 0") : 32 + big);
	e.values = values;
	e.n_values = r >> 29 & 7;
	if (e.n_values == 5) /* not a list without what is in it */
		e.n_values = 6;
	if (e.n_values > 7)
		e.n_values = 7;
	return e;
}

static void expect_text(const char *got, const char *wanted)
{
	cr_assert_eq(!got, !wanted);
	if (got)
		cr_assert_str_eq(got, wanted);
}

static void expect_event(const struct event *got)
{
	struct event e = event_of(expected++, 1);

	cr_assert_eq(got->kind, e.kind);
	cr_assert_eq(got->probe, e.probe);
	cr_assert_eq(got->ts, e.ts);
	cr_assert_eq(got->pid, e.pid);
	cr_assert_eq(got->tid, e.tid);
	cr_assert_str_eq(got->comm, e.comm);
	cr_assert_eq(got->address, e.address);
	cr_assert_eq(got->frame, e.frame);
	cr_assert_eq(got->site, e.site);
	cr_assert_eq(got->id, e.id);
	cr_assert_eq(got->step, e.step);
	cr_assert_eq(got->cls, e.cls);
	cr_assert_eq(got->is_counter, e.is_counter);
	cr_assert_eq(got->is_new, e.is_new);
	cr_assert_eq(got->scoped, e.scoped);
	cr_assert_eq(got->pretty, e.pretty);
	cr_assert_eq(got->unwanted, e.unwanted);
	cr_assert_eq(got->id_is_pointer, e.id_is_pointer);
	cr_assert_eq(got->is_result, e.is_result);
	expect_text(got->name, e.name);
	expect_text(got->tag, e.tag);
	cr_assert_eq(got->n_values, e.n_values);
	for (size_t i = 0; i < e.n_values; i++) {
		const struct value *v = &got->values[i], *w = &e.values[i];

		expect_text(v->key, w->key);
		expect_text(v->unit, w->unit);
		cr_assert_eq(v->type, w->type);
		cr_assert_eq(v->truncated, w->truncated);
		cr_assert_eq(v->n_children, w->n_children);
		cr_assert_eq(v->size, w->size);
		if (w->type == VALUE_STRING || w->type == VALUE_JSON)
			cr_assert_arr_eq(v->s, w->s, w->size);
		else
			cr_assert_eq(v->u, w->u, "event %" PRIu64 ", value %zu, type %d: %" PRIx64 " %" PRIx64,
				     expected - 1, i, (int)w->type, v->u, w->u);
	}
}

static int on_drop(void *ctx, const struct event *e)
{
	cr_assert_eq(ctx, &dropped);
	if (fails)
		return fails;
	cr_assert_eq(expected, dropped++);
	expect_event(e);
	return 0;
}

static int on_kept(void *ctx, const struct event *e)
{
	++*(uint64_t *)ctx;
	expect_event(e);
	return 0;
}

static void begin(uint64_t bytes, uint64_t time)
{
	cr_assert_eq(kept__new(&kept, bytes, time, on_drop, &dropped), 0);
}

static struct kept_stats stats(void)
{
	struct kept_stats s;

	kept__stats(kept, &s);
	return s;
}

/* All that are there follow on those that were dropped, up to the one before `end`. */
static void expect_kept(uint64_t end)
{
	uint64_t n = 0, before = expected;

	cr_assert_eq(kept__each(kept, on_kept, &n), 0);
	cr_assert_eq(expected, end);
	cr_assert_eq(stats().events, n);
	expected = before;
}

static void add(uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++) {
		struct event e = event_of(n, 0);

		cr_assert_eq(kept__add(kept, &e), 0);
		cr_assert_leq(stats().memory, 1u << 20);
	}
}

Test(kept, gives_back_what_it_got)
{
	begin(1 << 20, 0);
	cr_assert_eq(stats().first_ts, 0);
	add(0, 1000);
	expect_kept(1000);
	expect_kept(1000);
	cr_assert_eq(dropped, 0);
	cr_assert_eq(stats().first_ts, 1000);
	cr_assert_eq(stats().room_ts, 0);
}

Test(kept, stays_within_its_bound_and_drops_the_oldest)
{
	begin(1 << 20, 0);
	for (uint64_t n = 0; n < 300000; n += 50000) {
		add(n, n + 50000);
		expect_kept(n + 50000);
	}
	cr_assert_gt(dropped, 100000);
	cr_assert_gt(stats().bytes, (1u << 20) * 9 / 10, "the room is used: %" PRIu64, stats().bytes);
	cr_assert_eq(stats().room_ts, 1000 + (dropped - 1) * 3);
}

Test(kept, knows_how_much_came_since)
{
	const uint64_t block = (1 << 20) / KEPT_SHARE;
	uint64_t before;

	begin(1 << 20, 0);
	add(0, 10000);
	cr_assert_eq(kept__bytes_since(kept, 0), stats().bytes);
	cr_assert_leq(kept__bytes_since(kept, 1000 + 9999 * 3), block);
	cr_assert_gt(kept__bytes_since(kept, 1000 + 9999 * 3), 0);
	cr_assert_eq(kept__bytes_since(kept, 1000 + 9999 * 3 + 1), 0);
	before = stats().bytes;
	add(10000, 20000);
	cr_assert_geq(kept__bytes_since(kept, 1000 + 10000 * 3), stats().bytes - before);
	cr_assert_leq(kept__bytes_since(kept, 1000 + 10000 * 3), stats().bytes - before + block);
}

Test(kept, drops_what_is_too_old)
{
	begin(1 << 20, 1500);
	add(0, 10000);
	cr_assert_eq(kept__expire(kept, 1000 + 9999 * 3), 0);
	cr_assert_gt(dropped, 8000, "by blocks: %" PRIu64, dropped);
	cr_assert_leq(dropped, 10000 - 500);
	cr_assert_eq(stats().room_ts, 0, "that is no want of room");
	expect_kept(10000);
	cr_assert_eq(kept__expire(kept, UINT64_MAX), 0);
	cr_assert_eq(dropped, 10000);
	cr_assert_eq(stats().events, 0);
	cr_assert_eq(stats().bytes, 0);
	add(10000, 10100);
	expect_kept(10100);
}

Test(kept, keeps_for_another_time_from_then_on)
{
	begin(1 << 20, 1500);
	kept__set_time(kept, 20000);
	add(0, 10000);
	cr_assert_eq(kept__expire(kept, 1000 + 9999 * 3), 0);
	cr_assert_lt(dropped, 10000 - 20000 / 3);
	kept__set_time(kept, 0);
	cr_assert_eq(kept__expire(kept, UINT64_MAX), 0);
	cr_assert_gt(stats().events, 0);
}

Test(kept, takes_events_that_are_larger_than_a_block, .timeout = 60)
{
	big = 100000;
	begin(1 << 20, 0);
	add(0, 6000);
	expect_kept(6000);
	cr_assert_gt(dropped, 0);
	tidy();
	/* And larger than all that it may take: it goes the way of all. */
	big = 2 << 20;
	begin(1 << 20, 0);
	add(0, 1010);
	expect_kept(1010);
	cr_assert_gt(dropped, 4);
}

Test(kept, ends_with_an_error_of_who_gets_what_is_dropped)
{
	struct event e = event_of(0, 0);
	int err = 0;

	begin(1 << 20, 0);
	fails = -EIO;
	for (uint64_t n = 0; n < 1000000 && !err; n++)
		err = kept__add(kept, &e);
	cr_assert_eq(err, -EIO);
}

/* A counter of four, as most are: what an event takes, of which 40 bytes is what we want to stay below. */
static double bytes_of(double (*fraction)(uint64_t n))
{
	const uint64_t events = 10000;

	begin(1 << 20, 0);
	for (uint64_t n = 0; n < events; n++) {
		const struct value values[] = { integer("open", (int64_t)(n % 500)), natural("served", n * 7),
						real("load", fraction(n)), integer("waiting", -(int64_t)(n % 90)) };
		struct event e = { .kind = EVENT_SNAPSHOT,
				   .probe = EVENT_PROBE_SET,
				   .ts = 1u << 30 | n * 5000,
				   .pid = 4000,
				   .tid = 4000 + (uint32_t)(n % 4),
				   .comm = "server",
				   .address = 0x7ffd12345678 + n % 8 * 64,
				   .cls = 0x5555557781234,
				   .tag = "pool",
				   .is_counter = true,
				   .index = n % 4,
				   .mask = 15,
				   .values = values,
				   .n_values = 4 };

		cr_assert_eq(kept__add(kept, &e), 0);
	}
	return (double)stats().bytes / (double)events;
}

static double quarters(uint64_t n)
{
	return 0.25 * (double)(n % 64);
}

static double thirds(uint64_t n)
{
	return (double)n / 3;
}

Test(kept, needs_few_bytes_for_a_counter)
{
	double n = bytes_of(quarters), whole;

	tidy();
	whole = bytes_of(thirds);
	printf("kept: a counter of 4 takes %.1f bytes, %.1f with fractions of all digits\n", n, whole);
	cr_assert_leq(whole, 40);
}
