// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "write/proto.h"

#define EXPECT(p, literal) expect(&(p), literal, sizeof(literal) - 1)

static void expect(struct proto *p, const char *bytes, size_t size)
{
	cr_expect_eq(p->error, 0);
	cr_expect_eq(p->size, size, "%zu bytes, not %zu", p->size, size);
	for (size_t i = 0; i < size && i < p->size; i++)
		cr_expect_eq(p->data[i], bytes[i], "byte %zu is %02x, not %02x", i, (unsigned char)p->data[i],
			     (unsigned char)bytes[i]);
	proto__clear(p);
}

Test(proto, writes_varints_of_every_length)
{
	struct proto p = { 0 };

	proto__uint(&p, 1, 0);
	EXPECT(p, "\x08\x00");
	proto__uint(&p, 1, 127);
	EXPECT(p, "\x08\x7f");
	proto__uint(&p, 1, 128);
	EXPECT(p, "\x08\x80\x01");
	proto__uint(&p, 15, 300);
	EXPECT(p, "\x78\xac\x02");
	proto__uint(&p, 16, 1);
	EXPECT(p, "\x80\x01\x01");
	proto__uint(&p, 536870911, 1);
	EXPECT(p, "\xf8\xff\xff\xff\x0f\x01");
	proto__uint(&p, 1, UINT64_MAX);
	EXPECT(p, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	for (int bit = 0; bit < 64; bit++) {
		proto__uint(&p, 1, 1ull << bit);
		cr_expect_eq(p.size, (size_t)(2 + bit / 7), "bit %d", bit);
		proto__clear(&p);
	}
	proto__free(&p);
}

Test(proto, writes_negative_integers_in_ten_bytes)
{
	struct proto p = { 0 };

	proto__int(&p, 1, -1);
	EXPECT(p, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	proto__int(&p, 1, INT64_MIN);
	EXPECT(p, "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
	proto__int(&p, 1, INT64_MAX);
	EXPECT(p, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
	proto__free(&p);
}

Test(proto, writes_doubles_bit_for_bit)
{
	struct proto p = { 0 };

	proto__double(&p, 1, 1.0);
	EXPECT(p, "\x09\0\0\0\0\0\0\xf0\x3f");
	proto__double(&p, 46, -0.0);
	EXPECT(p, "\xf1\x02\0\0\0\0\0\0\0\x80");
	proto__double(&p, 1, INFINITY);
	EXPECT(p, "\x09\0\0\0\0\0\0\xf0\x7f");
	proto__double(&p, 1, 5e-324);
	EXPECT(p, "\x09\x01\0\0\0\0\0\0\0");
	proto__free(&p);
}

Test(proto, patches_the_lengths_of_messages_in_each_other)
{
	struct proto p = { 0 };
	size_t outer, inner;

	outer = proto__begin(&p, 1);
	proto__uint(&p, 8, 300);
	inner = proto__begin(&p, 11);
	proto__bytes(&p, 2, "ab", 2);
	proto__end(&p, inner);
	proto__end(&p, proto__begin(&p, 60));
	proto__end(&p, outer);
	EXPECT(p, "\x0a\x0c\x40\xac\x02\x5a\x04\x12\x02"
		  "ab\xe2\x03\x00");
	proto__free(&p);
}

/* Each has the shortest length there is, and what is inside moves for it; also where the buffer has to grow for that.
 */
Test(proto, makes_room_for_lengths_of_more_than_a_byte)
{
	static const struct {
		size_t size, length;
	} cases[] = { { 0, 1 },     { 127, 1 },   { 128, 2 },     { 1021, 2 },   { 1022, 2 },
		      { 16383, 2 }, { 16384, 3 }, { 2097151, 3 }, { 2097152, 4 } };
	char *bytes = malloc(2097152);

	for (size_t i = 0; i < 2097152; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct proto p = { 0 };
		size_t begun, length = 0, size = cases[i].size;

		proto__uint(&p, 3, 1);
		begun = proto__begin(&p, 2);
		proto__raw(&p, bytes, size);
		proto__end(&p, begun);
		proto__uint(&p, 4, 2);
		cr_assert_eq(p.error, 0);
		cr_assert_eq(p.size, 2 + 1 + cases[i].length + size + 2);
		cr_expect_eq(p.data[2], 0x12);
		for (size_t k = 0; k < cases[i].length; k++)
			length |= (size_t)(p.data[3 + k] & 0x7f) << 7 * k;
		cr_expect_eq(length, size);
		cr_expect(!memcmp(p.data + 3 + cases[i].length, bytes, size));
		cr_expect(!memcmp(p.data + p.size - 2, "\x20\x02", 2));
		proto__free(&p);
	}
	free(bytes);
}

#define STRING(p, literal) proto__string(&(p), 2, literal, sizeof(literal) - 1)

Test(proto, writes_valid_text_only)
{
	struct proto p = { 0 };

	STRING(p, "");
	EXPECT(p, "\x12\x00");
	STRING(p, "a\"\n\x7f\xc3\xbc");
	EXPECT(p, "\x12\x06"
		  "a\"\n\x7f\xc3\xbc");
	STRING(p, "a\xff"
		  "b\0\xe2\x82");
	EXPECT(p, "\x12\x0b"
		  "a\xef\xbf\xbd"
		  "b\xef\xbf\xbd\xef\xbf\xbd");
	STRING(p, "\xed\xa0\x80");
	cr_expect_geq(p.size, 5);
	cr_expect(!memchr(p.data + 2, 0xed, p.size - 2));
	proto__free(&p);
}

/* A text of bad bytes only becomes three times as long. */
Test(proto, counts_the_length_of_what_was_replaced)
{
	struct proto p = { 0 };
	char bad[100];

	memset(bad, 0xff, sizeof(bad));
	proto__string(&p, 2, bad, sizeof(bad));
	cr_assert_eq(p.size, 3 + 300);
	cr_expect(!memcmp(p.data, "\x12\xac\x02\xef\xbf\xbd", 6));
	proto__free(&p);
}

Test(proto, keeps_the_first_error)
{
	struct proto p = { .error = -12 };
	size_t begun = proto__begin(&p, 1);

	proto__uint(&p, 1, 1);
	proto__double(&p, 1, 1);
	proto__string(&p, 1, "\xff", 1);
	proto__end(&p, begun);
	cr_expect_eq(p.size, 0);
	cr_expect_eq(p.error, -12);
	proto__clear(&p);
	proto__uint(&p, 1, 1);
	EXPECT(p, "\x08\x01");
	proto__free(&p);
}
