/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of its own for each test that opens outputs, and how to look at what is in it. */
#ifndef VIZTRACE_TESTS_OUTPUT_FILES_H
#define VIZTRACE_TESTS_OUTPUT_FILES_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "write/output.h"

static char directory[64];
static char path[128];

static inline void set_up(void)
{
	strcpy(directory, "/tmp/viztrace-output-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/trace.json", directory);
	umask(022);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static inline void tear_down(void)
{
	char command[256];

	snprintf(command, sizeof(command), "umount %s 2>/dev/null; rm -rf %s", directory, directory);
	cr_assert_eq(system(command), 0);
}

static inline const char *in_directory(const char *name)
{
	static char buffers[4][128];
	static int i;

	i = (i + 1) % 4;
	snprintf(buffers[i], sizeof(buffers[i]), "%s/%s", directory, name);
	return buffers[i];
}

/* Until so many bytes are in the file, or 10 s have gone by. */
static inline void await_size(off_t bytes)
{
	struct stat st;

	for (int i = 0; i < 10000 && (stat(path, &st) || st.st_size < bytes); i++)
		usleep(1000);
}

/* The whole file, NUL-terminated. */
static inline char *slurp(const char *name, size_t *ret_size)
{
	FILE *f = fopen(name, "r");
	struct stat st;
	char *text;

	cr_assert(f, "%s", name);
	cr_assert_eq(fstat(fileno(f), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	*ret_size = fread(text, 1, (size_t)st.st_size, f);
	text[*ret_size] = '\0';
	fclose(f);
	return text;
}

static inline void expect_file(const char *name, const char *expected)
{
	size_t size;
	char *text = slurp(name, &size);

	cr_expect(size == strlen(expected) && !memcmp(text, expected, size), "%s holds \"%s\"", name, text);
	free(text);
}

static inline void spit(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static inline struct output *open_output(const char *name)
{
	struct output *o = NULL;
	int err = output__open(&o, name, OUTPUT_ANY, caller__from_env());

	cr_assert_eq(err, 0, "%s: %s", name, strerror(-err));
	return o;
}

static inline int write_event(struct output *o, const char *text)
{
	int err = output__write(o, text, strlen(text));

	output__mark(o);
	return err;
}

/* One event, and the end. */
static inline void make_output(const char *name)
{
	struct output *o = open_output(name);

	cr_expect_eq(write_event(o, "x"), 0);
	cr_expect_eq(output__flush(o), 0);
	output__free(o);
}

static inline int write_head(struct output *o)
{
	char head[OUTPUT_HEAD];

	memset(head, ' ', sizeof(head));
	memcpy(head, "[{\"a\":0}", 8);
	return output__write(o, head, sizeof(head));
}

/* The length of the list that an unfinished file makes for a viewer, which closes it; -1: it does not load. */
static inline long loads_as_array(const char *name)
{
	size_t size;
	char *text = slurp(name, &size);
	json_t *root;
	long n;

	if (!size) {
		free(text);
		return 0;
	}
	text[size] = ']';
	root = json_loadb(text, size + 1, 0, NULL);
	n = root ? (long)json_array_size(root) : -1;
	json_decref(root);
	free(text);
	return n;
}

static inline void redirect_stdout(const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	cr_assert_geq(fd, 0);
	dup2(fd, STDOUT_FILENO);
	close(fd);
}

static inline int entries(void)
{
	DIR *d = opendir(directory);
	int n = -2;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static inline void on_alarm(int signal)
{
	(void)signal;
}

#endif
