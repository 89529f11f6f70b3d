/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a slot, looked at in any order of flushes, looks and losses: each record comes out once, in its order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "collect/laps.h"
#include "../random.h"

#define WORDS (VIZ_LAP_BYTES / 8)

static struct laps laps;
static struct laps_slot *slot;
static uint64_t data[WORDS];
static uint32_t lap, used, complete;
static uint64_t n_written, got[1 << 16];
static size_t n_got;
static int fail_with;

static void setup(void)
{
	slot = laps__slot(&laps, &(struct laps_key){ .address = 0x1000, .pid = 1 });
	cr_assert_not_null(slot);
}

static void tidy(void)
{
	laps__clear(&laps);
}

TestSuite(laps, .init = setup, .fini = tidy);

static uint64_t first_word(uint32_t n, unsigned kind)
{
	return n | (uint64_t)kind << 16 | (uint64_t)(lap & 0xff) << 24;
}

/* The program takes room for a record of `n` bytes, and writes its size. */
static uint32_t take_room(uint32_t n)
{
	uint32_t at = used;

	cr_assert_leq(used + n, VIZ_LAP_BYTES);
	data[at / 8] = first_word(n, 0);
	used += n;
	return at;
}

static void complete_it(uint32_t at, uint64_t number)
{
	uint32_t n = data[at / 8] & 0xffff;

	data[at / 8 + 2] = number;
	data[at / 8] = first_word(n, VIZ_RECORD_SET);
	complete += n;
}

static void put(uint32_t n)
{
	complete_it(take_room(n), n_written++);
}

static int on_record(void *ctx, struct laps_slot *s, const uint64_t *record, uint32_t n)
{
	cr_assert_eq(ctx, &n_got);
	cr_assert_eq(s, slot);
	cr_assert_geq(n, 24);
	got[n_got++] = record[2];
	return fail_with;
}

static int look(bool flushed, bool impatient)
{
	const struct laps_look l = {
		.data = data,
		.lap = lap,
		.size = used,
		.complete = flushed ? UINT32_MAX : complete,
		.flushed = flushed,
		.impatient = impatient,
	};

	return laps__look(&laps, slot, &l, on_record, &n_got);
}

static int drain(void)
{
	return look(false, false);
}

static void go_on(void)
{
	lap++;
	used = complete = 0;
}

static void flush(void)
{
	cr_assert_eq(look(true, true), 0);
	go_on();
}

static void lose(uint32_t which)
{
	laps__lose(slot, which, which == lap ? used : VIZ_LAP_BYTES);
}

static void lose_part_from(uint32_t from, size_t n)
{
	const struct laps_part part = { .lap = lap, .from = from, .records[VIZ_RECORD_SET] = (uint32_t)n };

	laps__lose_part(slot, &part);
}

static void lose_part(size_t n)
{
	lose_part_from(0, n);
}

static void assert_got(size_t n)
{
	cr_assert_eq(n_got, n, "%zu records, not %zu", n_got, n);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(got[i], i, "record %zu is number %zu", i, (size_t)got[i]);
}

Test(laps, a_flush_gives_all_of_a_lap)
{
	for (int i = 0; i < 100; i++)
		put(56);
	flush();
	put(24);
	flush();
	assert_got(101);
}

Test(laps, a_flush_after_looks_gives_the_rest)
{
	put(56);
	put(112);
	drain();
	assert_got(2);
	drain();
	put(24);
	drain();
	put(24);
	flush();
	assert_got(4);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 0);
}

Test(laps, a_lap_that_was_read_before_its_flush_came_is_old)
{
	uint64_t before[WORDS];

	put(56);
	memcpy(before, data, sizeof(before));
	put(56);
	flush();
	/* What we read before is passed in after what the ring had by then. */
	const struct laps_look old = { .data = before, .lap = 0, .size = 56, .complete = 56 };

	cr_assert_eq(laps__look(&laps, slot, &old, on_record, &n_got), 0);
	put(56);
	drain();
	cr_assert_eq(laps__look(&laps, slot, &old, on_record, &n_got), 0);
	assert_got(3);
}

