// SPDX-License-Identifier: BSD-2-Clause
/*
 * report_json: figures in, JSON out; see answers.h. Times are integers of ns, means are not.
 *
 *   {"duration_ns":2000000000,"lost":0,"forgotten":0,
 *   "counters":[{"pid":7,"name":"pool","attribute":"open","unit":"connections","reports":3,"min":0,"mean":1.5,"max":3,"last":3}],
 *   "methods":[{"name":"f","calls":1,"total_ns":9,"self_ns":9,"mean_ns":9.0,"p50_ns":9, ... ,"max_ns":9}],
 *   "objects":[{"name":"a","class":"account","made":1,"found":0,"destroyed":1,"alive":0,"lives":1, ... }],
 *   "longest":[{"name":"f","pid":7,"tid":8,"ts_ns":100,"duration_ns":9}],
 *   "open_before":0,"beyond":{"reports":0,"calls":0,"objects":0,"lives":0}}
 */
#include <string.h>

#include "answers.h"

static void put_text(struct json *j, const char *text)
{
	json__string(j, text, strlen(text));
}

static void put_number(struct json *j, const struct value *v)
{
	if (v->type == VALUE_INT)
		json__int(j, v->i);
	else
		json__double(j, v->d);
}

#define PUT(kind, name, ...) (JSON__KEY(j, name), kind(j, __VA_ARGS__))

static void put_attribute(struct json *j, const struct stats_counter *c, const struct stats_attribute *a)
{
	json__line(j);
	json__object(j);
	PUT(json__uint, "pid", c->pid);
	PUT(put_text, "name", c->name);
	if (c->id)
		PUT(put_text, "id", c->id);
	PUT(put_text, "attribute", a->name);
	if (a->unit)
		PUT(put_text, "unit", a->unit);
	PUT(json__uint, "reports", a->reports);
	PUT(put_number, "min", &a->min);
	PUT(json__double, "mean", stats__mean(a));
	PUT(put_number, "max", &a->max);
	PUT(put_number, "last", &a->last);
	json__object_end(j);
}

static void put_method(struct json *j, const struct stats_method *m)
{
	const struct histogram *h = &m->durations;

	json__line(j);
	json__object(j);
	PUT(put_text, "name", m->name);
	PUT(json__uint, "calls", h->count);
	PUT(json__uint, "total_ns", m->total);
	PUT(json__uint, "self_ns", m->self);
	PUT(json__double, "mean_ns", stats__call_mean(m));
	PUT(json__uint, "min_ns", h->min);
	PUT(json__uint, "p50_ns", histogram__percentile(h, 50));
	PUT(json__uint, "p90_ns", histogram__percentile(h, 90));
	PUT(json__uint, "p99_ns", histogram__percentile(h, 99));
	PUT(json__uint, "max_ns", h->max);
	json__object_end(j);
}

static void put_object(struct json *j, const struct stats_object *o)
{
	json__line(j);
	json__object(j);
	PUT(put_text, "name", o->name);
	PUT(put_text, "class", o->tag);
	PUT(json__uint, "made", o->made);
	PUT(json__uint, "found", o->found);
	PUT(json__uint, "destroyed", o->destroyed);
	PUT(json__uint, "alive", stats__alive(o));
	PUT(json__uint, "lives", o->lives);
	PUT(json__double, "life_mean_ns", stats__life_mean(o));
	PUT(json__uint, "life_max_ns", o->life_max);
	json__object_end(j);
}

static void put_slice(struct json *j, const struct stats_slice *s)
{
	json__line(j);
	json__object(j);
	PUT(put_text, "name", s->name);
	PUT(json__uint, "pid", s->pid);
	PUT(json__uint, "tid", s->tid);
	PUT(json__uint, "ts_ns", s->ts);
	PUT(json__uint, "duration_ns", s->duration);
	json__object_end(j);
}

static void put_beyond(struct json *j, const struct stats_beyond *b)
{
	JSON__KEY(j, "beyond");
	json__object(j);
	PUT(json__uint, "reports", b->reports);
	PUT(json__uint, "calls", b->calls);
	PUT(json__uint, "objects", b->objects);
	PUT(json__uint, "lives", b->lives);
	json__object_end(j);
}

void report_json__put(struct json *j, const struct stats *s, const struct answers_run *run)
{
	PUT(json__uint, "duration_ns", run->duration);
	PUT(json__uint, "lost", run->lost);
	PUT(json__uint, "forgotten", run->forgotten);
	JSON__KEY(j, "counters");
	json__list(j);
	for (size_t i = 0; i < s->n_counters; i++)
		for (size_t k = 0; k < s->counters[i]->n; k++)
			put_attribute(j, s->counters[i], &s->counters[i]->attributes[k]);
	json__list_end(j);
	JSON__KEY(j, "methods");
	json__list(j);
	for (size_t i = 0; i < s->n_methods; i++)
		put_method(j, s->methods[i]);
	json__list_end(j);
	JSON__KEY(j, "objects");
	json__list(j);
	for (size_t i = 0; i < s->n_objects; i++)
		put_object(j, s->objects[i]);
	json__list_end(j);
	JSON__KEY(j, "longest");
	json__list(j);
	for (size_t i = 0; i < s->n_longest; i++)
		put_slice(j, &s->longest[i]);
	json__list_end(j);
	PUT(json__uint, "open_before", s->open_before);
	put_beyond(j, &s->beyond);
}
