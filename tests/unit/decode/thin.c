/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports in, fewer of them out, and of each object the last one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "decode/thin.h"

static struct thin *thin;
static char got[1024];
static int fails; /* at the next event */

static void tidy(void)
{
	thin__free(thin);
}

TestSuite(thin, .fini = tidy);

static int next(void *ctx, const struct event *e)
{
	size_t n = strlen(got);

	cr_assert_eq(ctx, got);
	if (e->kind == EVENT_SNAPSHOT)
		snprintf(got + n, sizeof(got) - n, "%d:%d.%d=%.*s ", (int)e->ts, (int)e->pid, (int)e->address,
			 (int)e->values[0].size, e->values[0].s);
	else
		snprintf(got + n, sizeof(got) - n, "%d:%d ", (int)e->ts, (int)e->kind);
	return fails ? -EIO : 0;
}

#define EXPECT(text) \
	do { \
		cr_expect_str_eq(got, text); \
		got[0] = 0; \
	} while (0)

/* In memory that is gone after the call, as decode does. */
static int report(uint64_t ts, uint32_t pid, uint64_t address, const char *text)
{
	char key[8] = "k", s[8], tag[8] = "tag";
	struct value v = { .key = key, .type = VALUE_STRING, .s = s, .size = (uint32_t)strlen(text) };
	struct event e = { .kind = EVENT_SNAPSHOT,
			   .probe = EVENT_PROBE_SET,
			   .ts = ts,
			   .pid = pid,
			   .address = address,
			   .tag = tag,
			   .values = &v,
			   .n_values = 1 };
	int err;

	memcpy(s, text, strlen(text));
	err = thin__feed(thin, &e, next, got);
	memset(key, 'X', sizeof(key));
	memset(s, 'X', sizeof(s));
	memset(tag, 'X', sizeof(tag));
	return err;
}

static int other(enum event_kind kind, uint64_t ts, uint32_t pid, uint64_t address)
{
	struct event e = { .kind = kind, .ts = ts, .pid = pid, .address = address };

	return thin__feed(thin, &e, next, got);
}

static void filtered(uint64_t n)
{
	cr_expect_eq(thin__filtered(thin, EVENT_PROBE_SET), n);
}

Test(thin, without_it_all_pass)
{
	thin__new(&thin, 0, 0);
	report(1, 1, 1, "a");
	report(2, 1, 1, "b");
	EXPECT("1:1.1=a 2:1.1=b ");
	cr_expect_eq(thin__pass(thin, UINT64_MAX, next, got), 0);
	EXPECT("");
	filtered(0);
}

Test(thin, each_third_and_the_last)
{
	thin__new(&thin, 3, 0);
	for (int i = 0; i < 6; i++) {
		report((uint64_t)i, 1, 1, (char[]){ (char)('a' + i), 0 });
		report((uint64_t)i, 2, 1, "x");
	}
	EXPECT("0:1.1=a 0:2.1=x 3:1.1=d 3:2.1=x ");
	filtered(6); /* b, and x twice; c is replaced by d: two of each are gone, one of each is held back */
	cr_expect_eq(thin__pass(thin, 100, next, got), 0);
	EXPECT("");
	cr_expect_eq(thin__pass(thin, UINT64_MAX, next, got), 0);
	EXPECT("5:1.1=f 5:2.1=x ");
	filtered(6);
}

Test(thin, one_in_a_period_and_the_last_when_it_is_due)
{
	thin__new(&thin, 0, 100);
	report(10, 1, 1, "a");
	report(20, 1, 1, "b");
	report(30, 1, 1, "c");
	EXPECT("10:1.1=a ");
	cr_expect_eq(thin__pass(thin, 109, next, got), 0);
	EXPECT("");
	/* What it was at that time; a later report of another one comes after it. */
	report(115, 1, 2, "other");
	EXPECT("110:1.1=c 115:1.2=other ");
	report(150, 1, 1, "d");
	EXPECT("");
	cr_expect_eq(thin__pass(thin, 500, next, got), 0);
	EXPECT("210:1.1=d ");
	/* Long silent: the next one is shown at once. */
	report(501, 1, 1, "e");
	report(501, 1, 2, "again");
	EXPECT("501:1.1=e 501:1.2=again ");
	filtered(1);
}

Test(thin, the_last_one_is_there_when_an_object_or_a_process_ends)
{
	thin__new(&thin, 0, 1000);
	for (uint32_t pid = 1; pid <= 3; pid++) {
		report(pid, pid, 7, "a");
		report(10 + pid, pid, 7, "b");
	}
	EXPECT("1:1.7=a 2:2.7=a 3:3.7=a ");
	other(EVENT_DESTROY, 50, 1, 7);
	other(EVENT_ENDED, 60, 2, 0);
	other(EVENT_INIT, 70, 3, 8); /* of another one */
	other(EVENT_INIT, 80, 3, 7); /* a new one in its place */
	char expected[128];

	snprintf(expected, sizeof(expected), "50:1.7=b 50:%d 60:2.7=b 60:%d 70:%d 80:3.7=b 80:%d ", EVENT_DESTROY,
		 EVENT_ENDED, EVENT_INIT, EVENT_INIT);
	EXPECT(expected);
	report(81, 3, 7, "c");
	EXPECT("81:3.7=c ");
	filtered(0);
}

Test(thin, what_the_next_stage_says_is_passed_on)
{
	thin__new(&thin, 2, 0);
	fails = 1;
	cr_expect_eq(report(1, 1, 1, "a"), -EIO);
	cr_expect_eq(report(2, 1, 1, "b"), 0);
	cr_expect_eq(other(EVENT_DESTROY, 3, 1, 1), -EIO);
}

Test(thin, memory_of_objects_that_never_end_is_bounded)
{
	thin__new(&thin, 10, 0);
	for (uint64_t i = 0; i < 70000; i++) {
		got[0] = 0;
		report(2 * i, 1, i, "a");
		got[0] = 0;
		report(2 * i + 1, 1, i, "b");
	}
	/* The last one of those that were let go is not lost. */
	got[0] = 0;
	report(1000000, 1, 70000, "c");
	EXPECT("8929:1.4464=b 1000000:1.70000=c ");
	filtered(0);
}
