// SPDX-License-Identifier: BSD-2-Clause
/* opts_keep: see opts_keep.h. */
#include "opts_keep.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "opts_answers.h"
#include "opts_values.h"

#define TIME_MAX 1e15        /* ns: eleven days */
#define SPLIT_MIN 100000000u /* ns: each piece takes a process, and tells all that is there */
#define SPLIT_BYTES_MIN (1u << 20)

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

/* "10s", "1.5ms", "5m" are minutes, as capitals are sizes. */
static bool parse_time(uint64_t *ret, const char *text)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 } };
	char *end;
	double d = isdigit((unsigned char)text[0]) ? strtod(text, &end) : 0, ns = 0;

	for (size_t i = 0; d > 0 && i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name))
			ns = d * units[i].ns;
	if (!isfinite(ns) || ns < 1 || ns > TIME_MAX)
		return false;
	*ret = (uint64_t)ns;
	return true;
}

int opts_keep__add(struct opts *o, const char *text, char *error, size_t size)
{
	char ignored[128];

	if (parse_time(&o->keep_time, text))
		return 0;
	/* Else a number without a unit would be bytes. */
	if (!text[0] || isdigit((unsigned char)text[strlen(text) - 1]) ||
	    opts_values__size(&o->keep_bytes, "--keep", text, ignored, sizeof(ignored)))
		FAIL("--keep takes a time as 10s or 5m, or a size as 200M, not '%s'", text);
	if (o->keep_bytes < KEEP_BYTES_MIN)
		FAIL("--keep is 1M at least, not '%s'", text);
	return 0;
}

int opts_keep__when(struct opts *o, const char *text, char *error, size_t size)
{
	const char *what;
	size_t at;
	int err = triggers__add(&o->triggers, text, &what, &at);

	if (err == -ENOMEM)
		FAIL("out of memory");
	return err ? opts_answers__explain("--when", text, what, at, error, size) : 0;
}

int opts_keep__time(uint64_t *ret, const char *name, const char *text, char *error, size_t size)
{
	if (!parse_time(ret, text))
		FAIL("%s takes a time as 500ms, 10s or 5m, not '%s'", name, text);
	return 0;
}

int opts_keep__number(uint64_t *ret, const char *name, const char *text, char *error, size_t size)
{
	if (!opts_values__number(ret, text, 1, UINT64_MAX))
		FAIL("%s takes a number from 1 on, not '%s'", name, text);
	return 0;
}

/* Pieces are dumps of what is kept, so that much is. */
static int settle_split(struct opts *o, char *error, size_t size)
{
	if (!o->split && !o->max_size && o->max_files)
		FAIL("--max-files goes with --split or --max-size; see --help");
	if (o->split && o->split < SPLIT_MIN)
		FAIL("--split is 100ms at least");
	if (o->max_files && o->max_size && o->max_size < SPLIT_BYTES_MIN)
		FAIL("--max-size with --max-files is 1M at least");
	if (o->max_files) {
		o->split_bytes = o->max_size;
		o->max_size = 0;
	}
	if (o->split && !o->keep_time)
		o->keep_time = o->split;
	return 0;
}

static int settle_triggers(struct opts *o, char *error, size_t size)
{
	if (!o->triggers.n && (o->after || o->triggers.at_most || o->triggers.again_after))
		FAIL("%s goes with --when; see --help", o->after            ? "--after" :
							o->triggers.at_most ? "--at-most" :
									      "--again-after");
	if (!o->triggers.at_most)
		o->triggers.at_most = AT_MOST;
	if (!o->triggers.again_after)
		o->triggers.again_after = AGAIN_AFTER;
	return 0;
}

static int settle_format(struct opts *o, char *error, size_t size)
{
	for (size_t i = 0; i < o->n_outputs; i++)
		if (o->outputs[i].path)
			FAIL("with --keep, --split or --max-files only dumps are written, which go to --dump-to; it goes "
			     "without -o");
	o->dump_format = o->n_outputs ? o->outputs[0].format : formats[0];
	o->n_outputs = 0;
	o->no_output = true;
	return 0;
}

int opts_keep__settle(struct opts *o, const char *command, char *error, size_t size)
{
	struct stat st;

	if (settle_split(o, error, size))
		return -EINVAL;
	if (!o->keep_bytes && !o->keep_time && !o->split_bytes) {
		if (o->dump_to || o->on_dump || o->triggers.n)
			FAIL("%s goes with --keep, --split or --max-files; see --help", o->dump_to ? "--dump-to" :
											o->on_dump ? "--on-dump" :
												     "--when");
		return 0;
	}
	if (o->command != COMMAND_TRACE)
		FAIL("%s is for tracing, not for %s; see --help",
		     o->split       ? "--split" :
		     o->split_bytes ? "--max-files" :
				      "--keep",
		     command);
	if (!o->keep_bytes)
		o->keep_bytes = KEEP_BYTES;
	if (o->max_size)
		FAIL("--max-size is for a trace that goes to one file, or for --max-files; with --keep or --split the size "
		     "is --keep's");
	/* Now, and not when it is too late. */
	if (o->dump_to && (stat(o->dump_to, &st) || !S_ISDIR(st.st_mode)))
		FAIL("--dump-to takes a folder that is there, not '%s'", o->dump_to);
	return settle_triggers(o, error, size) ? -EINVAL : settle_format(o, error, size);
}
