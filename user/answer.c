// SPDX-License-Identifier: BSD-2-Clause
/* answer: see answer.h. */
#include "answer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers/answers.h"
#include "common/log.h"
#include "read/reader.h"

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

/* ---- On the timeline ---- */

#define MARK_MAX (CHECK_MAX + CHECK_VALUE_MAX)

static void name_mark(const struct check *c, const char *value, char ret[MARK_MAX])
{
	snprintf(ret, MARK_MAX, "check: %s: NOT HELD%s%s", c->text, *value ? ": " : "", value);
}

static void on_broke(void *ctx, struct where at, const struct check *c, double value, const char *name,
		     const char *attribute)
{
	struct answer_watch *w = ctx;
	char text[CHECK_VALUE_MAX], all[MARK_MAX];

	check__name_value(c, value, name, attribute, text, sizeof(text));
	name_mark(c, c->wrong ? c->wrong : text, all);
	/* An output that fails is told of with all others. */
	sinks_ops.instant(w->sinks, at, all, NULL, 0);
}

void answer__watch(struct answer_watch *w, const struct opts *o, struct sinks *sinks)
{
	struct stats *stats = answers__of(sinks);

	if (!stats || !o->checks.n)
		return;
	w->sinks = sinks;
	w->checks = (struct checks_watch){ .checks = &o->checks, .broke = on_broke, .ctx = w };
	checks__watch(&w->checks, stats);
}

static struct answers_run run_of(const struct report *r)
{
	return (struct answers_run){
		.duration = r->end - r->start, .seen = r->total.seen, .lost = r->total.lost, .forgotten = r->forgotten
	};
}

int answer__each_mark(const struct opts *o, const struct sinks *sinks, const struct report *r,
		      int (*cb)(void *ctx, const char *text), void *ctx)
{
	const struct answers_run run = run_of(r);
	const struct stats *stats = answers__of(sinks);
	int err = 0;

	for (size_t i = 0; stats && !err && i < o->checks.n; i++) {
		struct check *c = &o->checks.list[i];
		char text[CHECK_VALUE_MAX] = "", all[MARK_MAX];
		struct check_result result;

		check__evaluate(c, stats, &run, &result);
		if (result.held || c->broke)
			continue;
		if (result.appeared)
			check__name_value(c, result.value, result.name, result.attribute, text, sizeof(text));
		name_mark(c, text, all);
		err = cb(ctx, all);
	}
	return err;
}

/* ---- On stdout ---- */

static enum exit_code tell_figures(const struct opts *o, const struct stats *stats, const struct answers_run *run)
{
	struct check_result *results = calloc(o->checks.n + 1, sizeof(*results));
	bool held = true;
	int err;

	if (!stats || !results) {
		free(results);
		log_error("nothing can be told of this trace: %s", strerror(ENOMEM));
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < o->checks.n; i++) {
		check__evaluate(&o->checks.list[i], stats, run, &results[i]);
		held &= results[i].held;
	}
	err = tell(stdout, o, results, stats, run);
	free(results);
	if (err)
		log_error("cannot write the report to stdout: %s", strerror(-err));
	return err ? EXIT_OUTPUT : held ? EXIT_TRACED : EXIT_CHECK;
}

enum exit_code answer__tell(const struct opts *o, const struct sinks *sinks, const struct report *r)
{
	const struct answers_run run = run_of(r);

	return opts__ask(o) ? tell_figures(o, answers__of(sinks), &run) : EXIT_TRACED;
}

/* ---- Of a file ---- */

int answer__open(const char *path)
{
	/* What a shell makes of a pipe, <(ssh host cat trace.json), is none of the things that regular__open() fears.
	 */
	int fd = strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);

	return fd < 0 ? -errno : fd;
}

enum exit_code answer__explain(const char *path, const struct reader_result *r, int err)
{
	if (r->wrong && r->is_binary)
		log_error("%s, byte %" PRIu64 ": %s", path, r->offset, r->wrong);
	else if (r->wrong && !r->line)
		log_error("%s: %s", path, r->wrong);
	else if (r->wrong)
		log_error("%s, line %" PRIu64 ": %s", path, r->line, r->wrong);
	else if (err == -EILSEQ)
		log_error("cannot read %s: what gzip packed is damaged", path);
	else
		log_error("cannot read %s: %s", path, strerror(-err));
	return err == -ENOMEM ? EXIT_INTERNAL : EXIT_INPUT;
}

enum exit_code answer__tell_of_file(const struct opts *o)
{
	struct checks_watch watch = { .checks = &o->checks };
	struct reader_result read;
	struct answers_run run;
	struct stats *stats;
	enum exit_code code;
	int fd = answer__open(o->file), err = fd < 0 ? fd : stats__new(&stats);
	struct reader_sink sink = { .ops = &stats_ops };

	if (err)
		return answer__explain(o->file, &(struct reader_result){ 0 }, err);
	checks__watch(&watch, stats);
	sink.writer = stats;
	sink.whole = checks__need_states(&o->checks);
	err = reader__read(fd, &sink, &read);
	if (err) {
		stats__free(stats);
		return answer__explain(o->file, &read, err);
	}
	stats__close(stats);
	if (!read.is_whole)
		log_warn("%s has no end: who wrote it was killed; these are the figures of what is there, and nobody "
			 "knows what was lost",
			 o->file);
	else if (read.is_cut)
		log_warn("the end of %s is missing: these are the figures of what is there", o->file);
	run = (struct answers_run){ .duration = read.end,
				    .seen = read.seen,
				    .lost = read.lost,
				    .lost_is_unknown = !read.is_whole,
				    .forgotten = read.forgotten };
	code = tell_figures(o, stats, &run);
	stats__free(stats);
	return code;
}
