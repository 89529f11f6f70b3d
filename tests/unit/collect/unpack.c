// SPDX-License-Identifier: BSD-2-Clause
/* Records of batches, whatever time they say: each keeps its name until it has had its turn, or is counted. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "collect/unpack.h"

#define N 2000
#define MEMORY (64u << 10) /* of which there is room for some hundred names */

static struct unpack unpack;
static struct laps_slot slot;
static char texts[N][32];
static int n_got;

static void setup(void)
{
	cr_assert_eq(order__new(&unpack.order), 0);
	unpack.end = UINT64_MAX;
	unpack__limit(&unpack, MEMORY);
	slot.pid = (uint32_t)getpid();
	for (int i = 0; i < N; i++)
		snprintf(texts[i], sizeof(texts[i]), "the name number %d", i);
}

static void tidy(void)
{
	order__free(unpack.order);
	unpack__clear(&unpack);
}

TestSuite(unpack, .init = setup, .fini = tidy);

static void add(int i, uint64_t ts)
{
	const uint64_t words[3] = { sizeof(words) | VIZ_RECORD_INSTANT << 16, ts, (uintptr_t)texts[i] };

	cr_assert_eq(unpack__add(&unpack, &slot, words, sizeof(words), ts, true), 0);
}

static int on_record(void *ctx, const void *record, size_t size)
{
	const struct rec_slice *rec = record;
	int number;

	(void)ctx;
	cr_assert_geq(size, sizeof(*rec));
	cr_assert_eq(rec->head.kind, REC_INSTANT);
	cr_assert_eq(sscanf(rec->name, "the name number %d", &number), 1);
	cr_assert_str_eq(rec->name, texts[number]);
	n_got++;
	return 0;
}

static int pass(void *ctx, const void *record, size_t size)
{
	return unpack__pass(&unpack, record, size, on_record, ctx);
}

static void drain(uint64_t until)
{
	cr_assert_eq(order__drain(unpack.order, until, pass, NULL), 0);
	unpack.passed = until;
}

Test(unpack, more_names_than_there_may_be_are_counted)
{
	for (int i = 0; i < N; i++)
		add(i, 100);
	drain(101);
	cr_assert_gt(n_got, 50);
	cr_assert_gt(unpack.refused[EVENT_PROBE_INSTANT], 0);
	cr_assert_eq(n_got + (int)unpack.refused[EVENT_PROBE_INSTANT], N);
	cr_assert_eq(unpack.seen[EVENT_PROBE_INSTANT], N);
	cr_assert_eq(slot.waiting, 0);
}

/* The program says what it likes of the time. */
Test(unpack, records_that_say_that_they_are_old)
{
	drain(1000);
	for (int i = 0; i < N; i++)
		add(i, 1);
	drain(1001);
	cr_assert_gt(n_got, 50);
	cr_assert_eq(n_got + (int)unpack.refused[EVENT_PROBE_INSTANT], N);
	cr_assert_eq(slot.waiting, 0);
}

Test(unpack, there_is_room_again_when_they_have_had_their_turn)
{
	for (int i = 0; i < N; i++) {
		add(i, (uint64_t)i);
		if (i % 50 == 49)
			drain((uint64_t)i + 1);
	}
	cr_assert_eq(n_got, N);
	cr_assert_eq(unpack.refused[EVENT_PROBE_INSTANT], 0);
}
