/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that change while events are on their way. */
#include "filter_fixtures.h"

TestSuite(filter_changes, .fini = tidy);

Test(filter_changes, undecided_reports_are_decided_by_the_rules_of_their_time)
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

Test(filter_changes, what_the_kernel_decided_is_shown_by_the_rules_it_had)
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

Test(filter_changes, event_from_before_a_change_is_judged_by_the_rules_before_it)
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

Test(filter_changes, event_from_before_several_changes_is_judged_by_the_rules_of_its_time)
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

Test(filter_changes, thousand_changes_leave_the_last_rules)
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

Test(filter_changes, epoch_never_goes_back_to_none)
{
	START("--exclude", "a");
	CHANGE(10);
	cr_assert_eq(filter__epoch(filter), 2);
	CHANGE(20);
	cr_assert_eq(filter__epoch(filter), 3);
}
