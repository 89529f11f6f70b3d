/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "../random.h"

static char *text;
static size_t text_size;

static const char *escaped(const char *s, size_t size)
{
	FILE *to;

	free(text);
	to = open_memstream(&text, &text_size);
	escape__put(to, s, size);
	fclose(to);
	return text;
}

#define EXPECT(bytes, shown) cr_expect_str_eq(escaped(bytes, sizeof(bytes) - 1), shown)

Test(escape, leaves_what_can_be_read)
{
	EXPECT("", "");
	EXPECT("/usr/bin/app (deleted) \\ \" ' %s ~", "/usr/bin/app (deleted) \\ \" ' %s ~");
	EXPECT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0");
	EXPECT("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

Test(escape, takes_the_power_of_control_characters)
{
	EXPECT("\033[2J\033]0;title\a", "\\x1b[2J\\x1b]0;title\\x07");
	EXPECT("a\r\n\tb\0c\b\x7f", "a\\r\\n\\tb\\x00c\\x08\\x7f");
	/* CSI as one character of C1, and NEL. */
	EXPECT("\xc2\x9b"
	       "2J\xc2\x85",
	       "\\xc2\\x9b2J\\xc2\\x85");
}

Test(escape, shows_bytes_that_are_no_utf8)
{
	EXPECT("\x9b"
	       "2J",
	       "\\x9b2J");
	EXPECT("\xff\xfe", "\\xff\\xfe");
	EXPECT("\xc3", "\\xc3");                   /* its end is missing */
	EXPECT("\xe2\x82", "\\xe2\\x82");          /* the same */
	EXPECT("\xc1\x81", "\\xc1\\x81");          /* longer than needed */
	EXPECT("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	EXPECT("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

/* Whatever comes in, nothing that a terminal obeys comes out. */
Test(escape, of_random_bytes)
{
	for (int i = 0; i < 20000; i++) {
		char bytes[24];
		size_t size = any() % sizeof(bytes);
		const unsigned char *u;

		for (size_t k = 0; k < size; k++)
			bytes[k] = (char)(any() % 3 ? 0x80 + any() % 128 : any() % 256);
		for (u = (const void *)escaped(bytes, size); *u; u++) {
			cr_assert(*u >= 0x20 && *u != 0x7f);
			cr_assert(!(*u == 0xc2 && u[1] < 0xa0));
		}
		cr_assert_eq(text_size, strlen(text));
	}
}

Test(escape, of_formatted_lines)
{
	FILE *to;

	free(text);
	to = open_memstream(&text, &text_size);
	escape__print(to, "%s is %d", "\033[1m", 5);
	escape__print_line(to, ", %s", "a\nb");
	fclose(to);
	cr_expect_str_eq(text, "\\x1b[1m is 5, a\\nb\n");
}
