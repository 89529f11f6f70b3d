// SPDX-License-Identifier: BSD-2-Clause
/* rows: see rows.h. */
#define _GNU_SOURCE
#include "rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const section_names[SECTIONS] = { "counters", "methods", "objects" };

const struct column section_columns[SECTIONS][COLUMNS_MAX + 1] = {
	[SECTION_COUNTERS] = { { "last", COLUMN_VALUE, 11, 0 },
			       { "changes/s", COLUMN_RATE, 10, 1 },
			       { "min", COLUMN_VALUE, 10, 3 },
			       { "max", COLUMN_VALUE, 10, 2 } },
	[SECTION_METHODS] = { { "calls/s", COLUMN_RATE, 9, 0 },
			      { "mean", COLUMN_TIME, 10, 2 },
			      { "p50", COLUMN_TIME, 10, 4 },
			      { "p99", COLUMN_TIME, 10, 1 },
			      { "max", COLUMN_TIME, 10, 5 },
			      { "open", COLUMN_COUNT, 6, 3 } },
	[SECTION_OBJECTS] = { { "alive", COLUMN_COUNT, 9, 0 },
			      { "made/s", COLUMN_RATE, 9, 1 },
			      { "destroyed/s", COLUMN_RATE, 12, 2 } },
};

unsigned section__n_columns(enum section section)
{
	unsigned n = 0;

	while (section_columns[section][n].title)
		n++;
	return n;
}

/* ---- which rows there are ---- */

static bool is_let_through(struct patterns *include, struct patterns *exclude, const char *name, const char *tag,
			   const char *attribute)
{
	return (!include->n || patterns__match_attribute(include, name, tag, attribute)) &&
	       !patterns__match_attribute(exclude, name, tag, attribute);
}

static struct row *add(struct rows *r, enum section section)
{
	size_t room = r->room[section] ? 2 * r->room[section] : 16;
	struct row *more;

	if (r->n[section] == r->room[section]) {
		more = realloc(r->list[section], room * sizeof(*more));
		if (!more)
			return NULL;
		r->list[section] = more;
		r->room[section] = room;
	}
	more = &r->list[section][r->n[section]++];
	memset(more, 0, sizeof(*more));
	return more;
}

/* From the lowest to the highest value of the minute. */
static void set_levels(struct row *row, const struct live_series *s, unsigned tick)
{
	float low = 0, high = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < s->n_minute; i++) {
			/* The latest one is just before `tick`. */
			float v = s->minute[(tick + LIVE_TICKS - 1 - i) % LIVE_TICKS];
			double part = high > low ? ((double)v - low) / ((double)high - low) : v != 0 ? 0.5 : 0;

			if (pass) {
				row->minute[LIVE_TICKS - 1 - i] = (unsigned char)(1 +
										  (int)(part * (ROW_LEVELS - 1) + 0.5));
				continue;
			}
			low = !i || v < low ? v : low;
			high = !i || v > high ? v : high;
		}
	}
}

static int add_counters(struct rows *r, const struct live *l, struct rules *rules)
{
	struct row *row;

	for (size_t i = 0; i < l->n_counters; i++) {
		const struct stats_counter *c = l->stats->counters[i];

		r->several |= c->pid != l->stats->counters[0]->pid;
		for (size_t k = 0; k < l->counters[i].n; k++) {
			const struct stats_attribute *a = &c->attributes[k];
			const struct live_series *s = &l->counters[i].series[k];

			if (rules && s->reports == s->marked &&
			    !is_let_through(&rules->lists[RULE_INCLUDE], &rules->lists[RULE_EXCLUDE], c->name, c->name,
					    a->name))
				continue;
			row = add(r, SECTION_COUNTERS);
			if (!row)
				return -ENOMEM;
			row->name = s->name;
			row->pid = c->pid;
			row->values[0] = a->last;
			row->values[2] = a->min;
			row->values[3] = a->max;
			row->figures[1] = s->rate;
			for (int v = 0; v < 4; v++)
				if (v != 1)
					row->figures[v] = stats__number(&row->values[v]);
			set_levels(row, s, l->tick);
		}
	}
	return 0;
}

