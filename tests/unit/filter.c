/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events in; a line for each that passes, and for each verdict that the kernel is given:
 *   TS found|init|destroy|set|... name address {values}
 *   push CLS/HASH allowed=BITS trigger=N epoch=N
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../user/filter.h"
#include "show.h"

#define PID 7u
#define CLS 0xc0deu
#define A 0x1000u
#define B 0x2000u

static struct page page;
static struct filter *filter;
static struct rules rules;
static int calls_until_error; /* 0: never */

/* Attributes 0, 1 and 3; 2 is private. */
static const char *const keys[] = { "own", "dict", "", "list" };

static void tidy(void)
{
	filter__free(filter);
	rules__clear(&rules);
	free(page.text);
}

TestSuite(filter, .fini = tidy);

static void on_push(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	cr_assert_eq(ctx, &page);
	cr_assert_eq(key->pid, PID);
	print(&page, "push %" PRIx64 "/%" PRIu64 " allowed=%" PRIx64 " trigger=%d epoch=%u\n", key->cls, key->name_hash,
	      v->allowed, (int)v->trigger, epoch);
}

static int on_event(void *ctx, const struct event *e)
{
	static const char *const kinds[] = { "found", "init", "destroy", NULL, "enter", "exit", "value", "instant" };

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
static void set_rules(const char *const *words)
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

static int feed(const struct event *e)
{
	return filter__feed(filter, e, on_event, &calls_until_error);
}

/* The kernel's hash of a name is made up: its length. */
static struct event introduction(enum event_kind kind, uint64_t ts, uint64_t address, const char *name)
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

static void found(uint64_t ts, uint64_t address, const char *name)
{
	struct event e = introduction(EVENT_FOUND, ts, address, name);

	cr_assert_eq(feed(&e), 0);
}

static void init(uint64_t ts, uint64_t address, const char *name)
{
	struct event e = introduction(EVENT_INIT, ts, address, name);

	cr_assert_eq(feed(&e), 0);
}

static void destroy(uint64_t ts, uint64_t address)
{
	struct event e = {
		.kind = EVENT_DESTROY, .probe = EVENT_PROBE_DESTROY, .ts = ts, .pid = PID, .address = address
	};

	cr_assert_eq(feed(&e), 0);
}

static struct event report_of(enum probe probe, uint64_t ts, uint64_t address, uint32_t index, const struct value *v,
			      size_t n)
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
static struct event whole(enum probe probe, uint64_t ts, uint64_t address, uint32_t index, int64_t n)
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
static void set(uint64_t ts, uint64_t address, uint32_t index, int64_t n)
{
	struct event e = whole(EVENT_PROBE_SET, ts, address, index, n);

	cr_assert_eq(feed(&e), 0);
}

/* The kernel let it through by the rules of that epoch. */
static void set_by(uint32_t epoch, uint64_t ts, uint64_t address, uint32_t index)
{
	struct event e = whole(EVENT_PROBE_SET, ts, address, index, 1);

	e.epoch = epoch;
	cr_assert_eq(feed(&e), 0);
}

static void logged(uint64_t ts, uint64_t address)
{
	struct event e = whole(EVENT_PROBE_LOG, ts, address, 0, 1);

	cr_assert_eq(feed(&e), 0);
}

static void quiet(uint64_t ts, uint64_t address, uint32_t index, uint64_t mask)
{
	struct event e = whole(EVENT_PROBE_QUIET, ts, address, index, 1);

	e.mask = mask;
	if (!(mask & 1)) {
		e.values++;
		e.n_values--;
	}
	cr_assert_eq(feed(&e), 0);
}

static void named(enum event_kind kind, uint64_t ts, const char *name, bool pretty)
{
	static const enum probe probes[] = { [EVENT_ENTER] = EVENT_PROBE_ENTER,
					     [EVENT_EXIT] = EVENT_PROBE_EXIT,
					     [EVENT_INSTANT] = EVENT_PROBE_INSTANT };
	struct event e = { .kind = kind, .probe = probes[kind], .ts = ts, .pid = PID, .name = name, .pretty = pretty };

	cr_assert_eq(feed(&e), 0);
}

static void valued(uint64_t ts, const char *name, const char *key)
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

static void expect(const char *wanted, int line)
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

Test(filter, without_rules_all_passes_and_the_kernel_hears_nothing)
{
	START();
	cr_assert_eq(filter__epoch(filter), 0);
	init(1, A, "a");
	found(2, B, NULL);
	set(3, A, 0, 1);
	logged(4, B);
	named(EVENT_ENTER, 5, "f", false);
	named(EVENT_EXIT, 6, NULL, false);
	named(EVENT_INSTANT, 7, "i", false);
	valued(8, "q", "depth");
	destroy(9, A);
	EXPECT("1 init a 1000\n2 found 2000\n3 set 1000 " ALL "\n4 log 2000 " ALL
	       "\n5 enter f\n6 exit\n7 instant i\n8 value q {depth=1}\n9 destroy 1000\n");
	for (int i = 0; i < EVENT_PROBES; i++)
		cr_assert_eq(filter__filtered(filter, (enum probe)i), 0);
}

Test(filter, verdict_goes_to_the_kernel_for_each_class_and_name)
{
	START("--exclude", "a.own");
	cr_assert_eq(filter__epoch(filter), 1);
	init(1, A, "a");
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 init a 1000\n");
	found(2, B, "bb");
	EXPECT("push c0de/2 allowed=f trigger=0 epoch=1\n2 found bb 2000\n");
	/* Each introduction says it again: the kernel may have forgotten. Reports do not. */
	set(3, A, 1, 1);
	set(4, B, 1, 1);
	EXPECT("3 set 1000 " NO_OWN "\n4 set 2000 " ALL "\n");
}

Test(filter, name_is_the_tag_where_there_is_none)
{
	START("--exclude", "tag.own");
	found(1, A, NULL);
	set(2, A, 1, 1);
	EXPECT("push c0de/0 allowed=e trigger=0 epoch=1\n1 found 1000\n2 set 1000 " NO_OWN "\n");
}

Test(filter, written_attribute_that_is_excluded_makes_no_report)
{
	START("--exclude", "*.own");
	found(1, A, "a");
	set(2, A, 0, 1);
	set(3, A, 1, 1);
	logged(4, A);
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\n3 set 1000 " NO_OWN "\n4 log 1000 " NO_OWN
	       "\n");
	FILTERED(SET, 1);
	FILTERED(LOG, 0);
}

