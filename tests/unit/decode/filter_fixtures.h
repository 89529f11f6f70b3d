/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events in; a line for each that passes, and for each verdict that the kernel is given:
 *   TS found|init|destroy|set|... name address {values}
 *   push CLS/HASH allowed=BITS trigger=N epoch=N
 *   push slices allowed=BITS epoch=N
 */
#ifndef VIZTRACE_TEST_FILTER_FIXTURES_H
#define VIZTRACE_TEST_FILTER_FIXTURES_H

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/filter.h"
#include "../show.h"

#define PID 7u
#define CLS 0xc0deu
#define A 0x1000u
#define B 0x2000u

static struct page page;
static struct filter *filter;
static struct rules rules;
static int calls_until_error; /* 0: never */
static uint64_t slices_hash;  /* of the name that was pushed last */

/* Attributes 0, 1 and 3; 2 is private. */
static const char *const keys[] = { "own", "dict", "", "list" };

static inline void tidy(void)
{
	filter__free(filter);
	rules__clear(&rules);
	free(page.text);
}

static inline void on_push(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	cr_assert_eq(ctx, &page);
	if (!key->cls) {
		cr_assert_eq(key->generation, 0);
		slices_hash = key->name_hash;
		print(&page, "push slices allowed=%" PRIx64 " epoch=%u", v->allowed, epoch);
		print(&page, key->pid == PID ? "\n" : " of %u\n", key->pid);
		return;
	}
	cr_assert_eq(key->pid, PID);
	print(&page, "push %" PRIx64 "/%" PRIu64 " allowed=%" PRIx64 " trigger=%d epoch=%u\n", key->cls, key->name_hash,
	      v->allowed, (int)v->trigger, epoch);
}

static inline int on_event(void *ctx, const struct event *e)
{
	static const char *const kinds[] = { "found", "init",  "destroy", NULL,   "enter",
					     "exit",  "value", "instant", "async" };

	cr_assert_eq(ctx, &calls_until_error);
	print(&page, "%" PRIu64 " %s", e->ts, kinds[e->kind] ? kinds[e->kind] : probe_names[e->probe]);
	if (e->name)
		print(&page, " %s", e->name);
	if (e->unwanted)
		print(&page, " (unwanted)");
	if (e->address)
		print(&page, " %" PRIx64, e->address);
	if (e->n_values) {
		print(&page, " ");
		show_values(&page, e->values, e->n_values);
	}
	print(&page, "\n");
	return calls_until_error && !--calls_until_error ? -ENOSPC : 0;
}

