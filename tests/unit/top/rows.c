// SPDX-License-Identifier: BSD-2-Clause
/* Which rows there are, in which order, and what is in them. */
#include <string.h>

#include "top/rows.h"
#include "told.h"

static struct rows rows;
static struct order orders[SECTIONS];

static void tear_down(void)
{
	rows__clear(&rows);
	end_live();
}

TestSuite(rows, .init = begin_live, .fini = tear_down);

static void build(struct rules *rules)
{
	cr_assert_eq(live__tick(live, 1), 0);
	cr_assert_eq(rows__build(&rows, live, rules, orders), 0);
}

/* "b a c" */
static const char *names(enum section section)
{
	static char all[256];

	all[0] = 0;
	for (size_t i = 0; i < rows.n[section]; i++) {
		strcat(all, i ? " " : "");
		strcat(all, rows.list[section][i].name);
	}
	return all;
}

Test(rows, sorted_by_a_figure_and_by_name)
{
	sample(1, "a", integer("x", 5));
	sample(2, "c", integer("x", 9));
	sample(3, "b", integer("x", 7));
	build(NULL);
	cr_assert_str_eq(names(SECTION_COUNTERS), "c.x b.x a.x");
	orders[SECTION_COUNTERS].reversed = true;
	build(NULL);
	cr_assert_str_eq(names(SECTION_COUNTERS), "a.x b.x c.x");
	rows__sort(&rows, SECTION_COUNTERS, (struct order){ section__n_columns(SECTION_COUNTERS), false });
	cr_assert_str_eq(names(SECTION_COUNTERS), "a.x b.x c.x");
	rows__sort(&rows, SECTION_COUNTERS, (struct order){ section__n_columns(SECTION_COUNTERS), true });
	cr_assert_str_eq(names(SECTION_COUNTERS), "c.x b.x a.x");
}

Test(rows, equals_are_in_the_order_of_names)
{
	call("b", 0, 5);
	call("c", 10, 5);
	call("a", 20, 5);
	build(NULL);
	cr_assert_str_eq(names(SECTION_METHODS), "a b c");
}

static const char *cell(enum section section, unsigned column)
{
	static char text[HUMAN_TEXT];

	return row__cell(&rows.list[section][0], section, column, text);
}

Test(rows, cells_of_counters)
{
	sample(1, "a", integer("x", -12));
	sample(1, "a", integer("x", 9007199254));
	build(NULL);
	cr_assert_str_eq(cell(SECTION_COUNTERS, 0), "9007199254");
	cr_assert_str_eq(cell(SECTION_COUNTERS, 1), "2.0");
	cr_assert_str_eq(cell(SECTION_COUNTERS, 2), "-12");
	/* Of a number without its end nobody could tell which one it is. */
	sample(1, "a", integer("x", 9007199254740993));
	build(NULL);
	cr_assert_str_eq(cell(SECTION_COUNTERS, 0), "9.01e+15");
}

Test(rows, cells_of_methods)
{
	call("a", 0, 1500);
	call("a", 5000, 2500000);
	cr_assert_eq(format_live.ops->slice_begin(live, at(9000000), "a", NULL, 0), 0);
	build(NULL);
	cr_assert_str_eq(cell(SECTION_METHODS, 0), "2.0");
	cr_assert_str_eq(cell(SECTION_METHODS, 1), "1.251 ms");
	cr_assert_str_eq(cell(SECTION_METHODS, 4), "2.500 ms");
	cr_assert_str_eq(cell(SECTION_METHODS, 5), "1");
}

static struct rules rules_of(const char *option, const char *pattern)
{
	struct rules r = { 0 };

	cr_assert_eq(rules__set(&r, option, pattern), 0);
	return r;
}

Test(rows, what_the_filter_hides_goes_and_what_matches_stays)
{
	struct rules some = rules_of("--include", "p*");

	sample(1, "pool", integer("open", 5));
	sample(2, "cache", integer("size", 9));
	snapshot(1, "job", "job", NULL, 0);
	snapshot(2, "a", "person", NULL, 0);
	call("parse", 0, 1);
	build(NULL);
	live__mark(live);
	build(&some);
	cr_assert_str_eq(names(SECTION_COUNTERS), "pool.open");
	cr_assert_str_eq(names(SECTION_OBJECTS), "a (person)");
	cr_assert_str_eq(names(SECTION_METHODS), "parse");
	/* The rules may know it by a name that we do not. */
	sample(2, "cache", integer("size", 9));
	snapshot(1, "job", "job", NULL, 0);
	build(&some);
	cr_assert_eq(rows.n[SECTION_COUNTERS], 2);
	cr_assert_eq(rows.n[SECTION_OBJECTS], 2);
	rules__clear(&some);

	some = rules_of("--methods", "x*");
	live__mark(live);
	build(&some);
	cr_assert_eq(rows.n[SECTION_METHODS], 0);
	cr_assert_eq(rows.n[SECTION_COUNTERS], 2);
	rules__clear(&some);
}

Test(rows, a_spark_line_is_from_the_lowest_to_the_highest)
{
	unsigned char all[LIVE_TICKS], ten[10];

	for (int i = 0; i < 8; i++) {
		sample(1, "a", integer("x", 100 + i));
		build(NULL);
	}
	row__spark(&rows.list[SECTION_COUNTERS][0], LIVE_TICKS, all);
	cr_assert_eq(all[LIVE_TICKS - 9], 0);
	for (unsigned i = 0; i < 8; i++)
		cr_assert_eq(all[LIVE_TICKS - 8 + i], i + 1);
	row__spark(&rows.list[SECTION_COUNTERS][0], 10, ten);
	cr_assert_eq(ten[7], 0);
	cr_assert_eq(ten[8], 2);
	cr_assert_eq(ten[9], 8);
}

Test(rows, a_spark_line_of_what_does_not_change_is_flat)
{
	unsigned char all[LIVE_TICKS];

	sample(1, "a", integer("x", 5));
	sample(2, "b", integer("x", 0));
	build(NULL);
	build(NULL);
	row__spark(&rows.list[SECTION_COUNTERS][0], LIVE_TICKS, all);
	cr_assert_eq(all[LIVE_TICKS - 1], all[LIVE_TICKS - 2]);
	cr_assert_gt(all[LIVE_TICKS - 1], 1);
	row__spark(&rows.list[SECTION_COUNTERS][1], LIVE_TICKS, all);
	cr_assert_eq(all[LIVE_TICKS - 1], 1);
}
