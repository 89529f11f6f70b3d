// SPDX-License-Identifier: BSD-2-Clause
/* Bytes of a file in, its lines out. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "read/lines.h"

static struct lines lines;

static void tear_down(void)
{
	stream__free(lines.from);
	stream__free(NULL);
}

TestSuite(lines, .fini = tear_down, .timeout = 60);

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("lines", 0);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void begin(const void *bytes, size_t size)
{
	cr_assert_eq(stream__new(&lines.from, file_of(bytes, size)), 0);
}

static size_t pack(unsigned char *to, size_t room, const char *text)
{
	z_stream z = { 0 };

	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = (unsigned)strlen(text);
	z.next_out = to;
	z.avail_out = (unsigned)room;
	cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

static void expect_line(const char *text)
{
	size_t size;
	char *line;

	cr_assert_eq(lines__next(&lines, &line, &size), 1, "no more lines: %s", text);
	cr_expect_eq(size, strlen(text));
	cr_expect_str_eq(line, text);
}

static void expect_end(bool is_cut)
{
	size_t size;
	char *line;

	cr_expect_eq(lines__next(&lines, &line, &size), 0);
	cr_expect_eq(lines__next(&lines, &line, &size), 0);
	cr_expect_eq(lines.from->is_cut, is_cut);
}

Test(lines, are_what_is_between_line_breaks)
{
	begin("one\n\nthree\nfour", 15);
	expect_line("one");
	cr_expect_eq(lines.number, 1);
	expect_line("");
	expect_line("three");
	expect_line("four");
	cr_expect_eq(lines.number, 4);
	expect_end(false);
}

Test(lines, a_file_may_be_empty)
{
	begin("", 0);
	expect_end(false);
	cr_expect_eq(lines.number, 0);
}

Test(lines, the_last_one_may_have_an_end)
{
	begin("one\n", 4);
	expect_line("one");
	expect_end(false);
}

Test(lines, of_every_length_around_that_of_a_piece)
{
	static char text[1 << 22];
	size_t at = 0, sizes[] = { 0, 1, 262142, 262143, 262144, 262145, 524287, 524288, 3 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(text + at, 'a' + (int)i, sizes[i]);
		at += sizes[i];
		text[at++] = '\n';
	}
	begin(text, at);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size;
		char *line;

		cr_assert_eq(lines__next(&lines, &line, &size), 1);
		cr_expect_eq(size, sizes[i]);
		for (size_t k = 0; k < size; k++)
			cr_assert_eq(line[k], 'a' + (int)i);
		cr_expect_eq(line[size], 0);
	}
	expect_end(false);
}

Test(lines, what_is_packed_is_unpacked)
{
	unsigned char packed[200];

	begin(packed, pack(packed, sizeof(packed), "one\ntwo"));
	expect_line("one");
	expect_line("two");
	expect_end(false);
}

Test(lines, two_packed_pieces_are_one_file)
{
	unsigned char packed[200];
	size_t size = pack(packed, sizeof(packed), "one\nt");

	size += pack(packed + size, sizeof(packed) - size, "wo\nthree");
	begin(packed, size);
	expect_line("one");
	expect_line("two");
	expect_line("three");
	expect_end(false);
}

/* As that of a tool that was killed. */
Test(lines, what_is_there_of_a_packed_file_is_read)
{
	unsigned char packed[4096];
	char text[2048];
	z_stream z = { 0 };

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 64 == 63 ? '\n' : (char)('a' + i * i % 26);
	text[sizeof(text) - 1] = 0;
	cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)text;
	z.avail_in = 640;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	cr_assert_eq(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	begin(packed, sizeof(packed) - z.avail_out);
	deflateEnd(&z);
	for (int i = 0; i < 10; i++) {
		size_t size;
		char *line;

		cr_assert_eq(lines__next(&lines, &line, &size), 1);
		cr_expect_eq(size, 63);
	}
	expect_end(true);
}

Test(lines, what_is_damaged_is_no_line)
{
	unsigned char packed[200];
	size_t size = pack(packed, sizeof(packed), "one\ntwo, and more of it"), got;
	char *line;

	packed[12] ^= 0xff;
	begin(packed, size);
	cr_expect_eq(lines__next(&lines, &line, &got), -EILSEQ);
}

Test(lines, a_folder_cannot_be_read)
{
	size_t size;
	char *line;

	cr_assert_eq(stream__new(&lines.from, open("/", O_RDONLY | O_DIRECTORY)), 0);
	cr_expect_eq(lines__next(&lines, &line, &size), -EISDIR);
}

Test(lines, one_without_end_is_not_read_to_it)
{
	int fd = memfd_create("lines", 0), got;
	size_t size;
	char *line;

	cr_assert_eq(ftruncate(fd, 1 << 30), 0);
	cr_assert_eq(stream__new(&lines.from, fd), 0);
	got = lines__next(&lines, &line, &size);
	cr_expect_eq(got, -E2BIG);
	cr_expect_lt(lseek(fd, 0, SEEK_CUR), 2 * (off_t)STREAM_MAX);
}
