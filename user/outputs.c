// SPDX-License-Identifier: BSD-2-Clause
/* outputs: see outputs.h. */
#define _GNU_SOURCE
#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/answers.h"
#include "common/log.h"
#include "top/live.h"
#include "write/output_open.h"

/* NULL if there is no memory. */
static char *default_path(const struct opts *o, const struct format *format, pid_t pid)
{
	const char *slash = o->program ? strrchr(o->program, '/') : NULL;
	char *path;

	if (o->program ? asprintf(&path, "viztrace-%s%s", slash ? slash + 1 : o->program, format->suffix) < 0 :
			 asprintf(&path, "viztrace-%d%s", pid, format->suffix) < 0)
		return NULL;
	return path;
}

/* What is reloaded may ask for them, of all since the beginning. */
static bool needs_figures(const struct opts *o)
{
	return opts__ask(o) || triggers__need_stats(&o->triggers) || (o->config.path && opts__keep(o));
}

enum exit_code outputs__name(struct sinks *s, const struct opts *o, pid_t pid)
{
	for (size_t i = 0; i < o->n_outputs; i++) {
		const struct opts_output *out = &o->outputs[i];
		char *path = out->path ? strdup(out->path) : default_path(o, out->format, pid);
		int err = path ? sinks__add(s, out->format, path) : -ENOMEM;

		free(path);
		if (err)
			return EXIT_INTERNAL;
		s->list[s->n - 1].kind = out->path ? OUTPUT_ANY : OUTPUT_FILE;
	}
	if (needs_figures(o) && sinks__add(s, &format_answers, NULL))
		return EXIT_INTERNAL;
	if (o->command == COMMAND_TOP && sinks__add(s, &format_live, NULL))
		return EXIT_INTERNAL;
	return EXIT_TRACED;
}

static bool waits(const struct sink *k)
{
	return k->path && k->kind == OUTPUT_ANY && output_open__waits_for_reader(k->path);
}

bool outputs__wait(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (waits(&s->list[i]))
			return true;
	return false;
}

enum exit_code outputs__open(struct sinks *s, bool waiting)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->list[i];
		int err;

		if (!k->path || k->output || (waiting && !waits(k)))
			continue;
		if (waiting)
			log_info("waiting until somebody reads %s", k->path);
		err = sink__open(k, caller__from_env());
		if (err == -EINTR && waiting)
			log_error("%s: interrupted before somebody read it", k->path);
		else if (err)
			log_error("cannot write %s: %s; choose another place with -o", k->path, strerror(-err));
		if (err)
			return EXIT_OUTPUT;
	}
	return EXIT_TRACED;
}

char *outputs__file(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].error && s->list[i].path && s->list[i].format->viewers &&
		    strcmp(s->list[i].path, "-") != 0)
			return strdup(s->list[i].path);
	return NULL;
}

void outputs__tell_failures(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct sink *k = &s->list[i];

		if (k->error && !k->told && !k->path)
			log_error("no figures of this trace: %s", strerror(-k->error));
		else if (k->error && !k->told)
			log_error("writing %s failed: %s; what was written before is whole", k->path,
				  strerror(-k->error));
		k->told = k->error != 0;
	}
}