Test(laps, a_flush_that_comes_after_a_later_lap_is_not_hidden)
{
	put(56);
	go_on();
	put(56);
	flush();
	lap = 0;
	put(56);
	flush();
	cr_assert_eq(n_got, 1);
	cr_assert_eq(laps.malformed, 1);
}

Test(laps, the_same_flush_twice)
{
	put(56);
	cr_assert_eq(look(true, true), 0);
	cr_assert_eq(look(true, true), 0);
	assert_got(1);
}

Test(laps, a_part_that_the_kernel_copied_may_grow)
{
	put(56);
	cr_assert_eq(look(true, true), 0); /* a thread's end; another one goes on in its slot */
	put(56);
	flush();
	assert_got(2);
}

Test(laps, a_record_in_the_making_stops_those_behind_it)
{
	uint32_t at;

	put(56);
	at = take_room(56);
	n_written++;
	put(24); /* a signal handler */
	cr_assert_eq(drain(), 1);
	assert_got(1);
	complete_it(at, 1);
	cr_assert_eq(drain(), 0);
	assert_got(3);
}

Test(laps, what_takes_too_long_is_a_hole_and_comes_later)
{
	uint32_t at;

	put(56);
	at = take_room(56);
	put(24);
	cr_assert_eq(look(false, true), 0);
	assert_got(2);
	cr_assert_eq(drain(), 0);
	put(24);
	cr_assert_eq(drain(), 0);
	assert_got(3);
	complete_it(at, 3);
	n_written++;
	flush();
	assert_got(4);
	put(24);
	flush();
	assert_got(5);
}

Test(laps, a_record_of_the_dead_is_left_out)
{
	put(56);
	take_room(56);
	put(24);
	cr_assert_eq(look(true, true), 0);
	assert_got(2);
}

Test(laps, what_an_earlier_lap_left_is_no_record)
{
	put(56);
	flush();
	/* 256 laps later its first word would be right. */
	lap += 255;
	put(56);
	used += 56;
	data[56 / 8] = first_word(56, VIZ_RECORD_SET);
	cr_assert_eq(drain(), 1);
	assert_got(2);
}

Test(laps, read_twice_it_has_to_be_complete_both_times)
{
	uint64_t before[WORDS];
	struct laps_look l = { .data = data, .before = before, .lap = 0, .complete = VIZ_LAP_BYTES };
	uint32_t at = take_room(56);

	memcpy(before, data, sizeof(before));
	complete_it(at, 0);
	l.size = used;
	cr_assert_eq(laps__look(&laps, slot, &l, on_record, &n_got), 1);
	assert_got(0);
	memcpy(before, data, sizeof(before));
	cr_assert_eq(laps__look(&laps, slot, &l, on_record, &n_got), 0);
	assert_got(1);
}

Test(laps, a_lap_that_never_came_was_counted_though_we_had_a_part)
{
	put(56);
	put(56);
	drain();
	put(56);
	go_on(); /* the kernel had no room: it counts 3 */
	put(24);
	drain();
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 2);
	cr_assert_eq(n_got, 3);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 2);
}

/* The program goes on behind the end: neither do we want that, nor does the kernel count it as lost. */
Test(laps, what_is_behind_the_end_was_not_counted_as_lost)
{
	laps.from = 10;
	laps.until = 20;
	for (uint64_t ticks = 9; ticks <= 21; ticks++) {
		uint32_t at = take_room(24);

		data[at / 8 + 1] = ticks;
		complete_it(at, 0);
	}
	drain();
	lose(0);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 11);
}

Test(laps, the_last_lap_is_lost)
{
	put(56);
	drain();
	lose(0);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 1);
}

