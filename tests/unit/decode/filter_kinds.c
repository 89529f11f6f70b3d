/* SPDX-License-Identifier: BSD-2-Clause */
/* --on-change, methods, and values without an object. */
#include "filter_fixtures.h"

TestSuite(filter_kinds, .fini = tidy);

Test(filter_kinds, on_change_leaves_out_what_was_said)
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

Test(filter_kinds, on_change_looks_at_what_is_shown_only)
{
	START("--on-change", "--exclude", "*.own");
	found(1, A, "a");
	page.size = 0;
	set(2, A, 1, 1);
	set(3, A, 1, 2);
	EXPECT("2 set 1000 " NO_OWN "\n");
}

Test(filter_kinds, on_change_tells_values_apart)
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

Test(filter_kinds, on_change_begins_anew_with_a_new_object)
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

Test(filter_kinds, methods_by_name)
{
	START("--methods", "load*", "--methods", "ns::*");
	named(EVENT_ENTER, 1, "loader", false);
	named(EVENT_ENTER, 2, "unload", false);
	named(EVENT_EXIT, 3, "unload", false);
	named(EVENT_EXIT, 4, "loader", false);
	named(EVENT_ENTER, 5, NULL, false); /* unreadable: who knows */
	named(EVENT_INSTANT, 6, "unload", false);
	/* Its slice may have begun under other rules: the model knows. */
	EXPECT("1 enter loader\npush slices allowed=0 epoch=1\n3 exit unload (unwanted)\n4 exit loader\n5 enter\n6 instant unload\n");
	FILTERED(ENTER, 1);
	FILTERED(EXIT, 0);
}

Test(filter_kinds, methods_of_cxx_by_their_qualified_name)
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

Test(filter_kinds, methods_of_a_template_by_its_name_or_an_instance)
{
	START("--methods", "fib", "--methods", "id<int>", "--methods", "operator>");
	named(EVENT_ENTER, 1, "int fib() [N = 2]", true);
	named(EVENT_ENTER, 2, "T id(T) [with T = int]", true);
	named(EVENT_ENTER, 3, "T id(T) [with T = char]", true);
	named(EVENT_ENTER, 4, "bool operator>(A, B)", true);
	EXPECT("1 enter int fib() [N = 2]\n2 enter T id(T) [with T = int]\n4 enter bool operator>(A, B)\n");
}

Test(filter_kinds, no_methods_wins)
{
	START("--no-methods", "--methods", "*");
	named(EVENT_ENTER, 1, "f", false);
	named(EVENT_EXIT, 2, "f", false);
	named(EVENT_INSTANT, 3, "f", false);
	EXPECT("push slices allowed=0 epoch=1\n2 exit f (unwanted)\n3 instant f\n");
}

Test(filter_kinds, what_is_of_no_thread_goes_as_methods_do)
{
	START("--methods", "parse*");
	async(1, ASYNC_BEGIN, "parse");
	async(2, ASYNC_BEGIN, "request");
	async(3, ASYNC_OUT, "flow");
	async(4, ASYNC_IN, "flow");
	async(5, ASYNC_END, "request");
	async(6, ASYNC_END, "parse");
	EXPECT("1 async parse\n3 async flow\n4 async flow\npush slices allowed=0 epoch=1\n5 async request (unwanted)\n6 async parse\n");
	FILTERED(ASYNC, 1);
}

Test(filter_kinds, what_is_of_no_thread_is_left_out_with_methods)
{
	START("--no-methods");
	async(7, ASYNC_BEGIN, "parse");
	async(8, ASYNC_OUT, "flow");
	async(9, ASYNC_END, "parse");
	EXPECT("push slices allowed=0 epoch=1\n9 async parse (unwanted)\n");
	FILTERED(ASYNC, 2);
}

Test(filter_kinds, values_by_name_and_key)
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