Test(filter, lists_and_dicts_are_left_out_whole)
{
	static const struct {
		const char *pattern, *values;
	} rows[] = { { "a.own", OWN },        { "a.dict", DICT }, { "a.list", LIST },    { "a.[od]*", NO_LIST },
		     { "a.*i[cs]t", NO_OWN }, { "a.???", OWN },   { "a.[!d]*", NO_DICT } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[256];

		START("--include", rows[i].pattern);
		found(1, A, "a");
		EXPECT(page.text);
		page.size = 0;
		logged(2, A);
		snprintf(wanted, sizeof(wanted), "2 log 1000 %s\n", rows[i].values);
		EXPECT(wanted);
		filter__free(filter);
		filter = NULL;
	}
}

Test(filter, exclude_wins_over_include)
{
	START("--include", "a", "--exclude", "a.own");
	found(1, A, "a");
	logged(2, A);
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\n2 log 1000 " NO_OWN "\n");
}

Test(filter, what_the_app_left_out_stays_out)
{
	struct event e;

	START("--include", "a.own", "--include", "a.list");
	found(1, A, "a");
	e = whole(EVENT_PROBE_LOG, 2, A, 0, 1);
	e.mask = 1; /* own alone */
	e.n_values = 1;
	cr_assert_eq(feed(&e), 0);
	e.ts = 3;
	e.mask = 2; /* dict alone */
	e.values++;
	e.n_values = 5;
	cr_assert_eq(feed(&e), 0);
	EXPECT("push c0de/1 allowed=9 trigger=0 epoch=1\n1 found a 1000\n2 log 1000 {own=1}\n");
	FILTERED(LOG, 1);
}

