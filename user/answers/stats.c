// SPDX-License-Identifier: BSD-2-Clause
/* stats: see stats.h. Counters, objects, and the order of all; methods are in stats_methods.c. */
#include "stats_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int stats__room(void *list, size_t n, size_t size)
{
	void **at = list, *more;

	/* Sizes are powers of two. */
	if (n & (n - 1))
		return 0;
	more = realloc(*at, (n ? 2 * n : 1) * size);
	if (!more)
		return -ENOMEM;
	*at = more;
	return 0;
}

/* ---- who waits for something ---- */

struct stats_limits stats__limits(const struct stats *s, const char *name, const char *attribute)
{
	struct stats_limits limits = { -INFINITY, INFINITY };

	if (s->watch)
		s->watch->limits(s->watch->ctx, name, attribute, &limits);
	return limits;
}

void stats__reached(const struct stats *s, struct where at, const char *name, const char *attribute, double value,
		    struct stats_limits *limits)
{
	s->watch->reached(s->watch->ctx, at, name, attribute, value);
	*limits = stats__limits(s, name, attribute);
}

void stats__limit_again(struct stats *s)
{
	for (size_t i = 0; i < s->n_counters; i++) {
		struct stats_counter *c = s->counters[i];

		for (size_t k = 0; k < c->n; k++)
			c->attributes[k].limits = stats__limits(s, c->name, c->attributes[k].name);
	}
	for (size_t i = 0; i < s->n_methods; i++)
		s->methods[i]->limits = stats__limits(s, s->methods[i]->name, NULL);
}

/* ---- counters ---- */

double stats__number(const struct value *v)
{
	switch (v->type) {
	case VALUE_INT: return (double)v->i;
	case VALUE_UINT: return (double)v->u;
	case VALUE_BOOL: return v->u != 0;
	default: return v->d;
	}
}

/* With all digits of a 64-bit number, where doubles would be equal. */
static bool is_less(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_DOUBLE || b->type == VALUE_DOUBLE)
		return stats__number(a) < stats__number(b);
	return a->i < b->i;
}

/* Up to `ts` it was what it was. */
static void hold(struct stats_attribute *a, uint64_t ts)
{
	if (a->holds && ts > a->since) {
		a->area += stats__number(&a->last) * (double)(ts - a->since);
		a->time += ts - a->since;
	}
	a->since = ts;
}

/*
 * As it comes back from a file: that has no types but whole numbers, of 64 bits with a sign, and others. So that a run
 * and its trace have the same figures, to the last digit.
 */
static struct value as_in_a_file(const struct value *v)
{
	struct value whole = { .type = VALUE_INT };
	double d = stats__number(v);

	if (v->type == VALUE_INT)
		whole.i = v->i;
	else if (v->type != VALUE_DOUBLE && v->u <= INT64_MAX)
		whole.i = v->type == VALUE_BOOL ? v->u != 0 : (int64_t)v->u;
	else if (d >= -0x1p63 && d < 0x1p63 && (double)(int64_t)d == d)
		whole.i = (int64_t)d;
	else
		return (struct value){ .type = VALUE_DOUBLE, .d = d };
	return whole;
}

static void report(struct stats_attribute *a, const struct value *v, uint64_t ts)
{
	struct value copy = as_in_a_file(v);

	hold(a, ts);
	a->holds = true;
	if (!a->reports || is_less(&copy, &a->min))
		a->min = copy;
	if (!a->reports || is_less(&a->max, &copy))
		a->max = copy;
	a->changes += !a->reports || copy.type != a->last.type || copy.u != a->last.u;
	a->last = copy;
	a->reports++;
}

/* The attribute with that key, from `*from` on, which is where the next one will be. NULL: no room; *ret_err is 0 or
 * -ENOMEM. */
