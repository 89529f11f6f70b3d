// SPDX-License-Identifier: BSD-2-Clause
/*
 * report_text: figures in, tables out; see answers.h. Numbers come first: names may be of any length.
 *
 *	counters:
 *	     reports            min           mean            max           last
 *	        2000              0            4.5              9              9  db pool.open
 */
#include <inttypes.h>
#include <string.h>

#include "../common/escape.h"
#include "../common/human.h"
#include "answers.h"

#define TEXT HUMAN_TEXT

static const char *number(char text[TEXT], const struct value *v)
{
	if (v->type == VALUE_INT)
		snprintf(text, TEXT, "%" PRId64, v->i);
	else
		snprintf(text, TEXT, "%.6g", v->d);
	return text;
}

static void print_counters(FILE *to, const struct stats *s)
{
	char min[TEXT], max[TEXT], last[TEXT];

	if (!s->n_counters)
		return;
	escape__print_line(to, "counters:");
	escape__print_line(to, "%12s %14s %14s %14s %14s", "reports", "min", "mean", "max", "last");
	for (size_t i = 0; i < s->n_counters; i++) {
		const struct stats_counter *c = s->counters[i];
		const char *id = c->id ? c->id : "";
		bool several = i && !strcmp(s->counters[i - 1]->name, c->name);

		several |= i + 1 < s->n_counters && !strcmp(s->counters[i + 1]->name, c->name);
		for (size_t k = 0; k < c->n; k++) {
			const struct stats_attribute *a = &c->attributes[k];

			escape__print(to, "%12" PRIu64 " %14s %14.6g %14s %14s  %s%s%s%s.%s", a->reports,
				      number(min, &a->min), stats__mean(a), number(max, &a->max),
				      number(last, &a->last), c->name, *id ? " [" : "", id, *id ? "]" : "", a->name);
			if (several)
				escape__print(to, " (%" PRIu32 ")", c->pid);
			if (a->unit)
				escape__print(to, ", %s", a->unit);
			escape__print_line(to, "%s", "");
		}
	}
	escape__print_line(to, "%s", "");
}

static void print_methods(FILE *to, const struct stats *s)
{
	char total[TEXT], self[TEXT], mean[TEXT], p50[TEXT], p90[TEXT], p99[TEXT], max[TEXT];

	if (!s->n_methods)
		return;
	escape__print_line(to, "methods:");
	escape__print_line(to, "%12s %11s %11s %11s %11s %11s %11s %11s", "calls", "total", "self", "mean", "p50",
			   "p90", "p99", "max");
	for (size_t i = 0; i < s->n_methods; i++) {
		const struct stats_method *m = s->methods[i];
		const struct histogram *h = &m->durations;

		escape__print_line(to, "%12" PRIu64 " %11s %11s %11s %11s %11s %11s %11s  %s", h->count,
				   human__time(total, (double)m->total), human__time(self, (double)m->self),
				   human__time(mean, stats__call_mean(m)),
				   human__time(p50, (double)histogram__percentile(h, 50)),
				   human__time(p90, (double)histogram__percentile(h, 90)),
				   human__time(p99, (double)histogram__percentile(h, 99)),
				   human__time(max, (double)h->max), m->name);
	}
	escape__print_line(to, "%s", "");
}

static void print_objects(FILE *to, const struct stats *s)
{
	char mean[TEXT], max[TEXT];

	if (!s->n_objects)
		return;
	escape__print_line(to, "objects:");
	escape__print_line(to, "%12s %9s %9s %9s %11s %11s", "made", "found", "destroyed", "alive", "life mean",
			   "life max");
	for (size_t i = 0; i < s->n_objects; i++) {
		const struct stats_object *o = s->objects[i];

		escape__print_line(to, "%12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %11s %11s  %s%s%s%s",
				   o->made, o->found, o->destroyed, stats__alive(o),
				   o->lives ? human__time(mean, stats__life_mean(o)) : "-",
				   o->lives ? human__time(max, (double)o->life_max) : "-", o->name,
				   strcmp(o->name, o->tag) ? " (" : "", strcmp(o->name, o->tag) ? o->tag : "",
				   strcmp(o->name, o->tag) ? ")" : "");
	}
	escape__print_line(to, "%s", "");
}

static void print_longest(FILE *to, const struct stats *s)
{
	char duration[TEXT];

	if (!s->n_longest)
		return;
	escape__print_line(to, "longest slices:");
	escape__print_line(to, "%12s %16s %10s", "duration", "begins at", "thread");
	for (size_t i = 0; i < s->n_longest; i++) {
		const struct stats_slice *l = &s->longest[i];

		escape__print_line(to, "%12s %14.6f s %10" PRIu32 "  %s", human__time(duration, (double)l->duration),
				   (double)l->ts / 1e9, l->tid, l->name);
	}
	escape__print_line(to, "%s", "");
}

/* What is in none of the tables. */
static void print_rest(FILE *to, const struct stats *s, const struct answers_run *run)
{
	const struct stats_beyond *b = &s->beyond;

	if (!s->n_counters && !s->n_methods && !s->n_objects)
		escape__print_line(to, "no counters, methods or objects");
	if (s->open_before)
		escape__print_line(to, "%" PRIu64 " slices were open when we came, and are not in these figures",
				   s->open_before);
	if (b->reports)
		escape__print_line(to, "%" PRIu64 " reports of more counters than are kept are not in these figures",
				   b->reports);
	if (b->calls)
		escape__print_line(to, "%" PRIu64 " calls of more methods than are kept are not in these figures",
				   b->calls);
	if (b->objects)
		escape__print_line(to,
				   "%" PRIu64
				   " beginnings and ends of more kinds of objects than are kept are not in these "
				   "figures",
				   b->objects);
	if (b->lives)
		escape__print_line(to, "%" PRIu64 " objects are counted, but not their life times: too many at a time",
				   b->lives);
	if (run->forgotten)
		escape__print_line(to,
				   "%" PRIu64
				   " objects were forgotten for others (--memory): each that reported again is "
				   "found once more, and alive as often",
				   run->forgotten);
	if (run->lost)
		escape__print_line(to, "%" PRIu64 " events were lost: the figures are those of the others", run->lost);
}

void report_text__print(FILE *to, const struct stats *s, const struct answers_run *run)
{
	print_counters(to, s);
	print_methods(to, s);
	print_objects(to, s);
	print_longest(to, s);
	print_rest(to, s, run);
}
