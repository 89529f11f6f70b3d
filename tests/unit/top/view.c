// SPDX-License-Identifier: BSD-2-Clause
/* Keys in, lines out. */
#define _GNU_SOURCE
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "top/view.h"
#include "told.h"

static struct view view;
static struct rows rows;
static struct view_lines lines;
static const struct view_books books = { .what = "process 7 (app)", .seconds = 12, .rate = 1234, .lost = 5 };

static void set_up(void)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
	begin_live();
	view__init(&view, true);
}

static void tear_down(void)
{
	view_lines__clear(&lines);
	rows__clear(&rows);
	end_live();
}

TestSuite(view, .init = set_up, .fini = tear_down);

static void fill(unsigned counters)
{
	char name[16];

	for (unsigned i = 0; i < counters; i++) {
		snprintf(name, sizeof(name), "c%02u", i);
		sample(i + 1, name, integer("x", (int64_t)i));
	}
	call("parse", 0, 1500);
	snapshot(1, "ada", "account", (struct value[]){ integer("balance", 3) }, 1);
	snapshot(2, "bob", "account", (struct value[]){ integer("balance", 4) }, 1);
	cr_assert_eq(live__tick(live, 1), 0);
	cr_assert_eq(rows__build(&rows, live, NULL, view.order), 0);
}

static void draw(unsigned width, unsigned height)
{
	view_lines__clear(&lines);
	view__draw(&view, &rows, live, &books, width, height, &lines);
}

static enum view_action key(unsigned k)
{
	enum view_action action = view__key(&view, &rows, k);

	rows__sort(&rows, view.focus, view.order[view.focus]);
	return action;
}

static bool shows(const char *text)
{
	for (size_t i = 0; i < lines.n; i++)
		if (strstr(lines.list[i].text, text))
			return true;
	return false;
}

static const char *selected(void)
{
	for (size_t i = 0; i < lines.n; i++)
		if (lines.list[i].style == STYLE_SELECTED)
			return lines.list[i].text;
	return "";
}

Test(view, every_size_is_filled_and_not_exceeded)
{
	fill(30);
	for (view.focus = 0; view.focus < SECTIONS; view.focus++) {
		for (unsigned width = 1; width <= 200; width += width < 50 ? 1 : 25) {
			for (unsigned height = 1; height <= 50; height++) {
				draw(width, height);
				cr_assert_leq(lines.n, height);
				cr_assert_eq(lines.n, height < 2 ? 1 : height, "%u by %u: %zu", width, height, lines.n);
				for (size_t i = 0; i < lines.n; i++) {
					wchar_t wide[512];
					size_t n = mbstowcs(wide, lines.list[i].text, 512);

					cr_assert_leq(wcswidth(wide, n), (int)width, "%u: '%s'", width,
						      lines.list[i].text);
				}
			}
		}
	}
}

Test(view, forty_columns_show_a_figure_and_a_name_of_each)
{
	fill(3);
	draw(40, 24);
	cr_assert(shows("lost 5"));
	cr_assert(shows("c00.x"));
	cr_assert(shows("parse"));
	cr_assert(shows("ada (account)"));
	cr_assert(shows("last"));
	cr_assert(shows("calls/s"));
	cr_assert(shows("alive"));
	cr_assert(shows("? help"));
	cr_assert(!shows("p50"));
	draw(120, 24);
	cr_assert(shows("p50"));
	cr_assert(shows("minute"));
	cr_assert(shows("process 7 (app)"));
}

Test(view, tables_share_the_lines)
{
	size_t got[SECTIONS];

	view__share((size_t[]){ 100, 100, 100 }, 30, got);
	cr_assert(got[0] == 10 && got[1] == 10 && got[2] == 10);
	view__share((size_t[]){ 100, 0, 4 }, 30, got);
	cr_assert(got[0] == 26 && got[1] == 0 && got[2] == 4, "%zu %zu %zu", got[0], got[1], got[2]);
	view__share((size_t[]){ 100, 100, 5 }, 30, got);
	cr_assert(got[0] + got[1] == 25 && got[2] == 5, "%zu %zu %zu", got[0], got[1], got[2]);
	view__share((size_t[]){ 2, 3, 4 }, 30, got);
	cr_assert(got[0] == 2 && got[1] == 3 && got[2] == 4);
	view__share((size_t[]){ 9, 9, 9 }, 0, got);
	cr_assert(got[0] + got[1] + got[2] == 0);
	view__share((size_t[]){ 9, 9, 9 }, 10, got);
	cr_assert_eq(got[0] + got[1] + got[2], 10);
}