Test(filter, trigger_of_the_rules)
{
	START("--no-trigger-on-change", "a", "--trigger-on-change", "b?", "--trigger-on-change", "a");
	found(1, A, "a");
	found(2, B, "bb");
	EXPECT("push c0de/1 allowed=f trigger=2 epoch=1\n1 found a 1000\n"
	       "push c0de/2 allowed=f trigger=1 epoch=1\n2 found bb 2000\n");
	set(3, A, 0, 1);
	logged(4, A);
	quiet(5, A, 0, 0xb);
	set(6, B, 0, 1);
	quiet(7, B, 0, 0xb);
	EXPECT("4 log 1000 " ALL "\n6 set 2000 " ALL "\n7 quiet 2000 " ALL "\n");
	FILTERED(SET, 1);
	FILTERED(QUIET, 1);
}

Test(filter, trigger_of_the_rules_does_not_touch_what_the_app_excludes)
{
	START("--trigger-on-change", "a");
	found(1, A, "a");
	quiet(2, A, 0, 0xa); /* own is not in it: the app excludes it */
	quiet(3, A, 1, 0xa);
	EXPECT("push c0de/1 allowed=f trigger=1 epoch=1\n1 found a 1000\n3 quiet 1000 " NO_OWN "\n");
	FILTERED(QUIET, 1);
}

Test(filter, object_of_which_nothing_may_be_seen_is_not_there)
{
	START("--exclude", "a");
	init(1, A, "a");
	set(2, A, 0, 1);
	logged(3, A);
	destroy(4, A);
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\n");
	FILTERED(INIT, 1);
	FILTERED(SET, 1);
	FILTERED(LOG, 1);
	FILTERED(DESTROY, 1);
	/* A FOUND is no event of its own, and neither is counted. */
	found(5, A, "a");
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\n");
	FILTERED(INIT, 1);
}

Test(filter, hidden_object_is_introduced_when_it_may_be_seen)
{
	START("--exclude", "a");
	init(1, A, "a");
	set(2, A, 0, 1);
	CHANGE(10);
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\npush c0de/1 allowed=f trigger=0 epoch=2\n");
	set(11, A, 1, 1);
	EXPECT("11 found a 1000\n11 set 1000 " ALL "\n");
	set(12, A, 1, 1);
	destroy(13, A);
	EXPECT("12 set 1000 " ALL "\n13 destroy 1000\n");
}

Test(filter, seen_object_stays_introduced_while_it_is_hidden)
{
	START();
	init(1, A, "a");
	CHANGE(10, "--exclude", "a");
	set(11, A, 0, 1);
	destroy(12, A);
	EXPECT("1 init a 1000\npush c0de/1 allowed=0 trigger=0 epoch=1\n12 destroy 1000\n");
}

Test(filter, object_that_takes_anothers_place_is_hidden_by_its_own_name)
{
	struct event e;

	START("--exclude", "bb");
	init(1, A, "a");
	init(2, A, "bb");
	set(3, A, 0, 1);
	init(4, A, "a");
	set(5, A, 0, 1);
	EXPECT("push c0de/1 allowed=f trigger=0 epoch=1\n1 init a 1000\npush c0de/2 allowed=0 trigger=0 epoch=1\n"
	       "push c0de/1 allowed=f trigger=0 epoch=1\n4 init a 1000\n5 set 1000 " ALL "\n");
	/* Its INIT was lost. */
	e = introduction(EVENT_FOUND, 6, A, "bb");
	e.is_new = true;
	cr_assert_eq(feed(&e), 0);
	set(7, A, 0, 1);
	EXPECT("push c0de/2 allowed=0 trigger=0 epoch=1\n");
}

