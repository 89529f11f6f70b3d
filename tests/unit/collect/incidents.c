// SPDX-License-Identifier: BSD-2-Clause
/* Incidents in no order in, events in the order of their time out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collect/incidents.h"

static struct incidents incidents;
static char got[512];
static int refuse_at; /* a time */

static void tidy(void)
{
	incidents__clear(&incidents);
}

TestSuite(incidents, .fini = tidy);

static int on_event(void *ctx, const struct event *e)
{
	static const char *const names[] = {
		[EVENT_BEGAN] = "began",
		[EVENT_EXECED] = "execed",
		[EVENT_ENDED] = "ended",
		[EVENT_NOTE] = "note",
	};
	size_t n = strlen(got);

	cr_expect_eq(ctx, got);
	cr_expect_eq(e->tid, e->pid);
	snprintf(got + n, sizeof(got) - n, "%s@%d:%u %s%s; ", names[e->kind], (int)e->ts, e->pid, e->comm,
		 e->name ? e->name : "");
	return refuse_at && (int)e->ts == refuse_at ? -EIO : 0;
}

static int pass(uint64_t until)
{
	got[0] = 0;
	return incidents__pass(&incidents, until, on_event, got);
}

static void add(enum event_kind what, uint64_t ts, uint32_t pid, const char *text)
{
	cr_assert_eq(incidents__add(&incidents, what, ts, pid, text), 0);
}

Test(incidents, come_in_the_order_of_their_time_and_those_of_one_time_as_they_were_added)
{
	add(EVENT_ENDED, 30, 1, "app");
	add(EVENT_BEGAN, 10, 1, "sh");
	add(EVENT_NOTE, 20, 1, "first of two");
	add(EVENT_EXECED, 20, 1, "app");
	cr_assert_eq(pass(UINT64_MAX), 0);
	cr_expect_str_eq(got, "began@10:1 sh; note@20:1 first of two; execed@20:1 app; ended@30:1 app; ");
	cr_assert_eq(pass(UINT64_MAX), 0);
	cr_expect_str_eq(got, "", "each comes once");
}

Test(incidents, wait_until_what_is_older_has_passed)
{
	add(EVENT_BEGAN, 10, 1, "a");
	add(EVENT_BEGAN, 20, 2, "b");
	cr_assert_eq(pass(10), 0);
	cr_expect_str_eq(got, "");
	cr_assert_eq(pass(20), 0);
	cr_expect_str_eq(got, "began@10:1 a; ");
	cr_assert_eq(pass(21), 0);
	cr_expect_str_eq(got, "began@20:2 b; ");
}

Test(incidents, names_are_cut_to_the_room_of_an_event_and_notes_are_not)
{
	add(EVENT_BEGAN, 1, 1, "a name of more than fifteen");
	add(EVENT_NOTE, 2, 1, "a note of more than fifteen");
	cr_assert_eq(pass(3), 0);
	cr_expect_str_eq(got, "began@1:1 a name of more ; note@2:1 a note of more than fifteen; ");
}

Test(incidents, stop_at_the_first_error)
{
	add(EVENT_BEGAN, 1, 1, "a");
	add(EVENT_BEGAN, 2, 2, "b");
	add(EVENT_BEGAN, 3, 3, "c");
	refuse_at = 2;
	cr_assert_eq(pass(UINT64_MAX), -EIO);
	cr_expect_str_eq(got, "began@1:1 a; began@2:2 b; ");
	refuse_at = 0;
	cr_assert_eq(pass(UINT64_MAX), 0);
	cr_expect_str_eq(got, "began@3:3 c; ", "the rest is still there");
}