Test(view, the_selected_row_is_followed)
{
	fill(30);
	draw(80, 24);
	cr_assert(strstr(selected(), "c00.x"), "%s", selected());
	key(VIEW_KEY_DOWN);
	draw(80, 24);
	cr_assert(strstr(selected(), "c01.x"));
	key('r'); /* from z to a: it is the last but one now */
	draw(80, 24);
	cr_assert(strstr(selected(), "c01.x"), "%s", selected());
	cr_assert(!shows("c29.x"));
	key(VIEW_KEY_HOME);
	draw(80, 24);
	cr_assert(strstr(selected(), "c29.x"));
	key(VIEW_KEY_END);
	draw(80, 24);
	cr_assert(strstr(selected(), "c00.x"));
	key(VIEW_KEY_DOWN);
	draw(80, 24);
	cr_assert(strstr(selected(), "c00.x"));
}

Test(view, pages_are_as_long_as_the_table)
{
	fill(30);
	draw(80, 24);
	key(VIEW_KEY_PAGE_DOWN);
	draw(80, 24);
	cr_assert_eq(view.at[SECTION_COUNTERS], view.page);
	key(VIEW_KEY_PAGE_UP);
	cr_assert_eq(view.at[SECTION_COUNTERS], 0);
	key(VIEW_KEY_PAGE_UP);
	cr_assert_eq(view.at[SECTION_COUNTERS], 0);
}

Test(view, sorting_goes_round)
{
	fill(3);
	key('>'); /* by name, and then the first figure */
	draw(80, 24);
	cr_assert_eq(view.order[SECTION_COUNTERS].by, 0);
	cr_assert_str_eq(rows.list[SECTION_COUNTERS][0].name, "c02.x");
	cr_assert(shows("\u25bclast"));
	key('<');
	draw(80, 24);
	cr_assert_eq(view.order[SECTION_COUNTERS].by, section__n_columns(SECTION_COUNTERS));
	cr_assert_str_eq(rows.list[SECTION_COUNTERS][0].name, "c00.x");
	cr_assert(shows("\u25b2counters"));
}

Test(view, the_state_of_the_selected_object)
{
	fill(3);
	key('\t');
	cr_assert_eq(view.focus, SECTION_METHODS);
	key(VIEW_KEY_NEXT);
	draw(80, 24);
	cr_assert(shows("ada (account): balance: 3"));
	key(VIEW_KEY_DOWN);
	draw(80, 24);
	cr_assert(shows("bob (account): balance: 4"));
	key(VIEW_KEY_PREVIOUS);
	cr_assert_eq(view.focus, SECTION_METHODS);
}

Test(view, tables_without_rows_have_no_keys)
{
	snapshot(1, "ada", "account", NULL, 0);
	cr_assert_eq(live__tick(live, 1), 0);
	cr_assert_eq(rows__build(&rows, live, NULL, view.order), 0);
	draw(80, 24);
	cr_assert_eq(view.focus, SECTION_OBJECTS);
	key('\t');
	cr_assert_eq(view.focus, SECTION_OBJECTS);
	cr_assert(!shows("counters"));
}

Test(view, nothing_has_reported)
{
	draw(80, 24);
	cr_assert(shows("nothing has reported so far"));
	key(VIEW_KEY_DOWN);
	key(VIEW_KEY_END);
	key('\t');
	draw(80, 24);
	view__tables(&view, &rows, &books, &lines);
	cr_assert(shows("nothing has reported so far"));
}