/* What we had read of it before the kernel told of that comes to its turn after. */
Test(laps, the_last_lap_is_lost_before_it_is_looked_at)
{
	put(56);
	lose(0);
	drain();
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 1);
}

Test(laps, the_last_lap_is_lost_and_nothing_in_it_was_seen)
{
	put(56);
	put(56);
	lose(0);
	drain();
	go_on();
	put(56);
	lose(1);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 2);
}

/* It was told of late: the ones after it have come. */
Test(laps, a_lap_is_lost_but_not_the_one_that_we_have)
{
	put(56);
	drain();
	go_on();
	put(56);
	put(56);
	drain();
	lose(0);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 1);
}

Test(laps, a_lap_that_was_lost_and_came_after_all)
{
	put(56);
	drain();
	lose(0);
	put(56);
	flush();
	put(56);
	flush();
	laps__close(&laps);
	assert_got(3);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 0);
}

Test(laps, the_number_of_a_lap_begins_again)
{
	lap = UINT32_MAX;
	put(56);
	flush();
	cr_assert_eq(lap, 0);
	put(56);
	flush();
	assert_got(2);
}

Test(laps, nonsense_is_given_up)
{
	put(56);
	used += 64;
	data[56 / 8] = first_word(1000, VIZ_RECORD_SET); /* longer than the lap is */
	cr_assert_eq(look(true, true), 0);
	cr_assert_eq(laps.malformed, 1);
	data[56 / 8] = first_word(20, VIZ_RECORD_SET);
	cr_assert_eq(look(true, true), 0);
	go_on();
	put(24);
	flush();
	assert_got(2);
}

Test(laps, an_error_ends_a_look)
{
	put(56);
	put(56);
	fail_with = -ENOMEM;
	cr_assert_eq(drain(), -ENOMEM);
	assert_got(1);
}

Test(laps, slots_are_told_apart)
{
	const struct laps_key keys[] = {
		{ 0x1000, 1, 0, 0 }, { 0x1000, 1, 1, 0 }, { 0x1000, 2, 0, 0 }, { 0x1040, 1, 0, 0 },
		{ 0x1000, 1, 0, 1 }, { 0x1000, 1, 0, 2 }, { 0x1000, 2, 0, 1 },
	};
	const size_t n = sizeof(keys) / sizeof(*keys);

	cr_assert_eq(laps__slot(&laps, &keys[0]), slot);
	cr_assert_null(laps__find(&laps, &keys[n - 1]));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			cr_assert_eq(laps__slot(&laps, &keys[i]) == laps__slot(&laps, &keys[j]), i == j);
	cr_assert_eq(laps__find(&laps, &keys[n - 1]), laps__slot(&laps, &keys[n - 1]));
}

Test(laps, a_part_without_room_is_lost_if_its_lap_never_comes)
{
	put(56);
	drain();
	put(56);
	put(56);
	lose_part(3);
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 2);
	assert_got(1);
}

Test(laps, a_part_without_room_is_lost_also_if_the_lap_before_it_came)
{
	put(56);
	flush();
	lose_part(1);
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 1);
	assert_got(1);
}

Test(laps, a_part_without_room_is_not_lost_if_it_was_seen_later)
{
	put(56);
	put(56);
	lose_part(2);
	drain();
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 0);
	assert_got(2);
}

Test(laps, a_part_without_room_is_not_lost_if_its_lap_was_copied_later)
{
	put(56);
	lose_part(1);
	flush();
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 0);
	assert_got(1);
}

/* Then it was counted with the rest. */
Test(laps, a_part_without_room_is_not_lost_twice_if_its_lap_is_lost)
{
	put(56);
	drain();
	put(56);
	lose_part(2);
	lose(lap);
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 0);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 1);
}

