// SPDX-License-Identifier: BSD-2-Clause
/* opts_files: see opts_files.h. */
#include "opts_files.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts_answers.h"
#include "opts_outputs.h"
#include "opts_values.h"

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

static void parse_file(struct opts *o, int argc, char **argv)
{
	if (optind < argc) {
		o->file = argv[optind++];
	} else if (o->argv && !o->argv[1]) {
		/* A file whose name looks like an option. */
		o->file = o->argv[0];
		o->argv = NULL;
	}
}

static int parse_list(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	o->command = COMMAND_LIST;
	parse_file(o, argc, argv);
	if (o->n_pids > 1 || (o->n_pids && o->file))
		FAIL("list takes -p PID, or a FILE, or neither; see --help");
	return 0;
}

static int parse_open(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	o->command = COMMAND_OPEN;
	parse_file(o, argc, argv);
	if (!o->file || o->n_pids)
		FAIL("open takes the FILE of a trace; see --help");
	return 0;
}

static int parse_report(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	o->command = COMMAND_REPORT;
	parse_file(o, argc, argv);
	if (!o->file)
		FAIL("report takes the FILE of a trace; see --help");
	return 0;
}

/* The file, and then expressions. */
static int parse_check(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	int err = 0;

	o->command = COMMAND_CHECK;
	parse_file(o, argc, argv);
	while (!err && optind < argc)
		err = opts_answers__check(o, argv[optind++], error, size);
	if (!err && (!o->file || !o->checks.n))
		FAIL("check takes the FILE of a trace and what has to be so, as 'p99(parse) < 5ms'; see --help");
	return err;
}

/* The file, and what to make of it. */
static int parse_convert(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	int err;

	o->command = COMMAND_CONVERT;
	if (o->no_output || o->n_outputs > 1 || (o->n_outputs && o->outputs[0].path))
		FAIL("convert takes the file to write as its last word, not with -o; see --help");
	parse_file(o, argc, argv);
	if (!o->file || optind == argc || o->n_pids)
		FAIL("convert takes the FILE of a trace and the one to make of it, as a.json b.pftrace; see --help");
	err = opts_outputs__add(o, argv[optind], error, size);
	if (!err && !o->outputs[0].format && !format__of_path(argv[optind]))
		FAIL("into which format? '%s' ends neither in .json nor in .pftrace nor in .ndjson; --format says it",
		     argv[optind]);
	optind++;
	return err;
}

static bool is_file(const struct opts *o, const char *path, size_t size)
{
	for (size_t i = 0; i < o->n_files; i++)
		if (strlen(o->files[i]) == size && !memcmp(o->files[i], path, size))
			return true;
	return false;
}

/* They are known only when all words are. */
static int check_offsets(const struct opts *o, char *error, size_t size)
{
	for (size_t i = 0; i < o->n_offsets; i++) {
		const char *text = o->offsets[i].text;

		if (!is_file(o, text, (size_t)(strrchr(text, '=') - text)))
			FAIL("--offset '%s' is of none of the files that are merged", text);
	}
	return 0;
}

static int parse_merge(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	o->command = COMMAND_MERGE;
	o->files = (const char *const *)argv + optind;
	for (; optind < argc; optind++) {
		if (is_file(o, argv[optind], strlen(argv[optind])))
			FAIL("merge takes each file once, not '%s' twice", argv[optind]);
		o->n_files++;
	}
	if (!o->n_files || o->n_pids)
		FAIL("merge takes the FILEs of traces; see --help");
	if (o->no_output || !o->n_outputs || !o->outputs[0].path)
		FAIL("merge into which file? -o FILE; see --help");
	return check_offsets(o, error, size);
}

int opts_files__parse(struct opts *o, int argc, char **argv, const char *word, char *error, size_t size)
{
	static const struct {
		const char *name;
		int (*parse)(struct opts *o, int argc, char **argv, char *error, size_t size);
	} commands[] = {
		{ "list", parse_list },   { "open", parse_open },       { "report", parse_report },
		{ "check", parse_check }, { "convert", parse_convert }, { "merge", parse_merge },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(word, commands[i].name))
			return commands[i].parse(o, argc, argv, error, size);
	return -ENOENT;
}

/* The last equals sign: there may be others in a file's name. */
int opts_files__add_offset(struct opts *o, const char *text, char *error, size_t size)
{
	const char *equals = strrchr(text, '=');
	struct opts_offset *more;
	double ns = NAN;

	if (equals && equals > text && strchr("+-", equals[1]) && equals[1])
		ns = opts_values__ns(equals + 1);
	if (!isfinite(ns) || fabs(ns) > 1e18)
		FAIL("--offset takes a file and by how much it is later, as a.json=+5ms or a.json=-1.5s, not '%s'",
		     text);
	more = realloc(o->offsets, (o->n_offsets + 1) * sizeof(*more));
	if (!more)
		FAIL("out of memory");
	o->offsets = more;
	more[o->n_offsets++] = (struct opts_offset){ .text = text, .ns = (int64_t)llround(ns) };
	return 0;
}

int64_t opts_files__offset(const struct opts *o, const char *path)
{
	size_t n = strlen(path);
	int64_t ns = 0;

	for (size_t i = 0; i < o->n_offsets; i++)
		if (!strncmp(o->offsets[i].text, path, n) && strrchr(o->offsets[i].text, '=') == o->offsets[i].text + n)
			ns = o->offsets[i].ns;
	return ns;
}
