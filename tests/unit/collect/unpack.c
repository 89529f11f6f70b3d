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

/* ---- Arguments ---- */

static struct rec_args got_args;
static struct rec_slice got_slice;
static char got_text[64];

static int on_args(void *ctx, const void *record, size_t size)
{
	const struct rec_args *args = (const void *)((const struct rec_slice *)record)->name;

	(void)ctx;
	memcpy(&got_slice, record, sizeof(got_slice));
	if (!(got_slice.head.flags & REC_ARGS))
		return 0;
	cr_assert_eq(size, sizeof(got_slice) + sizeof(got_args) + args->sizes[0] + args->sizes[1]);
	memcpy(&got_args, args, sizeof(got_args));
	memcpy(got_text, args->text, size - sizeof(got_slice) - sizeof(got_args));
	return 0;
}

static int pass_args(void *ctx, const void *record, size_t size)
{
	return unpack__pass(&unpack, record, size, on_args, ctx);
}

static void feed_args(uint64_t kind, uint64_t more, const uint64_t *rest, size_t n)
{
	static const char name[] = "name";
	uint64_t words[16] = { (3 + n) * 8 | kind << 16 | more << 32, 100, (uintptr_t)name };

	memset(&got_args, 0, sizeof(got_args));
	memcpy(words + 3, rest, n * 8);
	cr_assert_eq(unpack__add(&unpack, &slot, words, (uint32_t)(3 + n) * 8, 100, true), 0);
	cr_assert_eq(order__drain(unpack.order, 101, pass_args, NULL), 0);
}

Test(unpack, arguments_are_passed_on_with_their_names)
{
	static const char names[] = "\na\nb";
	const uint64_t head = 2ull << 32 | 0x77;
	const uint64_t slice[] = { 0x7000, (uintptr_t)names, head, 4, 5 };

	feed_args(VIZ_RECORD_ENTER, VIZ_SLICE_ARGS | VIZ_SLICE_SCOPED | 0xbeefu << 16, slice, 5);
	cr_expect_eq(VIZ_SLICE_SITE(got_slice.flags), 0xbeef);
	cr_expect(got_slice.head.kind == REC_ENTER && got_slice.frame == 0x7000 && got_slice.flags & VIZ_SLICE_SCOPED);
	cr_expect(got_args.words[0] == head && got_args.words[1] == 4 && got_args.words[2] == 5);
	cr_expect(!memcmp(got_text, "name\0\na\nb", 10) && got_args.sizes[0] == 5 && got_args.sizes[1] == 5);
	feed_args(VIZ_RECORD_INSTANT, 0, slice + 1, 4);
	cr_expect(got_slice.head.kind == REC_INSTANT && got_args.words[2] == 5);
	/* Without the flag more words say nothing. */
	feed_args(VIZ_RECORD_EXIT, 0, slice, 5);
	cr_expect(!(got_slice.head.flags & REC_ARGS) && got_slice.name_size == 5);
	/* More than there may be, or fewer than it says. */
	feed_args(VIZ_RECORD_EXIT, VIZ_SLICE_ARGS,
		  (const uint64_t[13]){ 0, (uintptr_t)names, head, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 13);
	cr_expect(got_args.words[8] == 8);
	feed_args(VIZ_RECORD_EXIT, VIZ_SLICE_ARGS, slice, 3);
	cr_expect(got_args.words[0] == head && !got_args.words[1] && !got_args.words[2]);
	feed_args(VIZ_RECORD_EXIT, VIZ_SLICE_ARGS, slice, 2);
	cr_expect(!(got_slice.head.flags & REC_ARGS));
	feed_args(VIZ_RECORD_INSTANT, 0, slice, 1);
	cr_expect(!(got_slice.head.flags & REC_ARGS));
}