Test(filter, object_found_again_under_another_name_is_judged_by_that)
{
	START("--exclude", "bb", "--on-change");
	found(1, A, "a");
	set(2, A, 0, 1);
	found(3, A, "bb");
	set(4, A, 0, 1);
	found(5, A, "a");
	set(6, A, 0, 1);
	EXPECT("push c0de/1 allowed=f trigger=0 epoch=1\n1 found a 1000\n2 set 1000 " ALL
	       "\npush c0de/2 allowed=0 trigger=0 epoch=1\npush c0de/1 allowed=f trigger=0 epoch=1\n5 found a 1000\n"
	       "6 set 1000 " ALL "\n");
	/* The same object, of which the kernel had forgotten: what was said of it is known here. */
	found(7, A, "a");
	page.size = 0;
	page.text[0] = 0;
	set(8, A, 0, 1);
	EXPECT("");
}

Test(filter, undecided_reports_are_decided_by_the_rules_of_their_time)
{
	START("--exclude", "a.own");
	found(1, A, "a");
	CHANGE(10, "--exclude", "a.dict");
	set(8, A, 0, 1);
	set(9, A, 1, 1);
	set(10, A, 0, 1);
	set(11, A, 1, 1);
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\npush c0de/1 allowed=d trigger=0 epoch=2\n"
	       "9 set 1000 " NO_OWN "\n10 set 1000 " NO_DICT "\n");
	FILTERED(SET, 2);
}

Test(filter, what_the_kernel_decided_is_shown_by_the_rules_it_had)
{
	START("--exclude", "a.own");
	found(1, A, "a");
	CHANGE(10, "--exclude", "a.dict");
	CHANGE(20, "--exclude", "a.list");
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\npush c0de/1 allowed=d trigger=0 epoch=2\n"
	       "push c0de/1 allowed=7 trigger=0 epoch=3\n");
	/* A moment after the change, the kernel still had the rules before it. */
	set_by(2, 21, A, 0);
	set_by(3, 22, A, 0);
	set_by(1, 23, A, 1);
	EXPECT("21 set 1000 " NO_DICT "\n22 set 1000 " NO_LIST "\n23 set 1000 " NO_OWN "\n");
}

Test(filter, event_from_before_a_change_is_judged_by_the_rules_before_it)
{
	START();
	CHANGE(10, "--exclude", "a", "--no-methods", "--exclude", "q");
	/* They came late. */
	found(1, A, "a");
	set(2, A, 0, 1);
	named(EVENT_ENTER, 3, "f", false);
	valued(4, "q", "depth");
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\n1 found a 1000\n2 set 1000 " ALL
	       "\n3 enter f\n4 value q {depth=1}\n");
	set(12, A, 0, 1);
	named(EVENT_ENTER, 13, "f", false);
	valued(14, "q", "depth");
	EXPECT("");
}

Test(filter, event_from_before_several_changes_is_judged_by_the_rules_of_its_time)
{
	START("--exclude", "a.own");
	for (uint64_t i = 1; i <= 10; i++)
		CHANGE(10 * i, "--exclude", i % 2 ? "a.dict" : "a.list");
	found(1, A, "a");
	page.size = 0;
	set(5, A, 1, 1);
	set(15, A, 0, 1);
	set(25, A, 0, 1);
	set(95, A, 0, 1);
	set(105, A, 0, 1);
	EXPECT("5 set 1000 " NO_OWN "\n15 set 1000 " NO_DICT "\n25 set 1000 " NO_LIST "\n95 set 1000 " NO_DICT
	       "\n105 set 1000 " NO_LIST "\n");
}

Test(filter, thousand_changes_leave_the_last_rules)
{
	START();
	found(1, A, "a");
	for (uint64_t i = 1; i <= 1000; i++)
		CHANGE(10 * i, "--exclude", i % 2 ? "a.dict" : "a.list");
	cr_assert_eq(filter__epoch(filter), 1000);
	cr_assert_str_eq(filter__rules(filter)->lists[RULE_EXCLUDE].list[0].text, "a.list");
	page.size = 0;
	set(10001, A, 0, 1);
	set(9995, A, 0, 1);
	EXPECT("10001 set 1000 " NO_LIST "\n9995 set 1000 " NO_DICT "\n");
	/* Older than what is remembered: by the oldest rules that are. */
	set(2, A, 0, 1);
	cr_assert_gt(page.size, 0);
}

