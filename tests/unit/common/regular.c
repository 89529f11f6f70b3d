/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/regular.h"

static char folder[64];
static int root = -1;

static const char *in_folder(const char *name)
{
	static char paths[4][128];
	static int i;

	i = (i + 1) % 4;
	snprintf(paths[i], sizeof(paths[i]), "%.60s/%.60s", folder, name);
	return paths[i];
}

static void set_up(void)
{
	FILE *file;

	strcpy(folder, "/tmp/viztrace-regular-XXXXXX");
	cr_assert(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY);
	file = fopen(in_folder("file"), "w");
	cr_assert(file);
	fputs("text", file);
	fclose(file);
	cr_assert_eq(mkfifo(in_folder("fifo"), 0600), 0);
}

static void tear_down(void)
{
	char command[128];

	close(root);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(regular, .init = set_up, .fini = tear_down, .timeout = 60);

static void expect_text(int fd)
{
	char text[8] = "";

	cr_assert_geq(fd, 0, "%s", strerror(-fd));
	cr_expect_eq(read(fd, text, sizeof(text)), 4);
	cr_expect_str_eq(text, "text");
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

/* How many descriptors this process has. */
static int descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(regular, opens_files)
{
	int before = descriptors();

	expect_text(regular__open(in_folder("file")));
	expect_text(regular__open_in(root, "/file"));
	cr_assert_eq(symlink("file", in_folder("link")), 0);
	expect_text(regular__open(in_folder("link")));
	cr_expect_eq(regular__open(in_folder("none")), -ENOENT);
	cr_expect_eq(regular__open_in(root, "/none"), -ENOENT);
	cr_expect_eq(regular__reopen(-EMFILE), -EMFILE);
	cr_expect_eq(descriptors(), before);
}

/* Not even for a moment. */
Test(regular, opens_nothing_else)
{
	int before = descriptors(), watch = inotify_init1(IN_NONBLOCK), fd;
	char events[4096];

	cr_assert_geq(inotify_add_watch(watch, in_folder("fifo"), IN_OPEN), 0);
	cr_expect_eq(regular__open(in_folder("fifo")), -ENXIO);
	cr_expect_eq(regular__open_in(root, "/fifo"), -ENXIO);
	cr_expect_eq(regular__open(folder), -ENXIO);
	cr_expect_eq(regular__open("/dev/null"), -ENXIO);
	cr_expect_lt(read(watch, events, sizeof(events)), 0, "it was opened");
	/* Which would be seen. */
	fd = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
	cr_expect_gt(read(watch, events, sizeof(events)), 0);
	close(fd);
	close(watch);
	cr_expect_eq(descriptors(), before);
}

Test(regular, does_not_leave_a_root)
{
	char path[128];

	cr_assert_eq(symlink("/file", in_folder("absolute")), 0);
	cr_assert_eq(symlink("../../../../../../file", in_folder("up")), 0);
	expect_text(regular__open_in(root, "/absolute"));
	expect_text(regular__open_in(root, "/up"));
	cr_assert_eq(symlink("/etc/passwd", in_folder("away")), 0);
	cr_expect_eq(regular__open_in(root, "/away"), -ENOENT);
	snprintf(path, sizeof(path), "/proc/self/root/etc/passwd");
	cr_assert_eq(symlink(path, in_folder("magic")), 0);
	cr_expect_lt(regular__open_in(root, "/magic"), 0);
}
