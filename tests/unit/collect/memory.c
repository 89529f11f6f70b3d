// SPDX-License-Identifier: BSD-2-Clause
/* Constants of our own memory: there may be any number of them, and those that records have stay until they are old. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/memory.h"

#define LIMIT (16u << 10)

static struct memory memory;
static struct memory_of of;
static char texts[1000][32];

static void setup(void)
{
	of = (struct memory_of){ .pid = getpid(), .is_there = true };
	memory.budget.limit = LIMIT;
	for (int i = 0; i < 1000; i++)
		snprintf(texts[i], sizeof(texts[i]), "text %d", i);
}

static void tidy(void)
{
	memory__clear(&memory);
}

TestSuite(memory, .init = setup, .fini = tidy);

static int constant(int i, const struct memory_string **ret)
{
	return memory__constant(&memory, &of, (uintptr_t)texts[i], ret);
}

/* As many as there may be; how many were those? */
static int fill(int from)
{
	const struct memory_string *s;
	int i = from;

	while (!constant(i, &s))
		i++;
	cr_assert_eq(constant(i, &s), -ENOBUFS);
	cr_assert(memory__is_full(&memory));
	return i - from;
}

Test(memory, constants_are_read_once)
{
	const struct memory_string *first, *second;

	cr_assert_eq(constant(5, &first), 0);
	cr_assert_str_eq(first->text, "text 5");
	cr_assert_eq(first->size, 7);
	texts[5][0] = 'T';
	cr_assert_eq(constant(5, &second), 0);
	cr_assert_eq(first, second);
}

Test(memory, what_is_there_is_still_found_when_it_is_full)
{
	const struct memory_string *s;

	cr_assert_gt(fill(0), 50);
	cr_assert_eq(constant(0, &s), 0);
	cr_assert_str_eq(s->text, "text 0");
}

Test(memory, those_of_before_stay_until_the_next_age_is_over)
{
	const struct memory_string *old, *same;
	int n;

	cr_assert_eq(constant(0, &old), 0);
	n = fill(1);
	memory__age(&memory);
	cr_assert_not(memory__is_full(&memory));
	cr_assert_gt(fill(1 + n), n / 2);
	cr_assert_str_eq(old->text, "text 0");
	memory__age(&memory);
	cr_assert_eq(constant(0, &same), 0);
	cr_assert_str_eq(same->text, "text 0");
}

Test(memory, what_cannot_be_read_is_empty)
{
	const struct memory_string *s;

	cr_assert_eq(memory__constant(&memory, &of, 8, &s), 0);
	cr_assert_eq(s->size, 0);
}