Test(filter, epoch_never_goes_back_to_none)
{
	START("--exclude", "a");
	CHANGE(10);
	cr_assert_eq(filter__epoch(filter), 2);
	CHANGE(20);
	cr_assert_eq(filter__epoch(filter), 3);
}

Test(filter, rules_are_copied)
{
	START("--exclude", "a.own");
	rules__clear(&rules);
	found(1, A, "a");
	logged(2, A);
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\n2 log 1000 " NO_OWN "\n");
}

Test(filter, patterns_know_what_they_matched)
{
	START("--exclude", "a.own", "--exclude", "nix", "--trigger-on-change", "tag", "--methods", "f*");
	found(1, A, "a");
	named(EVENT_ENTER, 2, "foo", false);
	cr_assert(filter__rules(filter)->lists[RULE_EXCLUDE].list[0].matched);
	cr_assert_not(filter__rules(filter)->lists[RULE_EXCLUDE].list[1].matched);
	cr_assert(filter__rules(filter)->lists[RULE_TRIGGER].list[0].matched);
	cr_assert(filter__rules(filter)->lists[RULE_METHODS].list[0].matched);
	/* Also after rules were added. */
	rules__clear(&rules);
	cr_assert_eq(rules__copy(&rules, filter__rules(filter)), 0);
	cr_assert_eq(filter__change(filter, &rules, 10), 0);
	cr_assert(filter__rules(filter)->lists[RULE_METHODS].list[0].matched);
}

Test(filter, library_at_the_same_address_is_another_class)
{
	static const char *const other_keys[] = { "list", "own", "x", "dict" }, *const fewer[] = { "own" };
	struct event e;

	START("--exclude", "*.own");
	found(1, A, "a");
	EXPECT("push c0de/1 allowed=e trigger=0 epoch=1\n1 found a 1000\n");
	e = introduction(EVENT_INIT, 2, B, "a");
	e.keys = other_keys;
	cr_assert_eq(feed(&e), 0);
	EXPECT("push c0de/1 allowed=d trigger=0 epoch=1\n2 init a 2000\n");
	e = introduction(EVENT_INIT, 3, B, "a");
	e.tag = "tog";
	e.keys = fewer;
	e.n_keys = 1;
	cr_assert_eq(feed(&e), 0);
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\n");
	/* An object of the first one is still what it was. */
	set(4, A, 0, 1);
	set(5, A, 1, 1);
	EXPECT("5 set 1000 " NO_OWN "\n");
	CHANGE(10);
	set(11, A, 0, 1);
	EXPECT("push c0de/1 allowed=1 trigger=0 epoch=2\n11 set 1000 " ALL "\n");
}

Test(filter, processes_are_apart)
{
	struct event e;

	START();
	CHANGE(10, "--exclude", "a");
	e = whole(EVENT_PROBE_SET, 11, A, 0, 1);
	found(11, A, "a");
	e.pid = PID + 1; /* not introduced: that is for the model to find out */
	cr_assert_eq(feed(&e), 0);
	EXPECT("push c0de/1 allowed=0 trigger=0 epoch=1\n11 set 1000 " ALL "\n");
}

Test(filter, on_change_leaves_out_what_was_said)
{
	START("--on-change");
	found(1, A, "a");
	found(1, B, "b");
	page.size = 0;
	set(2, A, 0, 1);
	set(3, A, 0, 1);
	set(4, B, 0, 1);
	set(5, A, 0, 2);
	logged(6, A); /* own=1 again */
	logged(7, A);
	EXPECT("2 set 1000 " ALL "\n4 set 2000 " ALL "\n5 set 1000 {own=2, dict={a=[1, 2], b=3}, list=[[4], 5]}\n"
	       "6 log 1000 " ALL "\n");
	FILTERED(SET, 1);
	FILTERED(LOG, 1);
}

Test(filter, on_change_looks_at_what_is_shown_only)
{
	START("--on-change", "--exclude", "*.own");
	found(1, A, "a");
	page.size = 0;
	set(2, A, 1, 1);
	set(3, A, 1, 2);
	EXPECT("2 set 1000 " NO_OWN "\n");
}

