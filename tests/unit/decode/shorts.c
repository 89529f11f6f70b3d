/* SPDX-License-Identifier: BSD-2-Clause */
/* Events in, those out that are of no slice that was too short. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "decode/shorts.h"

static struct shorts *shorts;
static char got[1024];
static int fails; /* at the next event */

static void tidy(void)
{
	shorts__free(shorts);
}

TestSuite(shorts, .fini = tidy);

static int next(void *ctx, const struct event *e)
{
	size_t n = strlen(got);
	const char *what = e->is_result ? "=" : e->kind == EVENT_ENTER ? "+" : e->kind == EVENT_EXIT ? "-" : "";

	cr_assert_eq(ctx, got);
	snprintf(got + n, sizeof(got) - n, "%d%s%s", (int)e->ts, what, e->name ? e->name : "?");
	for (size_t i = 0; i < e->n_values; i++) {
		n = strlen(got);
		snprintf(got + n, sizeof(got) - n, "[%s=%.*s]", e->values[i].key, (int)e->values[i].size,
			 e->values[i].s);
	}
	strcat(got, " ");
	return fails ? -EIO : 0;
}

#define EXPECT(text) \
	do { \
		cr_expect_str_eq(got, text); \
		got[0] = 0; \
	} while (0)

/* In memory that is gone after the call, as decode does. */
static int feed(enum event_kind kind, uint64_t ts, uint32_t tid, const char *name, uint64_t frame)
{
	char text[16] = "", key[8] = "k", s[8] = "text";
	struct value v = { .key = key, .type = VALUE_STRING, .s = s, .size = 4 };
	struct event e = { .kind = kind, .ts = ts, .pid = 1, .tid = tid, .frame = frame, .scoped = frame };
	int err;

	e.probe = kind == EVENT_ENTER ? EVENT_PROBE_ENTER : kind == EVENT_EXIT ? EVENT_PROBE_EXIT : EVENT_PROBE_SET;
	if (name)
		e.name = strcpy(text, name);
	if (kind == EVENT_SNAPSHOT) {
		e.values = &v;
		e.n_values = 1;
	}
	err = shorts__feed(shorts, &e, next, got);
	memset(text, 'X', sizeof(text));
	memset(key, 'X', sizeof(key));
	memset(s, 'X', sizeof(s));
	return err;
}

static void enter(uint64_t ts, const char *name, uint64_t frame)
{
	cr_assert_eq(feed(EVENT_ENTER, ts, 1, name, frame), 0);
}

static void leave(uint64_t ts, const char *name, uint64_t frame)
{
	cr_assert_eq(feed(EVENT_EXIT, ts, 1, name, frame), 0);
}

static void result(uint64_t ts, const char *name, uint64_t frame)
{
	struct event e = { .kind = EVENT_EXIT, .probe = EVENT_PROBE_EXIT, .ts = ts, .pid = 1, .tid = 1 };

	e.name = name;
	e.frame = frame;
	e.scoped = frame;
	e.is_result = true;
	cr_assert_eq(shorts__feed(shorts, &e, next, got), 0);
}

static void start(uint64_t min)
{
	cr_assert_eq(shorts__new(&shorts, min), 0);
}

#define FILTERED(enters, exits) \
	do { \
		cr_expect_eq(shorts__filtered(shorts, EVENT_PROBE_ENTER), enters); \
		cr_expect_eq(shorts__filtered(shorts, EVENT_PROBE_EXIT), exits); \
	} while (0)

Test(shorts, without_a_limit_all_pass_at_once)
{
	start(0);
	enter(1, "f", 9);
	EXPECT("1+f ");
	leave(1, "f", 9);
	EXPECT("1-f ");
}

Test(shorts, short_ones_are_left_out_and_what_was_in_them_stays)
{
	start(10);
	enter(1, "f", 9);
	enter(2, "g", 8);
	cr_assert_eq(feed(EVENT_SNAPSHOT, 3, 1, "set", 0), 0);
	EXPECT("");
	leave(4, "g", 8);
	leave(11, "f", 9);
	EXPECT("1+f 3set[k=text] 11-f ");
	FILTERED(1, 1);
}

Test(shorts, one_as_long_as_the_limit_is_shown)
{
	start(10);
	enter(1, "f", 9);
	leave(11, "f", 9);
	enter(20, "f", 9);
	leave(29, "f", 9);
	EXPECT("1+f 11-f ");
	FILTERED(1, 1);
}

Test(shorts, long_ones_are_passed_on_as_soon_as_they_are_long)
{
	start(10);
	enter(1, "f", 9);
	cr_assert_eq(shorts__pass(shorts, 10, next, got), 0);
	EXPECT("");
	cr_assert_eq(shorts__pass(shorts, 11, next, got), 0);
	EXPECT("1+f ");
	enter(20, "g", 8);
	leave(22, "f", 9); /* g's end was lost */
	EXPECT("");
	cr_assert_eq(shorts__pass(shorts, UINT64_MAX, next, got), 0);
	EXPECT("20+g 22-f ");
	FILTERED(0, 0);
}

Test(shorts, what_is_inside_of_a_short_one_is_short)
{
	start(10);
	enter(1, "f", 9);
	enter(2, "g", 8);
	leave(3, "f", 9);
	cr_assert_eq(shorts__pass(shorts, UINT64_MAX, next, got), 0);
	EXPECT("");
	FILTERED(2, 1);
}

Test(shorts, threads_recursion_and_names_are_told_apart)
{
	start(10);
	enter(1, "f", 9);
	cr_assert_eq(feed(EVENT_ENTER, 2, 2, "f", 9), 0);
	enter(3, "f", 8);
	enter(4, "h", 0);
	leave(5, "h", 7); /* another one */
	leave(6, "f", 8);
	cr_assert_eq(feed(EVENT_EXIT, 20, 2, "f", 9), 0);
	leave(21, "f", 9);
	EXPECT("1+f 2+f 5-h 20-f 21-f ");
	FILTERED(2, 1);
}

Test(shorts, a_result_goes_with_its_slice_and_ends_none)
{
	start(10);
	enter(1, "long", 9);
	enter(2, "short", 8);
	result(3, "short", 8);
	result(4, "short", 8);
	result(5, "long", 9);
	enter(6, "lost exit", 7);
	result(7, "lost exit", 7);
	leave(8, "short", 8);
	EXPECT("");
	FILTERED(2, 4);
	leave(12, "long", 9);
	EXPECT("1+long 5=long 12-long ");
	FILTERED(2, 4);
}

Test(shorts, a_result_of_what_is_known_to_be_long_or_of_nothing_is_passed_on)
{
	start(10);
	result(1, "before", 9);
	EXPECT("1=before ");
	enter(2, "f", 9);
	result(12, "f", 9);
	EXPECT("2+f 12=f ");
	enter(13, "g", 8);
	result(14, "f", 9);
	leave(15, "g", 8);
	leave(16, "f", 9);
	EXPECT("14=f 16-f ");
	FILTERED(1, 1);
}

Test(shorts, names_that_could_not_be_read_are_equal)
{
	start(10);
	enter(1, NULL, 9);
	leave(2, NULL, 9);
	FILTERED(1, 1);
}

Test(shorts, errors_are_passed_on)
{
	start(10);
	enter(1, "f", 9);
	enter(2, "g", 8);
	fails = 1;
	cr_assert_eq(shorts__pass(shorts, 11, next, got), -EIO);
	EXPECT("1+f ");
}
