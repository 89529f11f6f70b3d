/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys that were made to collide in a hash without a seed: with those, these tests would not end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/table.h"
#include "model/names.h"
#include "../random.h"

#define MANY 300000

TestSuite(hash, .timeout = 100);

/* A multiplicative hash of a pair that mixes well, and can be turned round nevertheless. */
#define FIRST 0x9e3779b97f4a7c15u
#define SECOND 0xd6e8feb86659fd93u

static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* The i-th of the keys that this hash puts into one place. */
static uint64_t address_for(uint64_t i, uint64_t pid)
{
	uint64_t h = (i << 32 | i) * inverse(SECOND) - pid;

	h ^= h >> 32;
	return h * inverse(FIRST) ^ (pid >> 32 | pid << 32);
}

Test(hash, addresses_that_were_made_to_collide)
{
	struct table t = { 0 };
	int value;

	for (uint64_t i = 1; i <= MANY; i++)
		cr_assert_eq(table__put(&t, 4711, address_for(i, 4711), &value), 0);
	for (uint64_t i = 1; i <= MANY; i++)
		cr_assert_eq(table__put(&t, address_for(i, 4711), 4711, &value), 0);
	cr_expect_eq(t.used, 2 * MANY);
	for (uint64_t i = 1; i <= MANY; i++)
		cr_assert_eq(table__remove(&t, 4711, address_for(i, 4711)), &value);
	cr_expect_eq(t.used, MANY);
	table__clear(&t);
}

/* Two words of a text: the second one undoes what the first one did. */
static void text_for(char text[17])
{
	uint64_t words[2], h;

	do {
		words[0] = any();
		h = (16 * FIRST ^ words[0]) * SECOND;
		words[1] = h ^ h >> 32 ^ 0x1234567890abcdefu;
		memcpy(text, words, 16);
		text[16] = 0;
	} while (strlen(text) < 16);
}

Test(hash, names_that_were_made_to_collide)
{
	struct names n = { 0 };
	char text[17];

	for (uint64_t i = 0; i < MANY; i++) {
		text_for(text);
		cr_assert(names__take(&n, text));
	}
	names__clear(&n);
}

Test(hash, tells_texts_apart)
{
	/* All that one byte can be, at each place of texts of each length around the size of a word. */
	for (size_t size = 1; size <= 24; size++) {
		char a[24] = "abcdefghijklmnopqrstuvw", b[24];

		for (size_t at = 0; at < size; at++) {
			for (int bit = 0; bit < 8; bit++) {
				memcpy(b, a, sizeof(b));
				b[at] = (char)(b[at] ^ 1 << bit);
				cr_assert_neq(hash__text(a, size), hash__text(b, size), "%zu %zu", size, at);
			}
			cr_assert_neq(hash__text(a, size), hash__text(a, at));
		}
	}
	/* A NUL at the end is a byte as any other. */
	cr_assert_neq(hash__text("a\0", 1), hash__text("a\0", 2));
	cr_assert_eq(hash__text("abc", 3), hash__text("abcd", 3));
}

/* As a table uses it: the low bits of keys that differ little. */
Test(hash, spreads_neighbours)
{
	static unsigned places[1 << 12];
	unsigned most = 0;

	for (uint64_t i = 0; i < 1 << 16; i++) {
		unsigned *place = &places[hash__pair(4711, 0x7f0000000000 + 64 * i) & 0xfff];

		++*place;
		most = *place > most ? *place : most;
	}
	/* 16 on average; a bad seed would have to be one in many millions. */
	cr_expect_lt(most, 16 * 40);
}