static struct stats_attribute *attribute_of(struct stats *s, struct stats_counter *c, const char *key, size_t *from,
					    int *ret_err)
{
	*ret_err = 0;
	for (size_t i = 0; i < c->n; i++) {
		size_t at = (*from + i) % c->n;

		if (!strcmp(c->attributes[at].name, key)) {
			*from = at + 1;
			return &c->attributes[at];
		}
	}
	if (s->n_series == STATS_SERIES)
		return NULL;
	*ret_err = stats__room(&c->attributes, c->n, sizeof(*c->attributes));
	if (*ret_err)
		return NULL;
	c->attributes[c->n] = (struct stats_attribute){ .name = strdup(key), .limits = stats__limits(s, c->name, key) };
	if (!c->attributes[c->n].name) {
		*ret_err = -ENOMEM;
		return NULL;
	}
	*from = c->n + 1;
	s->n_series++;
	return &c->attributes[c->n++];
}

static void free_counter(struct stats_counter *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->attributes[i].name);
		free(c->attributes[i].unit);
	}
	free(c->attributes);
	free(c->name);
	free(c->id);
	free(c);
}

static bool is_id(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* With what a file tells counters apart by; a number of its own has only the model. */
static int counter_of(struct stats *s, uint32_t pid, const struct trace_counter *of, struct stats_counter **ret)
{
	uint64_t name = hash__text(of->name, strlen(of->name)), id = of->id ? hash__text(of->id, strlen(of->id)) : 0;
	struct stats_counter *first = table__get(&s->counters_by_hash, name, id ^ pid), *c;
	int err;

	for (c = first; c && (c->pid != pid || strcmp(c->name, of->name) || !is_id(c->id, of->id)); c = c->next)
		;
	*ret = c;
	if (c) { /* of another process that had this number before */
		table__remove(&s->counters_by_serial, c->serial, 0);
		c->serial = of->serial;
		return table__put(&s->counters_by_serial, c->serial, 0, c);
	}
	if (s->n_counters == STATS_COUNTERS)
		return 0;
	err = stats__room(&s->counters, s->n_counters, sizeof(*s->counters));
	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->serial = of->serial;
	c->pid = pid;
	c->name = strdup(of->name);
	c->id = of->id ? strdup(of->id) : NULL;
	c->next = first;
	if (!c->name || (of->id && !c->id) || table__put(&s->counters_by_serial, c->serial, 0, c)) {
		free_counter(c);
		return -ENOMEM;
	}
	if (table__put(&s->counters_by_hash, name, id ^ pid, c)) {
		table__remove(&s->counters_by_serial, c->serial, 0);
		free_counter(c);
		return -ENOMEM;
	}
	s->counters[s->n_counters++] = *ret = c;
	return 0;
}

/* 0 or -ENOMEM. */
static int take_unit(struct stats_attribute *a, const char *unit)
{
	if (a->unit || !unit)
		return 0;
	a->unit = strdup(unit);
	return a->unit ? 0 : -ENOMEM;
}

static int sample(struct stats *s, struct where at, const struct trace_counter *counter, const struct value *values,
		  size_t n_values, bool closing)
{
	struct stats_counter *c = table__get(&s->counters_by_serial, counter->serial, 0);
	struct stats_attribute *a;
	size_t next = 0;
	int err = 0;

	if (!c)
		err = counter_of(s, at.pid, counter, &c);
	if (err)
		return err;
	if (!c) {
		s->beyond.reports += !closing;
		return 0;
	}
	c->reports += !closing;
	for (size_t i = 0; i < n_values && !err; i++) {
		const char *key = values[i].key ? values[i].key : EVENT_UNREADABLE_NAME;

		a = attribute_of(s, c, key, &next, &err);
		if (a)
			err = take_unit(a, values[i].unit);
		if (a && closing) {
			hold(a, at.ts);
			a->holds = false;
		} else if (a) {
			report(a, &values[i], at.ts);
			if (stats__is_waited_for(&a->limits, stats__number(&a->last)))
				stats__reached(s, at, c->name, a->name, stats__number(&a->last), &a->limits);
		} else if (!err) {
			s->beyond.reports += !closing;
		}
	}
	return err;
}

static int on_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
		      size_t n_values)
{
	return sample(writer, at, counter, values, n_values, false);
}

static int on_counter_closing(void *writer, struct where at, const struct trace_counter *counter,
			      const struct value *values, size_t n_values)
{
	return sample(writer, at, counter, values, n_values, true);
}

double stats__mean(const struct stats_attribute *a)
{
	return a->time ? a->area / (double)a->time : stats__number(&a->last);
}

/* ---- objects ---- */

