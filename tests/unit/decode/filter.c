/* SPDX-License-Identifier: BSD-2-Clause */
/* What of objects is let through, and what the kernel is told. */
#include "filter_fixtures.h"

TestSuite(filter, .fini = tidy);

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
