// SPDX-License-Identifier: BSD-2-Clause
/* Arguments of slices and instants: what the decoder makes of struct rec_args. */
#include "decode_fixtures.h"

TestSuite(decode_args, .init = setup, .fini = tidy);

#define HEAD(n, types) ((uint64_t)(n) << 32 | (types))

static const char *shown(unsigned kind, const char *const texts[ARGS_TEXTS], const uint64_t words[1 + ARGS_MAX])
{
	struct event e;

	args_record(&record, kind, texts, words);
	cr_assert_eq(feed(&e), 0);
	text();
	return show(&e);
}

static void reject(void)
{
	uint64_t before = decoder__stats(decoder)->rejected;
	struct event e;

	cr_expect_eq(feed(&e), -EINVAL);
	cr_expect_eq(decoder__stats(decoder)->rejected, before + 1);
}

Test(decode_args, of_each_type)
{
	const char *const texts[ARGS_TEXTS] = { "name", "\na\nb\nc\nd\ne\nf", NULL, NULL, NULL, NULL, "text" };
	const double half = 0.5;
	/* The first one's type is the highest: I64, U64, BOOL, F64, STRP, a pointer. */
	uint64_t words[1 + ARGS_MAX] = { HEAD(6, 0x789bd0), (uint64_t)-1, UINT64_MAX, 3, 0, 0x10, 0x7fff1000 };

	memcpy(&words[4], &half, sizeof(half));
	cr_expect_str_eq(shown(REC_ENTER, texts, words),
			 "ENTER by 4 \"name\" frame 7000 {a=-1, b=18446744073709551615u, "
			 "c=true, d=0.5, e=\"text\", f=\"0x7fff1000\"}");
}

Test(decode_args, strings)
{
	const char *const texts[ARGS_TEXTS] = { "name", "\na\nb\nc", "text", NULL, NULL };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(3, 0xddd), 16, 0, 16 };
	uint64_t unreadable = decoder__stats(decoder)->unreadable;

	cr_expect_str_eq(shown(REC_INSTANT, texts, words), "INSTANT by 7 \"name\" {a=\"text\", b=null, c=?}");
	cr_expect_eq(decoder__stats(decoder)->unreadable, unreadable + 1);
}

Test(decode_args, names_that_are_not_there_are_numbers)
{
	const char *const none[ARGS_TEXTS] = { "name" }, *const one[ARGS_TEXTS] = { "name", "\na" };
	const char *const odd[ARGS_TEXTS] = { "name", "a\nb" }, *const more[ARGS_TEXTS] = { "name", "\n\nb\nc" };
	const char *const twice[ARGS_TEXTS] = { "name", "\na\na" };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(2, 0x77), 1, 2 };

	cr_expect_str_eq(shown(REC_INSTANT, none, words), "INSTANT by 7 \"name\" {arg1=1, arg2=2}");
	cr_expect_str_eq(shown(REC_INSTANT, one, words), "INSTANT by 7 \"name\" {a=1, arg2=2}");
	cr_expect_str_eq(shown(REC_INSTANT, odd, words), "INSTANT by 7 \"name\" {arg1=1, arg2=2}");
	cr_expect_str_eq(shown(REC_INSTANT, more, words), "INSTANT by 7 \"name\" {arg1=1, b=2}");
	cr_expect_str_eq(shown(REC_INSTANT, twice, words), "INSTANT by 7 \"name\" {a=1, arg2=2}");
}

Test(decode_args, what_was_cut_is_the_text_that_is_as_long_as_may_be)
{
	char cut[NAME_BYTES];
	const char *const texts[ARGS_TEXTS] = { "name", "\na\nb", "whole", cut };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(2, 0xdd), 16, 16 };
	struct event e;

	memset(cut, 'x', sizeof(cut) - 1);
	cut[sizeof(cut) - 1] = 0;
	args_record(&record, REC_INSTANT, texts, words);
	head_of(&record)->flags |= REC_TRUNCATED;
	cr_assert_eq(feed(&e), 0);
	cr_expect_str_eq(e.name, "name");
	cr_expect(!e.values[0].truncated && e.values[1].truncated && e.values[1].size == NAME_BYTES - 1);
	cr_expect_eq(decoder__stats(decoder)->truncated, 1);
}

Test(decode_args, a_result_is_told_from_an_end)
{
	const char *const texts[ARGS_TEXTS] = { "name", "\nreturn" };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(1, 7), 42 };
	struct event e;

	args_record(&record, REC_EXIT, texts, words);
	cr_assert_eq(feed(&e), 0);
	cr_expect(!e.is_result && e.n_values == 1 && e.values[0].i == 42);
	((struct rec_slice *)(void *)record.bytes)->flags |= VIZ_SLICE_RESULT;
	cr_assert_eq(feed(&e), 0);
	cr_expect(e.is_result && !strcmp(e.values[0].key, "return"));
	head_of(&record)->kind = REC_ENTER;
	cr_assert_eq(feed(&e), 0);
	cr_expect(!e.is_result);
}

/* From a copy of just that size, of which every byte may be the last one. */
Test(decode_args, of_a_record_that_is_cut)
{
	const char *const texts[ARGS_TEXTS] = { "name", "\na", "text" };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(1, 13), 16 };
	size_t size;

	args_record(&record, REC_ENTER, texts, words);
	size = record.size;
	while (record.size > sizeof(struct rec_slice)) {
		record.size--;
		head_of(&record)->size = (uint32_t)record.size;
		reject();
	}
	args_record(&record, REC_ENTER, texts, words);
	record.bytes[size - 1] = 'x';
	reject();
	args_record(&record, REC_ENTER, texts, words);
	((struct rec_args *)(void *)(record.bytes + sizeof(struct rec_slice)))->sizes[ARGS_TEXTS - 1] = UINT16_MAX;
	reject();
}

Test(decode_args, more_than_there_may_be_are_none)
{
	const char *const texts[ARGS_TEXTS] = { "name", "\na" };
	const uint64_t words[1 + ARGS_MAX] = { HEAD(9, 7), 1 };

	cr_expect_str_eq(shown(REC_ENTER, texts, words), "ENTER by 4 \"name\" frame 7000");
	cr_expect_eq(decoder__stats(decoder)->unreadable, 1);
}

/* Of which nothing could be read. */
Test(decode_args, of_which_there_is_nothing)
{
	const char *const none[ARGS_TEXTS] = { 0 };
	const uint64_t words[1 + ARGS_MAX] = { 0 };

	cr_expect_str_eq(shown(REC_ENTER, none, words), "ENTER by 4 frame 7000");
	cr_expect_eq(decoder__stats(decoder)->unreadable, 2);
}