/* One that is there. */
struct life {
	uint64_t since;
	bool seen; /* its beginning */
};

static const char *tag_of(const struct trace_object *object)
{
	return object->tag ? object->tag : "object";
}

/* The first one of a hash, and of these the one that it is. */
static struct stats_object *find_kind(const struct stats *s, const struct trace_object *object, uint64_t hashes[2],
				      struct stats_object **ret_first)
{
	const char *tag = tag_of(object);
	struct stats_object *o;

	hashes[0] = hash__text(object->name, strlen(object->name));
	hashes[1] = hash__text(tag, strlen(tag));
	*ret_first = o = table__get(&s->objects_by_hash, hashes[0], hashes[1]);
	while (o && (strcmp(o->name, object->name) || strcmp(o->tag, tag)))
		o = o->next;
	return o;
}

struct stats_object *stats__object(const struct stats *s, const struct trace_object *object)
{
	struct stats_object *first;
	uint64_t hashes[2];

	return find_kind(s, object, hashes, &first);
}

/* *ret is NULL if there is no room. 0 or -ENOMEM. */
static int kind_of(struct stats *s, const struct trace_object *object, struct stats_object **ret)
{
	struct stats_object *first, *o;
	uint64_t hashes[2];
	int err;

	*ret = o = find_kind(s, object, hashes, &first);
	if (o || s->n_objects == STATS_OBJECTS)
		return 0;
	err = stats__room(&s->objects, s->n_objects, sizeof(*s->objects));
	if (err)
		return err;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->name = strdup(object->name);
	o->tag = strdup(tag_of(object));
	o->number = s->n_objects;
	o->next = first;
	if (!o->name || !o->tag || table__put(&s->objects_by_hash, hashes[0], hashes[1], o)) {
		free(o->name);
		free(o->tag);
		free(o);
		return -ENOMEM;
	}
	s->objects[s->n_objects++] = *ret = o;
	return 0;
}

static int begin_life(struct stats *s, uint64_t life, uint64_t ts, bool seen)
{
	struct life *l;

	/* In a file that somebody changed one may begin twice. */
	free(table__remove(&s->lives, life, 0));
	if (s->lives.used >= STATS_LIVES) {
		s->beyond.lives++;
		return 0;
	}
	l = malloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct life){ .since = ts, .seen = seen };
	if (!table__put(&s->lives, life, 0, l))
		return 0;
	free(l);
	return -ENOMEM;
}

static int on_object_new(void *writer, struct where at, const struct trace_object *object)
{
	struct stats *s = writer;
	struct stats_object *o;
	int err = kind_of(s, object, &o);

	if (err)
		return err;
	if (!o) {
		s->beyond.objects++;
		return 0;
	}
	o->made++;
	return begin_life(s, object->life, at.ts, true);
}

/* What is not known is an object that was there before, unless we know not all. */
static int on_object_snapshot(void *writer, struct where at, const struct trace_object *object,
			      const struct value *values, size_t n_values)
{
	struct stats *s = writer;
	struct stats_object *o;
	int err;

	(void)values, (void)n_values;
	if (s->beyond.lives || s->beyond.objects || table__get(&s->lives, object->life, 0))
		return 0;
	err = kind_of(s, object, &o);
	if (err)
		return err;
	if (!o) {
		s->beyond.objects++;
		return 0;
	}
	o->found++;
	return begin_life(s, object->life, at.ts, false);
}

static int on_object_delete(void *writer, struct where at, const struct trace_object *object)
{
	struct stats *s = writer;
	struct life *l = table__remove(&s->lives, object->life, 0);
	struct stats_object *o;
	int err = kind_of(s, object, &o);
	uint64_t time;

	if (err || !o) {
		s->beyond.objects += !err;
		goto out;
	}
	o->destroyed++;
	/* The first that we hear of it. */
	if (!l && !s->beyond.lives && !s->beyond.objects)
		o->found++;
	if (!l || !l->seen)
		goto out;
	time = at.ts - l->since;
	o->lives++;
	o->life_total += time;
	if (time > o->life_max)
		o->life_max = time;
out:
	free(l);
	return err;
}

uint64_t stats__alive(const struct stats_object *o)
{
	uint64_t all = o->made + o->found;

	return all > o->destroyed ? all - o->destroyed : 0;
}