Test(filter, on_change_tells_values_apart)
{
	static const struct value values[] = { { .key = "own", .type = VALUE_INT, .i = 0 },
					       { .key = "own", .type = VALUE_BOOL, .u = 0 },
					       { .key = "own", .type = VALUE_NULL },
					       { .key = "own", .type = VALUE_UNREADABLE },
					       { .key = "own", .type = VALUE_DOUBLE, .d = 0.0 },
					       { .key = "own", .type = VALUE_DOUBLE, .d = -0.0 },
					       { .key = "own", .type = VALUE_STRING, .s = "", .size = 0 },
					       { .key = "own", .type = VALUE_STRING, .s = "ab", .size = 2 },
					       { .key = "own", .type = VALUE_STRING, .s = "ac", .size = 2 },
					       { .key = "own", .type = VALUE_STRING, .s = "ac", .size = 1 },
					       { .key = "own", .type = VALUE_JSON, .s = "ac", .size = 1 },
					       { .key = "own", .type = VALUE_LIST },
					       { .key = "own", .type = VALUE_DICT } };

	START("--on-change");
	found(1, A, "a");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct event e = report_of(EVENT_PROBE_SET, 2 + i, A, 0, &values[i], 1);

		e.mask = 1;
		page.size = 0;
		cr_assert_eq(feed(&e), 0);
		cr_assert_gt(page.size, 0, "value %zu is not another one", i);
		page.size = 0;
		cr_assert_eq(feed(&e), 0);
		cr_assert_eq(page.size, 0, "value %zu is another one", i);
	}
}

Test(filter, on_change_begins_anew_with_a_new_object)
{
	START("--on-change");
	init(1, A, "a");
	set(2, A, 0, 1);
	init(3, A, "a");
	page.size = 0;
	set(4, A, 0, 1);
	EXPECT("4 set 1000 " ALL "\n");
	destroy(5, A);
	init(6, A, "a");
	page.size = 0;
	set(7, A, 0, 1);
	EXPECT("7 set 1000 " ALL "\n");
}

Test(filter, methods_by_name)
{
	START("--methods", "load*", "--methods", "ns::*");
	named(EVENT_ENTER, 1, "loader", false);
	named(EVENT_ENTER, 2, "unload", false);
	named(EVENT_EXIT, 3, "unload", false);
	named(EVENT_EXIT, 4, "loader", false);
	named(EVENT_ENTER, 5, NULL, false); /* unreadable: who knows */
	named(EVENT_INSTANT, 6, "unload", false);
	/* Its slice may have begun under other rules: the model knows. */
	EXPECT("1 enter loader\n3 exit unload (unwanted)\n4 exit loader\n5 enter\n6 instant unload\n");
	FILTERED(ENTER, 1);
	FILTERED(EXIT, 0);
}

Test(filter, methods_of_cxx_by_their_qualified_name)
{
	char long_one[2000] = "void ";

	START("--methods", "ns::*", "--methods", "main");
	named(EVENT_ENTER, 1, "void ns::account::deposit(int) [with T = int]", true);
	named(EVENT_ENTER, 2, "int main(int, char**)", true);
	named(EVENT_ENTER, 3, "void other(ns::account)", true);
	named(EVENT_ENTER, 4, "void ns::account::deposit(int)", false);
	EXPECT("1 enter void ns::account::deposit(int) [with T = int]\n2 enter int main(int, char**)\n");
	memset(long_one + 5, 'n', 1900);
	named(EVENT_ENTER, 5, long_one, true);
	EXPECT("");
}

Test(filter, no_methods_wins)
{
	START("--no-methods", "--methods", "*");
	named(EVENT_ENTER, 1, "f", false);
	named(EVENT_EXIT, 2, "f", false);
	named(EVENT_INSTANT, 3, "f", false);
	EXPECT("2 exit f (unwanted)\n3 instant f\n");
}

