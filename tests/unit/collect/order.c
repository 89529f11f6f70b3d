/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of several rings in, sorted ones out. A record here is its time and a number that says when it was added. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/order.h"
#include "../random.h"

struct rec {
	uint64_t ts;
	uint32_t number, size; /* of what follows */
};

static struct order *order;
static struct rec *got;
static size_t n_got, room;
static uint32_t n_added;
static size_t calls_until_error; /* 0: never */
static int error = -ENOSPC;

static void setup(void)
{
	cr_assert_eq(order__new(&order), 0);
}

static void tidy(void)
{
	order__free(order);
	free(got);
}

TestSuite(order, .init = setup, .fini = tidy);

static void add_sized(uint64_t ts, uint32_t size)
{
	char *bytes = malloc(sizeof(struct rec) + size); /* no byte more: to be seen by the sanitizer */
	struct rec rec = { .ts = ts, .number = n_added++, .size = size };

	memcpy(bytes, &rec, sizeof(rec));
	memset(bytes + sizeof(rec), (int)(rec.number & 0xff), size);
	cr_assert_eq(order__add(order, ts, bytes, sizeof(rec) + size), 0);
	free(bytes);
}

static void add(uint64_t ts)
{
	add_sized(ts, 0);
}

static int on_record(void *ctx, const void *record, size_t size)
{
	const struct rec *rec = record;
	const unsigned char *rest = (const unsigned char *)(rec + 1);

	cr_assert_eq(ctx, &room);
	cr_assert_eq((uintptr_t)record % 8, 0, "records are read in place");
	cr_assert_eq(size, sizeof(*rec) + rec->size);
	for (uint32_t i = 0; i < rec->size; i++)
		cr_assert_eq(rest[i], rec->number & 0xff);
	if (n_got == room) {
		room = room ? room * 2 : 64;
		got = realloc(got, room * sizeof(*got));
	}
	got[n_got++] = *rec;
	return calls_until_error && !--calls_until_error ? error : 0;
}

static int drain(uint64_t until)
{
	n_got = 0;
	return order__drain(order, until, on_record, &room);
}

/* The numbers of what came out. */
static void expect_numbers(const uint32_t *numbers, size_t n)
{
	cr_assert_eq(n_got, n, "%zu records", n_got);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(got[i].number, numbers[i], "the %zu. is %u", i, got[i].number);
}

#define EXPECT(...) \
	do { \
		const uint32_t numbers[] = { __VA_ARGS__ }; \
		expect_numbers(numbers, sizeof(numbers) / sizeof(numbers[0])); \
	} while (0)

Test(order, nothing_in_nothing_out)
{
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, 0);
}

Test(order, rings_are_merged_by_time)
{
	add(10);
	add(30);
	add(50);
	add(20);
	add(40);
	cr_assert_eq(drain(100), 0);
	EXPECT(0, 3, 1, 4, 2);
}

Test(order, equal_times_stay_in_order_of_adding)
{
	add(5);
	add(7);
	add(7);
	add(5);
	add(7);
	add(5);
	cr_assert_eq(drain(100), 0);
	EXPECT(0, 3, 5, 1, 2, 4);
}

Test(order, what_is_too_young_waits)
{
	add(10);
	add(30);
	add(20);
	cr_assert_eq(drain(20), 0);
	EXPECT(0);
	/* One that comes from another ring is still in time. */
	add(20);
	add(25);
	cr_assert_eq(drain(30), 0);
	EXPECT(2, 3, 4);
	cr_assert_eq(drain(31), 0);
	EXPECT(1);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, 0);
}

Test(order, equal_times_stay_in_order_across_drains)
{
	add(20);
	add(10);
	add(20);
	cr_assert_eq(drain(15), 0);
	EXPECT(1);
	add(20);
	cr_assert_eq(drain(21), 0);
	EXPECT(0, 2, 3);
}

Test(order, watermark_below_everything_passes_nothing_on)
{
	for (int i = 0; i < 5; i++) {
		add(100 - (uint64_t)i);
		cr_assert_eq(drain(50), 0);
		cr_assert_eq(n_got, 0);
	}
	cr_assert_eq(drain(101), 0);
	EXPECT(4, 3, 2, 1, 0);
}

Test(order, records_of_odd_sizes_are_whole_and_aligned)
{
	for (uint32_t i = 0; i < 300; i++)
		add_sized(1000 - i, i * 7 % 61);
	cr_assert_eq(drain(800), 0);
	cr_assert_eq(n_got, 99);
	add_sized(900, 100000);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, 202);
}

