/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is compressed is, unpacked, the one that would be written plainly. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <zlib.h>

#include "output_files.h"

TestSuite(output_gzip, .init = set_up, .fini = tear_down, .timeout = 120);

/* What is in the file as far as it can be unpacked, NUL-terminated; *ret_whole: its end is there, and right. */
static char *unpack(const char *name, size_t *ret_size, bool *ret_whole)
{
	size_t size, room = 1 << 20;
	char *packed = slurp(name, &size), *text = malloc(room + 1);
	z_stream z = { .next_in = (unsigned char *)packed, .avail_in = (unsigned)size };
	int result;

	*ret_size = 0;
	cr_assert_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	do {
		if (room - *ret_size < 1 << 19)
			text = realloc(text, (room *= 2) + 1);
		z.next_out = (unsigned char *)text + *ret_size;
		z.avail_out = (unsigned)(room - *ret_size);
		result = inflate(&z, Z_SYNC_FLUSH);
		*ret_size = room - z.avail_out;
		cr_assert(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, "%d", result);
	} while (result == Z_OK && z.avail_in);
	*ret_whole = result == Z_STREAM_END && !z.avail_in;
	inflateEnd(&z);
	free(packed);
	text[*ret_size] = '\0';
	return text;
}

/* About 6 MB of events, of which some are longer than a page. */
static int write_some(struct output *o)
{
	char event[6000];
	int err = write_head(o);

	output__mark(o);
	for (int i = 0; !err && i < 100000; i++) {
		sprintf(event, ",\n{\"n\":%d,\"text\":\"%0*d\"}", i, i % 1000 ? 1 + i % 60 : 5000, i);
		err = write_event(o, event);
		if (i % 5000 == 0)
			output__flush(o);
	}
	return err;
}

Test(output_gzip, is_the_same_unpacked)
{
	const char *names[] = { in_directory("plain.json"), in_directory("packed.json.gz") };
	size_t plain_size, packed_size, size;
	char *plain, *unpacked;
	bool whole;

	for (int i = 0; i < 2; i++) {
		struct output *o = open_output(names[i]);

		cr_assert_eq(write_some(o), 0);
		cr_assert_eq(output__finish(o, "{\"x\":[{}", 8, "]}", 2), 0);
		free(slurp(names[i], &size));
		cr_expect_eq(output__size_on_disk(o) + (i ? 0 : 2), size);
		output__free(o);
	}
	free(slurp(names[1], &packed_size));
	plain = slurp(names[0], &plain_size);
	unpacked = unpack(names[1], &size, &whole);
	cr_expect(whole);
	cr_expect(size == plain_size && !memcmp(unpacked, plain, size));
	cr_expect_lt(packed_size, plain_size / 5);
	free(plain);
	free(unpacked);
}

Test(output_gzip, holds_what_was_flushed_when_it_is_killed)
{
	const char *name = in_directory("packed.json.gz");
	int ready[2];
	size_t size;
	bool whole;
	pid_t pid;
	char byte, *text;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct output *o = open_output(name);

		write_some(o);
		output__flush(o);
		while (output__size_on_disk(o) < 100000)
			usleep(1000);
		if (write(ready[1], "x", 1) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	text = unpack(name, &size, &whole);
	cr_expect_not(whole);
	cr_expect_gt(size, 100000);
	cr_expect(strstr(text, ",\n{\"n\":1,"));
	free(text);
}

Test(output_gzip, is_whole_where_there_is_no_room_for_all)
{
	const char *name = in_directory("packed.json.gz");
	struct output *o;
	char *text, event[300];
	size_t size;
	bool whole;
	int err = 0;

	if (mount("none", directory, "tmpfs", 0, "size=256k"))
		cr_skip_test("no mount here");
	o = open_output(name);
	write_head(o);
	output__mark(o);
	srand(1);
	for (int i = 0; !err && i < 1000000; i++) {
		sprintf(event, ",\n{\"n\":%d,\"x\":%d%d%d%d}", i, rand(), rand(), rand(), rand());
		err = write_event(o, event);
	}
	cr_expect_eq(err, -ENOSPC);
	cr_expect_eq(output__finish(o, "{\"x\":[{}", 8, "]}", 2), -ENOSPC);
	output__free(o);
	text = unpack(name, &size, &whole);
	cr_expect(whole);
	cr_expect_gt(size, OUTPUT_HEAD);
	cr_expect(!strncmp(text, "{\"x\":[{} ", 9) && !strcmp(text + size - 3, "}]}"), "%s", text + size - 20);
	free(text);
}

Test(output_gzip, of_a_pipe_has_no_head)
{
	const char *name = in_directory("pipe.gz");
	char packed[4096], text[4096];
	z_stream z = { 0 };
	struct output *o;
	ssize_t n;
	int fd;

	cr_assert_eq(mkfifo(name, 0600), 0);
	fd = open(name, O_RDWR);
	o = open_output(name);
	cr_expect_not(output__has_head(o));
	write_event(o, "[{}");
	write_event(o, ",{}");
	cr_expect_eq(output__finish(o, NULL, 0, "]", 1), 0);
	output__free(o);
	n = read(fd, packed, sizeof(packed));
	close(fd);
	cr_assert_gt(n, 0);
	z.next_in = (unsigned char *)packed;
	z.avail_in = (unsigned)n;
	z.next_out = (unsigned char *)text;
	z.avail_out = sizeof(text);
	cr_assert_eq(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	cr_expect_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	cr_expect(z.total_out == 7 && !memcmp(text, "[{},{}]", 7));
}