static int add_methods(struct rows *r, const struct live *l, struct rules *rules)
{
	struct histogram window;
	struct row *row;
	double mean;
	int err = 0;

	for (size_t i = 0; !err && i < l->n_methods; i++) {
		const struct live_method *m = &l->methods[i];
		bool wanted = !rules || (!rules->no_methods &&
					 (!rules->lists[RULE_METHODS].n ||
					  patterns__match(&rules->lists[RULE_METHODS], l->stats->methods[i]->name)));

		if (!wanted && m->calls == m->marked)
			continue;
		row = add(r, SECTION_METHODS);
		if (!row)
			return -ENOMEM;
		err = live__window(l, i, &mean, &window);
		row->name = m->name;
		row->figures[0] = m->rate;
		row->figures[1] = mean;
		row->figures[2] = (double)histogram__percentile(&window, 50);
		row->figures[3] = (double)histogram__percentile(&window, 99);
		row->figures[4] = (double)window.max;
		row->figures[5] = (double)l->stats->methods[i]->open;
		histogram__clear(&window);
	}
	return err;
}

static int add_objects(struct rows *r, const struct live *l, struct rules *rules)
{
	struct row *row;

	for (size_t i = 0; i < l->stats->n_objects && i < l->n_objects; i++) {
		const struct stats_object *o = l->stats->objects[i];
		const struct live_object *lo = &l->objects[i];

		if (!lo->name ||
		    (rules && lo->states == lo->marked &&
		     !is_let_through(&rules->lists[RULE_INCLUDE], &rules->lists[RULE_EXCLUDE], o->name, o->tag, "")))
			continue;
		row = add(r, SECTION_OBJECTS);
		if (!row)
			return -ENOMEM;
		row->name = lo->name;
		row->number = i;
		row->figures[0] = (double)stats__alive(o);
		row->figures[1] = lo->made_rate;
		row->figures[2] = lo->destroyed_rate;
	}
	return 0;
}

/* ---- in which order ---- */

struct sorting {
	unsigned by, n_columns;
	bool reversed;
};

static int compare(const void *a, const void *b, void *ctx)
{
	const struct sorting *s = ctx;
	const struct row *x = a, *y = b;
	double in_x, in_y;
	int order = 0;

	if (s->by < s->n_columns) {
		in_x = x->figures[s->by];
		in_y = y->figures[s->by];
		order = in_x > in_y ? -1 : in_x < in_y;
	}
	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = x->pid < y->pid ? -1 : x->pid > y->pid;
	return s->reversed ? -order : order;
}

void rows__sort(struct rows *r, enum section section, struct order order)
{
	struct sorting s = { order.by, section__n_columns(section), order.reversed };

	if (r->n[section])
		qsort_r(r->list[section], r->n[section], sizeof(struct row), compare, &s);
}

int rows__build(struct rows *r, const struct live *l, struct rules *rules, const struct order order[SECTIONS])
{
	int err;

	memset(r->n, 0, sizeof(r->n));
	r->several = false;
	err = add_counters(r, l, rules);
	if (!err)
		err = add_methods(r, l, rules);
	if (!err)
		err = add_objects(r, l, rules);
	for (int i = 0; i < SECTIONS; i++)
		rows__sort(r, (enum section)i, order[i]);
	return err;
}

void rows__clear(struct rows *r)
{
	for (int i = 0; i < SECTIONS; i++)
		free(r->list[i]);
	*r = (struct rows){ 0 };
}

/* ---- what is in their cells ---- */

static void put_value(char text[HUMAN_TEXT], const struct value *v, unsigned width)
{
	if (v->type == VALUE_INT)
		snprintf(text, HUMAN_TEXT, "%" PRId64, v->i);
	else
		snprintf(text, HUMAN_TEXT, "%.6g", v->d);
	/* A number of which the end is missing would be another one. */
	if (strlen(text) > width)
		snprintf(text, HUMAN_TEXT, "%.3g", stats__number(v));
}

const char *row__cell(const struct row *row, enum section section, unsigned column, char text[HUMAN_TEXT])
{
	const struct column *c = &section_columns[section][column];
	double figure = row->figures[column];

	switch (c->kind) {
	case COLUMN_VALUE: put_value(text, &row->values[column], c->width); break;
	case COLUMN_TIME: human__time(text, figure); break;
	case COLUMN_RATE: snprintf(text, HUMAN_TEXT, figure < 1000 ? "%.1f" : "%.0f", figure); break;
	default: snprintf(text, HUMAN_TEXT, "%.0f", figure); break;
	}
	return text;
}

void row__spark(const struct row *row, unsigned cells, unsigned char *ret)
{
	for (unsigned i = 0; i < cells; i++) {
		unsigned from = i * LIVE_TICKS / cells, to = (i + 1) * LIVE_TICKS / cells;

		ret[i] = 0;
		for (unsigned k = from; k < to || k == from; k++)
			if (row->minute[k] > ret[i])
				ret[i] = row->minute[k];
	}
}
