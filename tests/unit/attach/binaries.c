// SPDX-License-Identifier: BSD-2-Clause
/* Descriptors of files in, the same binary for the same file out. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/binaries.h"

static struct binaries all;
static char folder[64], path[128];

static void set_up(void)
{
	char command[512];

	snprintf(folder, sizeof(folder), "/tmp/viztrace-binaries-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/program", folder);
	/* What has probes: this test has none. */
	snprintf(command, sizeof(command),
		 "printf '#include \"viztrace.h\"\\nint main(void) { VIZ_PROBE_INSTANT(\"i\"); return 0; }\\n' | "
		 "${CC:-cc} -Iinclude -xc -o %s -",
		 path);
	cr_assert_eq(system(command), 0);
}

static void tear_down(void)
{
	char command[128];

	binaries__clear(&all);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(binaries, .init = set_up, .fini = tear_down, .timeout = 60);

static struct binary *get(int fd)
{
	struct binary *b = NULL;

	cr_assert_geq(fd, 0);
	cr_assert_eq(binaries__get(&all, fd, path, &b), 0);
	return b;
}

Test(binaries, a_file_is_one_however_often_it_is_found)
{
	struct binary *b = get(open(path, O_RDONLY));

	cr_expect(binary__is_of_use(b));
	cr_expect_eq(get(open(path, O_RDONLY)), b);
	cr_expect_null(b->next);
}

Test(binaries, one_that_was_released_is_opened_again_when_it_is_found_again)
{
	int fd = open(path, O_RDONLY);
	struct binary *b = get(dup(fd));

	b->attached = 3;
	binaries__release(b);
	cr_expect_lt(b->fd, 0);
	cr_expect_eq(b->attached, 0);
	cr_expect_eq(get(fd), b);
	cr_expect_eq(b->fd, fd);
}

/* A file system gives the number of one that is gone to the next. */
Test(binaries, another_file_in_the_place_of_a_released_one_is_another)
{
	struct binary *b = get(open(path, O_RDONLY)), *again;
	char command[512];
	struct stat st;

	binaries__release(b);
	cr_assert_eq(stat(path, &st), 0);
	/* As large, and as old as it says. */
	snprintf(command, sizeof(command), "cd %s && cp -p program new && cat new > program && touch -r new program",
		 folder);
	cr_assert_eq(system(command), 0);
	again = get(open(path, O_RDONLY));
	cr_expect_eq(again->ino, b->ino);
	cr_expect_eq(again->modified, b->modified);
	cr_expect_neq(again, b);
	cr_expect_geq(again->fd, 0);
}

Test(binaries, what_is_no_program_has_no_descriptor)
{
	struct binary *b = get(open("/etc/passwd", O_RDONLY));

	cr_expect_not(binary__is_of_use(b));
	cr_expect_lt(b->fd, 0);
	cr_expect_eq(get(open("/etc/passwd", O_RDONLY)), b);
}
