/* SPDX-License-Identifier: BSD-2-Clause */
/* A writer of Chrome JSON and the file that it writes, in a folder of its own. */
#ifndef VIZTRACE_TESTS_CHROME_FILE_H
#define VIZTRACE_TESTS_CHROME_FILE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write/writer_chrome.h"

static char directory[64];
static char path[128];
static struct output *out;
static struct writer_chrome *writer;
static const struct trace_ops *const ops = &writer_chrome_ops;

static inline void set_up(void)
{
	const struct caller owner = { geteuid(), getegid() };

	strcpy(directory, "/tmp/viztrace-writer-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/trace.json", directory);
	cr_assert_eq(output__open(&out, path, OUTPUT_ANY, owner), 0);
	cr_assert_eq(writer_chrome__new(&writer, out), 0);
}

static inline void tear_down(void)
{
	writer_chrome__free(writer);
	writer_chrome__free(NULL);
	output__free(out);
	unlink(path);
	rmdir(directory);
}

#endif