Test(view, a_filter_is_typed)
{
	fill(3);
	cr_assert_eq(key('/'), VIEW_DRAW);
	for (const char *c = "qx"; *c; c++)
		cr_assert_eq(key((unsigned)*c), VIEW_DRAW);
	cr_assert_eq(key(0xe9), VIEW_DRAW);
	cr_assert_str_eq(view.typed, "qx\u00e9");
	draw(40, 24);
	cr_assert_str_eq(lines.list[lines.n - 1].text, "filter objects: qx\u00e9");
	key(VIEW_KEY_BACKSPACE);
	key(VIEW_KEY_BACKSPACE);
	cr_assert_str_eq(view.typed, "q");
	cr_assert_eq(key(VIEW_KEY_UP), VIEW_NOTHING);
	cr_assert_eq(key(VIEW_KEY_ENTER), VIEW_FILTER);
	cr_assert_str_eq(view.typed, "q");
	cr_assert(!view.typing);
	key('/');
	for (int i = 0; i < 2 * VIEW_TYPED; i++)
		key('a' + (unsigned)i % 26);
	cr_assert_eq(strlen(view.typed), VIEW_TYPED - 1);
	draw(40, 24); /* its end is shown */
	cr_assert(strstr(lines.list[lines.n - 1].text, view.typed + VIEW_TYPED - 10));
	cr_assert_eq(key(VIEW_KEY_ESCAPE), VIEW_DRAW);
	cr_assert(!view.typing);
}

Test(view, keys_that_mean_something_to_the_caller)
{
	cr_assert_eq(key('q'), VIEW_QUIT);
	cr_assert_eq(key(VIEW_KEY_QUIT), VIEW_QUIT);
	cr_assert_eq(key('p'), VIEW_DRAW);
	cr_assert(view.paused);
	draw(80, 24);
	cr_assert(shows("PAUSED"));
	key(' ');
	cr_assert(!view.paused);
	cr_assert_eq(key('?'), VIEW_DRAW);
	draw(80, 24);
	cr_assert(shows("this"));
	cr_assert_eq(key('x'), VIEW_DRAW);
	cr_assert(!view.help);
	cr_assert_eq(key('x'), VIEW_NOTHING);
}

static const char *fitted(const char *text, unsigned width)
{
	static char *all;
	size_t size;
	FILE *to;

	free(all);
	to = open_memstream(&all, &size);
	view__fit(to, text, width, true);
	fclose(to);
	return all;
}

Test(view, text_is_cut_by_columns_not_bytes)
{
	cr_assert_str_eq(fitted("abc", 3), "abc");
	cr_assert_str_eq(fitted("abcd", 3), "ab\u2026");
	cr_assert_str_eq(fitted("\u00e9\u00e8\u00ea", 3), "\u00e9\u00e8\u00ea");
	cr_assert_str_eq(fitted("\u4e2d\u6587\u5b57", 6), "\u4e2d\u6587\u5b57");
	cr_assert_str_eq(fitted("\u4e2d\u6587\u5b57", 5), "\u4e2d\u6587\u2026");
	cr_assert_str_eq(fitted("\u4e2d\u6587\u5b57", 4), "\u4e2d\u2026");
	cr_assert_str_eq(fitted("a\xff"
				"b",
				3),
			 "a?b");
	cr_assert_str_eq(fitted("abc", 0), "");
}

Test(view, a_terminal_that_has_no_utf8_gets_ascii)
{
	cr_assert(setlocale(LC_CTYPE, "C"));
	view.utf8 = false;
	fill(3);
	sample(9, "\u00e9", integer("x", 1));
	cr_assert_eq(live__tick(live, 1), 0);
	cr_assert_eq(rows__build(&rows, live, NULL, view.order), 0);
	draw(100, 24);
	cr_assert(shows("??.x"));
	for (size_t i = 0; i < lines.n; i++)
		for (const char *c = lines.list[i].text; *c; c++)
			cr_assert((unsigned char)*c < 0x80, "%s", lines.list[i].text);
}

Test(view, tables_are_whole_for_who_has_no_screen)
{
	fill(30);
	view__tables(&view, &rows, &books, &lines);
	cr_assert(shows("c29.x"));
	cr_assert(shows("p50"));
	cr_assert(!shows("minute"));
	cr_assert_str_eq(lines.list[0].text, "lost 5  1234 events/s  12.0 s  process 7 (app)");
}
