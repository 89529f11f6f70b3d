// SPDX-License-Identifier: BSD-2-Clause
/* opts_answers: see opts_answers.h. */
#include "opts_answers.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

int opts_answers__form(struct opts *o, const char *form, char *error, size_t size)
{
	if (!form || !strcmp(form, "text"))
		o->report = REPORT_TEXT;
	else if (!strcmp(form, "json"))
		o->report = REPORT_JSON;
	else
		FAIL("--report is --report=text or --report=json, not '%s'", form);
	return 0;
}

int opts_answers__explain(const char *where, const char *text, const char *what, size_t at, char *error, size_t size)
{
	size_t column = 0;

	for (size_t i = 0; i < at; i++)
		column += (text[i] & 0xc0) != 0x80; /* of each character its first byte */
	if (strlen(text) >= CHECK_MAX || (text[at] && iscntrl((unsigned char)text[at])))
		FAIL("%s: %s; see man viztrace-bpf", where, what);
	snprintf(error, size, "%s: %s; see man viztrace-bpf\n  %s\n  %*s^", where, what, text, (int)column, "");
	return -EBADMSG;
}

static int add_check(struct checks *c, const char *text, const char *where, char *error, size_t size)
{
	const char *what;
	size_t at;
	int err = checks__add(c, text, &what, &at);

	if (err == -ENOMEM)
		FAIL("out of memory");
	return err ? opts_answers__explain(where, text, what, at, error, size) : 0;
}

int opts_answers__check(struct opts *o, const char *text, char *error, size_t size)
{
	return add_check(&o->checks, text, "--check", error, size);
}

/* What is in a line of a file, without spaces around it; "" if there is nothing. */
static char *content_of(char *line)
{
	char *end;

	line += strspn(line, " \t");
	end = line + strlen(line);
	if (*line == '#')
		end = line;
	while (end > line && strchr(" \t\r\n", end[-1]))
		end--;
	*end = 0;
	return line;
}

int opts_answers__checks(struct opts *o, const char *path, char *error, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t room = 0, before = o->checks.n;
	char *line = NULL, where[128];
	unsigned number = 0;
	int err = 0;

	if (!file)
		FAIL("cannot read %s: %s", path, strerror(errno));
	while (!err && getline(&line, &room, file) > 0) {
		const char *text = content_of(line);

		snprintf(where, sizeof(where), "%.90s, line %u", path, ++number);
		if (*text)
			err = add_check(&o->checks, text, where, error, size);
	}
	if (!err && ferror(file))
		err = -errno;
	free(line);
	fclose(file);
	if (err && err != -EINVAL && err != -EBADMSG)
		FAIL("cannot read %s: %s", path, strerror(-err));
	/* What was to be checked, and is not, must not pass for ever. */
	if (!err && o->checks.n == before)
		FAIL("%s: there is nothing to check in it", path);
	return err;
}

static bool goes_to_stdout(const struct opts *o)
{
	for (size_t i = 0; i < o->n_outputs; i++)
		if (o->outputs[i].path && !strcmp(o->outputs[i].path, "-"))
			return true;
	return false;
}

int opts_answers__are_right(struct opts *o, const char *command, char *error, size_t size)
{
	const char *what = o->report ? "--report" : "--check";
	bool reads = o->command == COMMAND_REPORT || o->command == COMMAND_CHECK;

	if (reads && o->n_pids)
		FAIL("%s is about a FILE; -p is for tracing; see --help", command);
	if (!reads && o->json)
		FAIL("--json goes with report and check; else it is --report=json; see --help");
	if (o->json)
		o->report = REPORT_JSON;
	else if (o->command == COMMAND_REPORT && !o->report)
		o->report = REPORT_TEXT;
	if (reads)
		return 0;
	if (!opts__trace(o) && opts__ask(o))
		FAIL("%s is for tracing, not for %s; see --help", what, command);
	if (o->no_output && !opts__ask(o) && !opts__keep(o) && o->command != COMMAND_TOP)
		FAIL("-o none keeps nothing: it goes with --report or --check; see --help");
	if (o->no_output && o->max_size)
		FAIL("--max-size is for a trace that goes to a file, not for -o none");
	if (o->command == COMMAND_TOP && goes_to_stdout(o))
		FAIL("top goes to stdout, and so would the trace: give it a file with -o");
	if (opts__ask(o) && goes_to_stdout(o))
		FAIL("%s goes to stdout, and so would the trace: give it a file with -o", what);
	return 0;
}