Test(filter, values_by_name_and_key)
{
	START("--include", "q*", "--exclude", "*.idle", "--exclude", "quiet");
	valued(1, "queue", "depth");
	valued(2, "queue", "idle");
	valued(3, "quiet", "depth");
	valued(4, "other", "depth");
	valued(5, NULL, "depth");
	EXPECT("1 value queue {depth=1}\n");
	FILTERED(VALUE, 4);
}

Test(filter, report_of_an_unknown_object_is_the_models_affair)
{
	START("--include", "a");
	set(1, A, 0, 1);
	destroy(2, B);
	EXPECT("1 set 1000 " ALL "\n2 destroy 2000\n");
}

Test(filter, error_of_the_next_stage_is_passed_on)
{
	struct event e = introduction(EVENT_INIT, 1, A, "a");

	START("--exclude", "bb");
	calls_until_error = 1;
	cr_assert_eq(feed(&e), -ENOSPC);
	e = whole(EVENT_PROBE_SET, 2, A, 0, 1);
	calls_until_error = 1;
	cr_assert_eq(feed(&e), -ENOSPC);
	/* And of the introduction that comes before a report. */
	init(3, B, "bb");
	CHANGE(10);
	e = whole(EVENT_PROBE_SET, 11, B, 0, 1);
	calls_until_error = 1;
	page.size = 0;
	cr_assert_eq(feed(&e), -ENOSPC);
	EXPECT("11 found bb 2000\n");
}

Test(filter, sixty_four_attributes_have_a_bit_each)
{
	static const char *many[64];
	static char names[64][16];
	static struct value v[64];
	struct event e = introduction(EVENT_FOUND, 1, A, "a");

	for (int i = 0; i < 64; i++) {
		snprintf(names[i], sizeof(names[i]), "k%d", i);
		many[i] = names[i];
		v[i] = (struct value){ .key = names[i], .type = VALUE_INT, .i = i };
	}
	START("--include", "a.k0", "--include", "a.k63");
	e.keys = many;
	e.n_keys = 64;
	cr_assert_eq(feed(&e), 0);
	e = report_of(EVENT_PROBE_SET, 2, A, 63, v, 64);
	e.mask = UINT64_MAX;
	cr_assert_eq(feed(&e), 0);
	e.index = 62;
	cr_assert_eq(feed(&e), 0);
	EXPECT("push c0de/1 allowed=8000000000000001 trigger=0 epoch=1\n1 found a 1000\n2 set 1000 {k0=0, k63=63}\n");
}

Test(filter, many_objects_are_each_judged_by_their_name)
{
	char name[32];

	START("--exclude", "item *7");
	for (unsigned i = 0; i < 20000; i++) {
		struct event e;

		snprintf(name, sizeof(name), "item %u", i);
		e = introduction(EVENT_FOUND, i, 0x10000 + 64u * i, name);
		e.name_hash = i * 0x9e3779b97f4a7c15u;
		page.size = 0;
		cr_assert_eq(feed(&e), 0);
	}
	for (unsigned i = 0; i < 20000; i++) {
		page.size = 0;
		set(30000 + i, 0x10000 + 64u * i, 0, 1);
		cr_assert_eq(page.size == 0, i % 10 == 7, "item %u", i);
	}
}

Test(filter, free_takes_null)
{
	filter__free(NULL);
}

/* More of them than are kept: each is judged by its own name, also the second time. */
Test(filter, names_that_are_gone_are_forgotten)
{
	START("--exclude", "x *7");
	for (uint32_t i = 0; i < 40000; i++) {
		char name[32];
		struct event e;

		snprintf(name, sizeof(name), "x %u", i % 20000);
		e = introduction(EVENT_INIT, 3 * i + 1, A, name);
		e.name_hash = i % 20000 * 0x9e3779b97f4a7c15u;
		cr_assert_eq(feed(&e), 0);
		page.size = 0;
		set(3 * i + 2, A, 0, 1);
		cr_assert_eq(page.size == 0, i % 10 == 7, "object %u", i);
		destroy(3 * i + 3, A);
		page.size = 0;
	}
}
