// SPDX-License-Identifier: BSD-2-Clause
/* answer: see answer.h. */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/answers.h"
#include "common/log.h"

/* 0 or -ENOMEM. */
static int tell_json(FILE *to, const struct checks *checks, const struct check_result *results,
		     const struct stats *stats, const struct answers_run *run)
{
	struct json j;
	int err;

	json__init(&j);
	json__object(&j);
	report_json__put(&j, stats, run);
	JSON__KEY(&j, "checks");
	json__list(&j);
	for (size_t i = 0; i < checks->n; i++)
		check__put(&j, &checks->list[i], &results[i]);
	json__list_end(&j);
	json__object_end(&j);
	j.comma = false;
	json__line(&j);
	err = j.error;
	if (!err)
		fwrite(j.data, 1, j.size, to);
	json__free(&j);
	return err;
}

static int tell(FILE *to, const struct opts *o, const struct check_result *results, const struct stats *stats,
		const struct answers_run *run)
{
	const struct checks *checks = &o->checks;
	int err = 0;

	if (o->report == REPORT_JSON)
		err = tell_json(to, checks, results, stats, run);
	if (o->report == REPORT_TEXT)
		report_text__print(to, stats, run);
	for (size_t i = 0; i < checks->n && o->report != REPORT_JSON; i++)
		check__print(to, &checks->list[i], stats, &results[i]);
	errno = 0;
	if (!err && (fflush(to) || ferror(to)))
		err = errno ? -errno : -EIO;
	return err;
}

enum exit_code answer__tell(const struct opts *o, const struct sinks *sinks, const struct report *r)
{
	const struct answers_run run = { .duration = r->end - r->start, .seen = r->total.seen, .lost = r->total.lost };
	const struct stats *stats = answers__of(sinks);
	struct check_result *results;
	bool held = true;
	int err;

	if (!opts__ask(o))
		return EXIT_TRACED;
	results = calloc(o->checks.n + 1, sizeof(*results));
	if (!stats || !results) {
		free(results);
		log_error("nothing can be told of this trace: %s", strerror(ENOMEM));
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < o->checks.n; i++) {
		check__evaluate(&o->checks.list[i], stats, &run, &results[i]);
		held &= results[i].held;
	}
	err = tell(stdout, o, results, stats, &run);
	free(results);
	if (err)
		log_error("cannot write the report to stdout: %s", strerror(-err));
	return err ? EXIT_OUTPUT : held ? EXIT_TRACED : EXIT_CHECK;
}
