/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "write/json.h"
#include "../random.h"

#define EXPECT(j, literal) expect(&(j), literal, sizeof(literal) - 1)

static void expect(struct json *j, const char *text, size_t size)
{
	cr_expect_eq(j->error, 0);
	cr_expect(j->size == size && !memcmp(j->data, text, size), "expected %.*s\n     got %.*s", (int)size, text,
		  (int)j->size, j->data);
	json__clear(j);
}

#define STRING(j, literal) json__string(&(j), literal, sizeof(literal) - 1)

Test(json, owns_the_commas)
{
	struct json j;

	json__init(&j);
	json__object(&j);
	JSON__KEY(&j, "a");
	json__int(&j, 1);
	json__key(&j, "b\n", 2);
	json__list(&j);
	json__list_end(&j);
	JSON__KEY(&j, "c");
	json__list(&j);
	json__bool(&j, true);
	json__bool(&j, false);
	json__null(&j);
	json__object(&j);
	json__object_end(&j);
	STRING(j, "x");
	json__double(&j, 0.5);
	json__us(&j, 1);
	JSON__RAW(&j, "7");
	json__list_end(&j);
	JSON__KEY(&j, "d");
	json__uint(&j, 2);
	json__object_end(&j);
	EXPECT(j, "{\"a\":1,\"b\\n\":[],\"c\":[true,false,null,{},\"x\",0.5,0.001,7],\"d\":2}");
	json__free(&j);
}

Test(json, puts_the_comma_before_a_new_line)
{
	struct json j;

	json__init(&j);
	json__list(&j);
	json__line(&j);
	json__int(&j, 1);
	json__line(&j);
	json__int(&j, 2);
	json__list_end(&j);
	EXPECT(j, "[\n1,\n2]");
	json__free(&j);
}

/* Of memory of just that size: who reads beyond it is caught. */
Test(json, copies_texts_of_every_length)
{
	char all[40], expected[200];
	struct json j;
	char *text;
	int n;

	for (int i = 0; i < 40; i++)
		all[i] = (char)('A' + i % 26);
	json__init(&j);
	for (int size = 0; size < 40; size++) {
		text = malloc((size_t)size + !size);
		memcpy(text, all, (size_t)size);
		json__object(&j);
		json__key(&j, text, (size_t)size);
		json__string(&j, text, (size_t)size);
		json__raw(&j, text, (size_t)size);
		json__object_end(&j);
		n = sprintf(expected, "{\"%.*s\":\"%.*s\",%.*s}", size, all, size, all, size, all);
		expect(&j, expected, (size_t)n);
		free(text);
	}
	json__free(&j);
}

Test(json, escapes_control_characters)
{
	struct json j;
	char in[0x20], c;
	char text[64];

	json__init(&j);
	for (c = 1; c < 0x20; c++)
		in[c - 1] = c;
	json__string(&j, in, 0x1f);
	EXPECT(j, "\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008\\t\\n\\u000b\\u000c\\r\\u000e\\"
		  "u000f"
		  "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001"
		  "c\\u001d"
		  "\\u001e\\u001f\"");
	/* At every place of a run of 8, and past it. */
	for (int i = 0; i < 20; i++) {
		memset(text, 'a', sizeof(text));
		text[i] = '\x7f';
		json__string(&j, text, 20);
		cr_assert_eq(j.size, 2 + 19 + 6);
		cr_assert(!memcmp(j.data + 1 + i, "\\u007f", 6), "at %d", i);
		json__clear(&j);
		text[i] = '\x1f';
		json__string(&j, text, 20);
		cr_assert(!memcmp(j.data + 1 + i, "\\u001f", 6), "at %d", i);
		json__clear(&j);
		text[i] = '"';
		json__string(&j, text, 20);
		cr_assert(!memcmp(j.data + 1 + i, "\\\"", 2), "at %d", i);
		json__clear(&j);
		text[i] = '\x20';
		json__string(&j, text, 20);
		cr_assert_eq(j.size, 22);
		json__clear(&j);
	}
	json__free(&j);
}