/* A signal handler may write into a lap that has been taken as full; the kernel counts what came since. */
Test(laps, a_lap_that_came_goes_on_and_the_rest_is_lost)
{
	put(56);
	drain();
	put(56);
	cr_assert_eq(look(true, true), 0);
	put(24);
	drain();
	put(24);
	lose(lap);
	laps__close(&laps);
	assert_got(3);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 1);
}

Test(laps, a_part_without_room_is_behind_what_came)
{
	uint32_t from;

	put(56);
	cr_assert_eq(look(true, true), 0);
	from = used;
	put(24);
	lose_part_from(from, 1);
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 1);
}

Test(laps, a_part_without_room_is_behind_what_was_lost)
{
	uint32_t from;

	put(56);
	lose(lap);
	from = used;
	put(24);
	lose_part_from(from, 1);
	laps__close(&laps);
	cr_assert_eq(laps.lost[VIZ_RECORD_SET], 1);
}

/* As the kernel does it: what it counts as lost, or would if the part did not come, begins where it took all last. */
struct kernel {
	size_t since;  /* records */
	uint32_t from; /* bytes */
	bool has_lost; /* of this lap, so no more of it comes */
	uint64_t lost;
};

static void take_or_lose(struct kernel *k)
{
	if (!k->has_lost && any() % 4) {
		cr_assert_eq(look(true, true), 0);
	} else {
		k->has_lost = true;
		k->lost += k->since;
		laps__lose(slot, lap, used);
	}
	k->from = used;
	k->since = 0;
}

/* Any order of writing, looking, flushing and losing: what came and what is lost is all, and nothing twice. */
Test(laps, anything_may_happen)
{
	struct kernel k = { 0 };

	for (int i = 0; i < 50000; i++) {
		uint32_t n = 24 + 8 * (uint32_t)(any() % 60);

		if (used + n > VIZ_LAP_BYTES) {
			take_or_lose(&k);
			/* A signal handler may write a small one there before we go on. */
			if (any() % 4 == 0 && used + 24 <= VIZ_LAP_BYTES) {
				put(24);
				k.since++;
				if (any() % 2)
					cr_assert_eq(drain(), 0);
				take_or_lose(&k);
			}
			go_on();
			k.from = 0;
			k.has_lost = false;
		}
		put(n);
		k.since++;
		if (any() % 16 == 0)
			cr_assert_eq(drain(), 0);
		if (any() % 16 == 0)
			lose_part_from(k.from, k.since);
	}
	if (any() % 2) {
		lose_part(k.since);
	} else {
		k.lost += k.since;
		lose(lap);
	}
	laps__close(&laps);
	cr_assert_eq(n_got + k.lost + laps.lost[VIZ_RECORD_SET] - laps.had[VIZ_RECORD_SET], n_written);
	for (size_t i = 1; i < n_got; i++)
		cr_assert_gt(got[i], got[i - 1]);
}

static bool is_at(void *ctx, struct laps_slot *s)
{
	return s->address == *(uint64_t *)ctx;
}

/* As if it had been left to the end: what we had of a lap that was counted as lost is taken back. */
Test(laps, a_slot_that_is_no_more_is_settled_and_forgotten)
{
	const struct laps_key other = { .address = 0x2000, .pid = 1 }, key = { .address = 0x1000, .pid = 1 };
	uint64_t address = 0x1000;

	cr_assert_not_null(laps__slot(&laps, &other));
	cr_assert_eq(laps.n, 2);
	put(24);
	put(24);
	cr_assert_eq(look(false, false), 0);
	laps__lose(slot, lap, used);
	laps__drop(&laps, is_at, &address);
	cr_assert_eq(laps.n, 1);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 2);
	cr_assert_null(laps__find(&laps, &key));
	cr_assert_not_null(laps__find(&laps, &other));
	address = 0x2000;
	laps__drop(&laps, is_at, &address);
	cr_assert_eq(laps.n, 0);
	cr_assert_null(laps.first);
	laps__close(&laps);
	cr_assert_eq(laps.had[VIZ_RECORD_SET], 2);
}
