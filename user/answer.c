// SPDX-License-Identifier: BSD-2-Clause
/* answer: see answer.h. */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answers/answers.h"
#include "common/log.h"

/* 0 or -ENOMEM. */
static int tell_json(FILE *to, const struct stats *stats, const struct answers_run *run)
{
	struct json j;
	int err;

	json__init(&j);
	json__object(&j);
	report_json__put(&j, stats, run);
	json__object_end(&j);
	j.comma = false;
	json__line(&j);
	err = j.error;
	if (!err)
		fwrite(j.data, 1, j.size, to);
	json__free(&j);
	return err;
}

enum exit_code answer__tell(const struct opts *o, const struct sinks *sinks, const struct report *r)
{
	const struct answers_run run = { .duration = r->end - r->start, .lost = r->total.lost };
	const struct stats *stats = answers__of(sinks);
	FILE *to = stdout;
	int err = 0;

	if (!o->report || !stats)
		return EXIT_TRACED;
	if (o->report == REPORT_JSON)
		err = tell_json(to, stats, &run);
	else
		report_text__print(to, stats, &run);
	errno = 0;
	if (!err && (fflush(to) || ferror(to)))
		err = errno ? -errno : -EIO;
	if (err)
		log_error("cannot write the report to stdout: %s", strerror(-err));
	return err ? EXIT_OUTPUT : EXIT_TRACED;
}