/* Whatever stands around it, also what differs from something special in one bit. */
Test(json, escapes_at_every_place_of_every_length)
{
	static const char special[] = "\x01\x1f\"\\\x7f", around[] = "a ~#]!}[";
	static const char *const escaped[] = { "\\u0001", "\\u001f", "\\\"", "\\\\", "\\u007f" };
	char text[24], expected[64];
	struct json j;
	int n;

	json__init(&j);
	for (int size = 1; size <= (int)sizeof(text); size++)
		for (int i = 0; i < size; i++)
			for (int c = 0; c < 5; c++)
				for (int a = 0; around[a]; a++) {
					memset(text, around[a], sizeof(text));
					text[i] = special[c];
					json__string(&j, text, (size_t)size);
					/* A string never ends in a backslash. */
					n = sprintf(expected, "\"%.*s%s%.*s\"", i, text,
						    special[c] == '\\' && i + 1 == size ? "\\u005c" : escaped[c],
						    size - i - 1, text + i + 1);
					expect(&j, expected, (size_t)n);
				}
	json__free(&j);
}

Test(json, escapes_quotes_and_backslashes)
{
	struct json j;

	json__init(&j);
	STRING(j, "say \"hi\" in C:\\tmp");
	EXPECT(j, "\"say \\\"hi\\\" in C:\\\\tmp\"");
	json__free(&j);
}

Test(json, does_not_end_a_string_in_a_backslash)
{
	struct json j;

	json__init(&j);
	STRING(j, "C:\\");
	EXPECT(j, "\"C:\\u005c\"");
	STRING(j, "\\\\");
	EXPECT(j, "\"\\\\\\u005c\"");
	STRING(j, "");
	EXPECT(j, "\"\"");
	json__free(&j);
}

Test(json, replaces_nul)
{
	struct json j;

	json__init(&j);
	STRING(j, "a\0b");
	EXPECT(j, "\"a\xef\xbf\xbd"
		  "b\"");
	json__free(&j);
}

Test(json, keeps_valid_utf8_as_it_is)
{
	struct json j;

	json__init(&j);
	STRING(j, "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf \xf0\x90\x80\x80 "
		  "\xf4\x8f\xbf\xbf");
	EXPECT(j, "\"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf \xf0\x90\x80\x80 "
		  "\xf4\x8f\xbf\xbf\"");
	json__free(&j);
}

#define BAD "\xef\xbf\xbd"

Test(json, replaces_bytes_that_are_no_utf8)
{
	struct json j;

	json__init(&j);
	STRING(j, "a\xff"
		  "b\x80"
		  "c");
	EXPECT(j, "\"a" BAD "b" BAD "c\"");
	/* Longer than needed, a surrogate, above U+10FFFF. */
	STRING(j, "\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xf5\x80");
	EXPECT(j, "\"" BAD BAD " " BAD BAD BAD " " BAD BAD BAD BAD " " BAD BAD "\"");
	/* Cut off, in the middle and at the end. */
	STRING(j, "\xe2\x82 \xf0\x9f\x98");
	EXPECT(j, "\"" BAD " " BAD "\"");
	STRING(j, "\xe2\"");
	EXPECT(j, "\"" BAD "\\\"\"");
	json__free(&j);
}

Test(json, leaves_out_a_character_that_is_cut_off)
{
	cr_expect_eq(utf8__whole("abc", 3), 3);
	cr_expect_eq(utf8__whole("", 0), 0);
	cr_expect_eq(utf8__whole("a\xe2\x82\xac", 4), 4);
	cr_expect_eq(utf8__whole("a\xe2\x82", 3), 1);
	cr_expect_eq(utf8__whole("a\xe2", 2), 1);
	cr_expect_eq(utf8__whole("a\xf0\x9f\x98", 4), 1);
	/* Not cut but bad: it stays, to be replaced. */
	cr_expect_eq(utf8__whole("a\xff", 2), 2);
	cr_expect_eq(utf8__whole("a\x80", 2), 2);
	cr_expect_eq(utf8__whole("\x80\x80\x80\x80", 4), 4);
	cr_expect_eq(utf8__whole("a\xe0\x80", 3), 3);
}