/* "--exclude", "a.b", "--no-methods": options with their values. */
static inline void set_rules(const char *const *words)
{
	rules__clear(&rules);
	for (; *words; words++) {
		if (!rules__set(&rules, words[0], NULL))
			continue;
		cr_assert_eq(rules__set(&rules, words[0], words[1]), 0, "%s", words[0]);
		words++;
	}
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define START(...) \
	do { \
		set_rules(WORDS(__VA_ARGS__)); \
		cr_assert_eq(filter__new(&filter, &rules, on_push, &page), 0); \
	} while (0)
#define CHANGE(ts, ...) \
	do { \
		set_rules(WORDS(__VA_ARGS__)); \
		cr_assert_eq(filter__change(filter, &rules, ts), 0); \
	} while (0)

static inline int feed(const struct event *e)
{
	return filter__feed(filter, e, on_event, &calls_until_error);
}

/* The kernel's hash of a name is made up: its length. */
static inline struct event introduction(enum event_kind kind, uint64_t ts, uint64_t address, const char *name)
{
	return (struct event){ .kind = kind,
			       .probe = EVENT_PROBE_INIT,
			       .ts = ts,
			       .pid = PID,
			       .tid = 8,
			       .address = address,
			       .cls = CLS,
			       .tag = "tag",
			       .name = name,
			       .name_hash = name ? strlen(name) : 0,
			       .keys = keys,
			       .n_keys = 4 };
}

static inline void found(uint64_t ts, uint64_t address, const char *name)
{
	struct event e = introduction(EVENT_FOUND, ts, address, name);

	cr_assert_eq(feed(&e), 0);
}

static inline void init(uint64_t ts, uint64_t address, const char *name)
{
	struct event e = introduction(EVENT_INIT, ts, address, name);

	cr_assert_eq(feed(&e), 0);
}

static inline void destroy(uint64_t ts, uint64_t address)
{
	struct event e = {
		.kind = EVENT_DESTROY, .probe = EVENT_PROBE_DESTROY, .ts = ts, .pid = PID, .address = address
	};

	cr_assert_eq(feed(&e), 0);
}

static inline struct event report_of(enum probe probe, uint64_t ts, uint64_t address, uint32_t index,
				     const struct value *v, size_t n)
{
	return (struct event){ .kind = EVENT_SNAPSHOT,
			       .probe = probe,
			       .ts = ts,
			       .pid = PID,
			       .address = address,
			       .cls = CLS,
			       .tag = "tag",
			       .values = v,
			       .n_values = n,
			       .mask = 0xb,
			       .index = index };
}

/* own=n, dict={a=[1, 2], b=3}, list=[[4], 5] */
static inline struct event whole(enum probe probe, uint64_t ts, uint64_t address, uint32_t index, int64_t n)
{
	static struct value v[10];

	v[0] = (struct value){ .key = "own", .type = VALUE_INT, .i = n };
	v[1] = (struct value){ .key = "dict", .type = VALUE_DICT, .n_children = 2 };
	v[2] = (struct value){ .key = "a", .type = VALUE_LIST, .n_children = 2 };
	v[3] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[4] = (struct value){ .type = VALUE_INT, .i = 2 };
	v[5] = (struct value){ .key = "b", .type = VALUE_INT, .i = 3 };
	v[6] = (struct value){ .key = "list", .type = VALUE_LIST, .n_children = 2 };
	v[7] = (struct value){ .type = VALUE_LIST, .n_children = 1 };
	v[8] = (struct value){ .type = VALUE_INT, .i = 4 };
	v[9] = (struct value){ .type = VALUE_INT, .i = 5 };
	return report_of(probe, ts, address, index, v, 10);
}

/* One attribute was written, and nobody has decided yet. */
static inline void set(uint64_t ts, uint64_t address, uint32_t index, int64_t n)
{
	struct event e = whole(EVENT_PROBE_SET, ts, address, index, n);

	cr_assert_eq(feed(&e), 0);
}

/* The kernel let it through by the rules of that epoch. */
static inline void set_by(uint32_t epoch, uint64_t ts, uint64_t address, uint32_t index)
{
	struct event e = whole(EVENT_PROBE_SET, ts, address, index, 1);

	e.epoch = epoch;
	cr_assert_eq(feed(&e), 0);
}

static inline void logged(uint64_t ts, uint64_t address)
{
	struct event e = whole(EVENT_PROBE_LOG, ts, address, 0, 1);

	cr_assert_eq(feed(&e), 0);
}

static inline void quiet(uint64_t ts, uint64_t address, uint32_t index, uint64_t mask)
{
	struct event e = whole(EVENT_PROBE_QUIET, ts, address, index, 1);

	e.mask = mask;
	if (!(mask & 1)) {
		e.values++;
		e.n_values--;
	}
	cr_assert_eq(feed(&e), 0);
}

static inline void named(enum event_kind kind, uint64_t ts, const char *name, bool pretty)
{
	static const enum probe probes[] = { [EVENT_ENTER] = EVENT_PROBE_ENTER,
					     [EVENT_EXIT] = EVENT_PROBE_EXIT,
					     [EVENT_INSTANT] = EVENT_PROBE_INSTANT };
	struct event e = { .kind = kind, .probe = probes[kind], .ts = ts, .pid = PID, .name = name, .pretty = pretty };

	cr_assert_eq(feed(&e), 0);
}

static inline void async(uint64_t ts, enum async_step step, const char *name)
{
	struct event e = {
		.kind = EVENT_ASYNC, .probe = EVENT_PROBE_ASYNC, .ts = ts, .pid = PID, .name = name, .step = step
	};

	cr_assert_eq(feed(&e), 0);
}

static inline void valued(uint64_t ts, const char *name, const char *key)
{
	struct value v = { .key = key, .type = VALUE_INT, .i = 1 };
	struct event e = { .kind = EVENT_VALUE,
			   .probe = EVENT_PROBE_VALUE,
			   .ts = ts,
			   .pid = PID,
			   .name = name,
			   .values = &v,
			   .n_values = 1 };

	cr_assert_eq(feed(&e), 0);
}

static inline void expect(const char *wanted, int line)
{
	cr_assert_str_eq(page.text ? page.text : "", wanted, "line %d: got\n%s", line,
			 page.text ? page.text : "nothing\n");
	page.size = 0;
	if (page.text)
		page.text[0] = 0;
}

#define EXPECT(text) expect(text, __LINE__)
#define FILTERED(probe, n) cr_assert_eq(filter__filtered(filter, EVENT_PROBE_##probe), (uint64_t)(n))

#define OWN "{own=1}"
#define DICT "{dict={a=[1, 2], b=3}}"
#define LIST "{list=[[4], 5]}"
#define ALL "{own=1, dict={a=[1, 2], b=3}, list=[[4], 5]}"
#define NO_OWN "{dict={a=[1, 2], b=3}, list=[[4], 5]}"
#define NO_DICT "{own=1, list=[[4], 5]}"
#define NO_LIST "{own=1, dict={a=[1, 2], b=3}}"

#endif