Test(order, error_stops_and_drops_what_is_left)
{
	for (uint64_t i = 0; i < 10; i++)
		add(i);
	calls_until_error = 3;
	cr_assert_eq(drain(8), -ENOSPC);
	EXPECT(0, 1, 2);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, 0);
	add(1);
	cr_assert_eq(drain(UINT64_MAX), 0);
	EXPECT(10);
}

Test(order, who_is_told_to_stop_goes_on_later)
{
	for (uint64_t ts = 0; ts < 10; ts++)
		add(ts);
	error = -ECANCELED;
	calls_until_error = 3;
	cr_assert_eq(drain(8), -ECANCELED);
	EXPECT(0, 1, 2); /* the last one was refused */
	add(5);
	cr_assert_eq(drain(8), 0);
	EXPECT(2, 3, 4, 5, 10, 6, 7);
	cr_assert_eq(drain(UINT64_MAX), 0);
	EXPECT(8, 9);
}

Test(order, the_last_moment_of_all_is_passed_on_too)
{
	add(UINT64_MAX - 1);
	cr_assert_eq(drain(UINT64_MAX), 0);
	EXPECT(0);
}

/* Each turn one run shorter than the last: what a merge of pairs likes least. */
Test(order, many_runs)
{
	enum { RUNS = 63 };
	uint32_t n = 0;

	for (uint32_t r = 0; r < RUNS; r++)
		for (uint32_t i = 0; i <= r; i++, n++)
			add((uint64_t)i * 1000 + r);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, n);
	for (size_t i = 1; i < n_got; i++)
		cr_assert_lt(got[i - 1].ts, got[i].ts);
}

Test(order, falling_times)
{
	for (uint64_t i = 3000; i; i--)
		add(i);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, 3000);
	for (size_t i = 0; i < n_got; i++)
		cr_assert_eq(got[i].ts, i + 1);
}

static int compare(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;

	return x->ts != y->ts ? (x->ts < y->ts ? -1 : 1) : x->number < y->number ? -1 : 1;
}

Test(order, a_hundred_thousand_at_random_are_as_qsort_has_them)
{
	enum { N = 100000 };
	struct rec *wanted = malloc(N * sizeof(*wanted));

	for (uint32_t i = 0; i < N; i++) {
		wanted[i] = (struct rec){ any() % (N / 4), i, (uint32_t)(any() % 40) };
		add_sized(wanted[i].ts, wanted[i].size);
	}
	qsort(wanted, N, sizeof(*wanted), compare);
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(n_got, N);
	cr_assert_eq(memcmp(wanted, got, N * sizeof(*wanted)), 0);
	free(wanted);
}

/* As it is used: rings that are each sorted, read in turns, with a watermark that follows. */
Test(order, rings_read_in_turns_come_out_sorted)
{
	uint64_t last[4] = { 0 }, until = 0, newest = 0;
	size_t total = 0;

	for (int turn = 0; turn < 500; turn++) {
		uint64_t oldest = UINT64_MAX;

		for (size_t ring = 0; ring < 4; ring++) {
			for (uint64_t n = any() % 40; n; n--)
				add(last[ring] += any() % 50);
			oldest = last[ring] < oldest ? last[ring] : oldest;
		}
		if (any() % 4 == 0)
			continue; /* not caught up */
		until = oldest;
		cr_assert_eq(drain(until), 0);
		for (size_t i = 0; i < n_got; i++) {
			cr_assert_geq(got[i].ts, newest);
			cr_assert_lt(got[i].ts, until);
			newest = got[i].ts;
		}
		total += n_got;
	}
	cr_assert_eq(drain(UINT64_MAX), 0);
	cr_assert_eq(total + n_got, n_added);
}

size_t __sanitizer_get_current_allocated_bytes(void);

Test(order, memory_is_that_of_what_waits)
{
	size_t before = 0;

	for (uint64_t i = 1; i < 20000; i++) {
		if (i == 1000)
			before = __sanitizer_get_current_allocated_bytes();
		add_sized(10 * i, 100);
		add_sized(10 * i + 5, 100);
		cr_assert_eq(drain(10 * i + 1), 0);
		cr_assert_eq(n_got, i == 1 ? 1 : 2);
	}
	cr_assert_leq(__sanitizer_get_current_allocated_bytes(), before);
}

Test(order, free_takes_null)
{
	order__free(NULL);
}