Test(json, writes_integers)
{
	struct json j;
	uint64_t power = 1;
	char text[64];

	json__init(&j);
	json__int(&j, INT64_MIN);
	EXPECT(j, "-9223372036854775808");
	json__int(&j, INT64_MAX);
	EXPECT(j, "9223372036854775807");
	json__uint(&j, UINT64_MAX);
	EXPECT(j, "18446744073709551615");
	json__int(&j, 0);
	EXPECT(j, "0");
	json__int(&j, -1);
	EXPECT(j, "-1");
	for (int i = 0; i < 20; i++, power *= 10) {
		for (int off = -1; off <= 1; off++) {
			json__uint(&j, power + (uint64_t)off);
			expect(&j, text, (size_t)sprintf(text, "%llu", (unsigned long long)(power + (uint64_t)off)));
		}
	}
	json__string_begin(&j);
	json__piece_uint(&j, 42);
	json__piece(&j, ":", 1);
	json__piece_hex(&j, 0x7f00deadbeef);
	json__piece_hex(&j, 0);
	json__piece_hex(&j, UINT64_MAX);
	json__string_end(&j);
	EXPECT(j, "\"42:0x7f00deadbeef0x00xffffffffffffffff\"");
	json__free(&j);
}

Test(json, writes_nanoseconds_as_microseconds)
{
	struct json j;

	json__init(&j);
	json__us(&j, 0);
	EXPECT(j, "0.000");
	json__us(&j, 999);
	EXPECT(j, "0.999");
	json__us(&j, 1000);
	EXPECT(j, "1.000");
	json__us(&j, 1234567);
	EXPECT(j, "1234.567");
	json__us(&j, UINT64_MAX);
	EXPECT(j, "18446744073709551.615");
	json__free(&j);
}

Test(json, writes_doubles_in_a_short_form)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 3.0, "3.0" },
		{ -17.0, "-17.0" },
		{ 9007199254740991.0, "9007199254740991.0" },
		{ 0.1, "0.1" },
		{ 0.5, "0.5" },
		{ -2.25, "-2.25" },
		{ 123.456, "123.456" },
		{ 99.99, "99.99" },
		{ 0.000000001, "0.000000001" },
		{ 1234567.891, "1234567.891" },
		{ 1e300, "1e300" },
		{ -1e-300, "-1e-300" },
		{ 1e22, "1e22" },
		{ 1.5e-10, "1.5e-10" },
		{ 0.00037687560355167916, "3.7687560355167916e-4" },
		{ 18446744073709551615.0, "1.8446744073709552e19" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e308" },
	};
	struct json j;

	json__init(&j);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json__double(&j, cases[i].value);
		expect(&j, cases[i].text, strlen(cases[i].text));
	}
	json__free(&j);
}

Test(json, writes_what_is_not_finite_as_strings)
{
	struct json j;

	json__init(&j);
	json__list(&j);
	json__double(&j, NAN);
	json__double(&j, -NAN);
	json__double(&j, INFINITY);
	json__double(&j, -INFINITY);
	json__list_end(&j);
	EXPECT(j, "[\"NaN\",\"NaN\",\"Infinity\",\"-Infinity\"]");
	json__free(&j);
}

/* How Perfetto reads a number: digits in int64s, put together in floating point. */
static double perfetto_reads(const char *s)
{
	bool negative = *s == '-', negative_exponent = false;
	uint64_t before = 0, after = 0, divisor = 1;
	double value, exponent = 0;

	for (s += negative; isdigit((unsigned char)*s); s++)
		before = before * 10 + (uint64_t)(*s - '0');
	if (*s == '.') {
		for (s++; isdigit((unsigned char)*s); s++) {
			after = after * 10 + (uint64_t)(*s - '0');
			divisor *= 10;
		}
	}
	if (*s == 'e') {
		s++;
		negative_exponent = *s == '-';
		for (s += negative_exponent; isdigit((unsigned char)*s); s++)
			exponent = exponent * 10 + (*s - '0');
	}
	cr_assert_eq(*s, '\0');
	value = (double)(int64_t)before + (double)(int64_t)after / (double)divisor;
	if (negative_exponent)
		value /= pow(10, exponent);
	else
		value *= pow(10, exponent);
	return negative ? -value : value;
}

static uint64_t bits(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}