double stats__life_mean(const struct stats_object *o)
{
	return o->lives ? (double)o->life_total / (double)o->lives : 0;
}

double stats__call_mean(const struct stats_method *m)
{
	return m->durations.count ? (double)m->total / (double)m->durations.count : 0;
}

/* ---- what is in no figure ---- */

static int on_process_name(void *writer, uint32_t pid, const char *name)
{
	(void)writer, (void)pid, (void)name;
	return 0;
}

static int on_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	(void)writer, (void)pid, (void)tid, (void)name;
	return 0;
}

static int on_state_begin(void *writer, struct where at, const struct trace_object *object, const struct value *values,
			  size_t n_values)
{
	const struct stats *s = writer;

	/* Not at the report, as what a watch then says would come between that and the band. */
	if (s->watch && s->watch->state)
		s->watch->state(s->watch->ctx, at, object, values, n_values);
	return 0;
}

static int on_state_end(void *writer, struct where at, const struct trace_object *object)
{
	(void)writer, (void)at, (void)object;
	return 0;
}

static int on_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		   size_t n_values)
{
	(void)writer, (void)at, (void)serial, (void)is_in, (void)values, (void)n_values;
	return 0;
}

static int on_instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	const struct stats *s = writer;

	(void)values, (void)n_values;
	if (s->watch && s->watch->instant)
		s->watch->instant(s->watch->ctx, at, name);
	return 0;
}

const struct trace_ops stats_ops = {
	.process_name = on_process_name,
	.thread_name = on_thread_name,
	.counter = on_counter,
	.counter_closing = on_counter_closing,
	.object_new = on_object_new,
	.object_snapshot = on_object_snapshot,
	.object_delete = on_object_delete,
	.state_begin = on_state_begin,
	.state_end = on_state_end,
	.slice_begin = stats__slice_begin,
	.slice_end = stats__slice_end,
	.slice_before = stats__slice_before,
	.async_begin = stats__async_begin,
	.async_end = stats__async_end,
	.flow = on_flow,
	.instant = on_instant,
};

/* ---- all of it ---- */

static int by_name(const void *a, const void *b)
{
	const struct stats_counter *x = *(struct stats_counter *const *)a, *y = *(struct stats_counter *const *)b;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = x->pid < y->pid ? -1 : x->pid > y->pid;
	return order ? order : strcmp(x->id ? x->id : "", y->id ? y->id : "");
}

static int by_total(const void *a, const void *b)
{
	const struct stats_method *x = *(struct stats_method *const *)a, *y = *(struct stats_method *const *)b;

	return x->total > y->total ? -1 : x->total < y->total ? 1 : strcmp(x->name, y->name);
}

static int by_number(const void *a, const void *b)
{
	const struct stats_object *x = *(struct stats_object *const *)a, *y = *(struct stats_object *const *)b;
	uint64_t in_x = x->made + x->found, in_y = y->made + y->found;
	int order = in_x > in_y ? -1 : in_x < in_y ? 1 : strcmp(x->tag, y->tag);

	return order ? order : strcmp(x->name, y->name);
}

void stats__close(struct stats *s)
{
	if (s->n_counters)
		qsort(s->counters, s->n_counters, sizeof(*s->counters), by_name);
	if (s->n_methods)
		qsort(s->methods, s->n_methods, sizeof(*s->methods), by_total);
	if (s->n_objects)
		qsort(s->objects, s->n_objects, sizeof(*s->objects), by_number);
}

int stats__new(struct stats **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void stats__free(struct stats *s)
{
	size_t pos = 0;
	void *life;

	if (!s)
		return;
	for (size_t i = 0; i < s->n_counters; i++)
		free_counter(s->counters[i]);
	for (size_t i = 0; i < s->n_objects; i++) {
		free(s->objects[i]->name);
		free(s->objects[i]->tag);
		free(s->objects[i]);
	}
	while ((life = table__next(&s->lives, &pos)))
		free(life);
	stats__free_methods(s);
	free(s->counters);
	free(s->objects);
	table__clear(&s->counters_by_serial);
	table__clear(&s->counters_by_hash);
	table__clear(&s->objects_by_hash);
	table__clear(&s->lives);
	free(s);
}