/* What all notations have in common; returns the text. */
static const char *check_double(double value)
{
	static struct json j;
	int digits = 0, fraction = 0;
	bool in_fraction = false, leading = true;

	json__clear(&j);
	json__double(&j, value);
	JSON__RAW(&j, "\0");
	cr_assert_eq(j.error, 0);
	j.data[j.size - 2] = '\0'; /* over the comma */
	cr_assert_eq(bits(strtod(j.data, NULL)), bits(value), "%a is %s", value, j.data);
	for (const char *c = j.data; *c && *c != 'e'; c++) {
		if (*c == '.') {
			in_fraction = true;
		} else if (isdigit((unsigned char)*c)) {
			leading = leading && *c == '0';
			digits += !leading;
			fraction += in_fraction;
		}
	}
	cr_assert_leq(digits, in_fraction && !strcmp(j.data + strlen(j.data) - 2, ".0") ? 18 : 17, "%s", j.data);
	/* int64 in Perfetto */
	cr_assert_leq(fraction, 17, "%s", j.data);
	cr_assert(strchr(j.data, '.') || strchr(j.data, 'e'), "%s is an integer to a reader", j.data);
	return j.data;
}

Test(json, round_trips_random_doubles)
{
	uint64_t state = 88172645463325252;
	double value, read;
	const char *text;
	int64_t off;

	for (int i = 0; i < 1000000; i++) {
		uint64_t u = next_random(&state);

		memcpy(&value, &u, sizeof(value));
		if (!isfinite(value))
			continue;
		text = check_double(value);
		if (fabs(value) < 1e-307)
			continue; /* Perfetto has no power of ten that large, and reads 0 */
		read = perfetto_reads(text);
		off = (int64_t)(bits(read) - bits(value));
		cr_assert(off >= -2 && off <= 2, "%s is read as %.17g", text, read);
	}
}

Test(json, round_trips_usual_doubles_bit_for_bit_in_perfetto)
{
	uint64_t state = 424242;
	const char *text;
	double value;

	for (int i = 0; i < 1000000; i++) {
		uint64_t u = next_random(&state);

		switch (i % 4) {
		case 0: value = (double)(u % 1000000000) / 1000; break;
		case 1: value = (double)(u % 1000000) / 7; break;
		case 2: value = (double)(int32_t)u / 65536; break;
		default:
			/* any mantissa, 2^-20 to 2^43 */
			u = (u & 0x800fffffffffffff) | ((1023 - 20 + (u >> 52) % 64) << 52);
			memcpy(&value, &u, sizeof(value));
		}
		text = check_double(value);
		cr_assert_eq(bits(perfetto_reads(text)), bits(value), "%a, %s", value, text);
	}
}

/* Both neighbours of a power of two are not equally far, next to a power of ten a digit is to be had, and
 * half way between two decimals either of them will do. */
Test(json, round_trips_doubles_where_something_changes)
{
	uint64_t state = 7, u;
	double value;

	for (int i = 0; i < 1000000; i++) {
		uint64_t random = next_random(&state);

		switch (i % 3) {
		case 0: value = ldexp(1, (int)(random % 90) - 30); break;
		case 1: value = pow(10, (int)(random % 30) - 10); break;
		default: value = (double)(random >> 10) / (double)(1ull << next_random(&state) % 60);
		}
		memcpy(&u, &value, sizeof(u));
		u += next_random(&state) % 7 - 3;
		memcpy(&value, &u, sizeof(u));
		check_double(value);
	}
}

/* Of the decimals with 15 digits and more that printf makes, the first that is the same double. */
Test(json, takes_no_more_digits_than_it_has_to)
{
	uint64_t state = 4711;
	char text[64];
	const char *made;
	double value;

	for (int i = 0; i < 300000; i++) {
		uint64_t u = next_random(&state);
		int n = 14, digits = 0, zeros = 0;

		/* 2^-30 to 2^70: on both sides of where integers of 128 bits do */
		u = (u & 0xfffffffffffff) | ((1023 - 30 + (u >> 52) % 100) << 52);
		memcpy(&value, &u, sizeof(value));
		do
			snprintf(text, sizeof(text), "%.*e", n++, value);
		while (strtod(text, NULL) != value);
		made = check_double(value);
		for (const char *c = made + strspn(made, "0."); *c && *c != 'e'; c++) {
			digits += *c != '.';
			zeros = *c == '0' ? zeros + 1 : *c == '.' ? zeros : 0;
		}
		cr_assert_leq(digits - zeros, n, "%s: %s does", made, text);
	}
}

Test(json, grows)
{
	static char big[100000];
	struct json j;

	json__init(&j);
	memset(big, '\1', sizeof(big));
	json__string(&j, big, sizeof(big));
	cr_expect_eq(j.error, 0);
	cr_expect_eq(j.size, 6 * sizeof(big) + 2);
	json__free(&j);
	json__free(NULL);
}
