// SPDX-License-Identifier: BSD-2-Clause
/* live: see live.h. The sink, and the figures of each tick; states of objects are in live_state.c. */
#define _GNU_SOURCE
#include "live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/escape.h"
#include "live_state.h"

/* ---- what the model says ---- */

static int on_process_name(void *writer, uint32_t pid, const char *name)
{
	return stats_ops.process_name(((struct live *)writer)->stats, pid, name);
}

static int on_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	return stats_ops.thread_name(((struct live *)writer)->stats, pid, tid, name);
}

static int on_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
		      size_t n_values)
{
	return stats_ops.counter(((struct live *)writer)->stats, at, counter, values, n_values);
}

static int on_counter_closing(void *writer, struct where at, const struct trace_counter *counter,
			      const struct value *values, size_t n_values)
{
	return stats_ops.counter_closing(((struct live *)writer)->stats, at, counter, values, n_values);
}

static int on_object_new(void *writer, struct where at, const struct trace_object *object)
{
	return stats_ops.object_new(((struct live *)writer)->stats, at, object);
}

/* Room for `n`, the new ones all zeros. 0 or -ENOMEM. */
static int grow(void *list, size_t *n, size_t wanted, size_t size)
{
	void **at = list;
	char *more;

	if (*n >= wanted)
		return 0;
	more = realloc(*at, wanted * size);
	if (!more)
		return -ENOMEM;
	memset(more + *n * size, 0, (wanted - *n) * size);
	*at = more;
	*n = wanted;
	return 0;
}

/* In steps, as kinds come one by one. */
static int grow_objects(struct live *l)
{
	return grow(&l->objects, &l->n_objects, (l->stats->n_objects + 63) & ~(size_t)63, sizeof(*l->objects));
}

static int on_object_snapshot(void *writer, struct where at, const struct trace_object *object,
			      const struct value *values, size_t n_values)
{
	struct live *l = writer;
	int err = stats_ops.object_snapshot(l->stats, at, object, values, n_values);
	const struct stats_object *o = err ? NULL : stats__object(l->stats, object);

	if (!o)
		return err;
	err = grow_objects(l);
	if (err)
		return err;
	l->objects[o->number].states++;
	return live_state__set(&l->objects[o->number].state, values, n_values);
}

static int on_object_delete(void *writer, struct where at, const struct trace_object *object)
{
	return stats_ops.object_delete(((struct live *)writer)->stats, at, object);
}

static int on_state_begin(void *writer, struct where at, const struct trace_object *object, const struct value *values,
			  size_t n_values)
{
	return stats_ops.state_begin(((struct live *)writer)->stats, at, object, values, n_values);
}

static int on_state_end(void *writer, struct where at, const struct trace_object *object)
{
	return stats_ops.state_end(((struct live *)writer)->stats, at, object);
}

static int on_slice_begin(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	return stats_ops.slice_begin(((struct live *)writer)->stats, at, name, values, n_values);
}

static int on_slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	return stats_ops.slice_end(((struct live *)writer)->stats, at, name, values, n_values);
}

static int on_slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	return stats_ops.slice_before(((struct live *)writer)->stats, at, since, name);
}

static int on_async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
			  size_t n_values)
{
	return stats_ops.async_begin(((struct live *)writer)->stats, at, slice, values, n_values);
}

static int on_async_end(void *writer, struct where at, const struct trace_async *slice)
{
	return stats_ops.async_end(((struct live *)writer)->stats, at, slice);
}

static int on_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		   size_t n_values)
{
	return stats_ops.flow(((struct live *)writer)->stats, at, serial, is_in, values, n_values);
}

static int on_instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	return stats_ops.instant(((struct live *)writer)->stats, at, name, values, n_values);
}

static const struct trace_ops live_ops = {
	.process_name = on_process_name,
	.thread_name = on_thread_name,
	.counter = on_counter,
	.counter_closing = on_counter_closing,
	.object_new = on_object_new,
	.object_snapshot = on_object_snapshot,
	.object_delete = on_object_delete,
	.state_begin = on_state_begin,
	.state_end = on_state_end,
	.slice_begin = on_slice_begin,
	.slice_end = on_slice_end,
	.slice_before = on_slice_before,
	.async_begin = on_async_begin,
	.async_end = on_async_end,
	.flow = on_flow,
	.instant = on_instant,
};

/* ---- each tick ---- */

/* As printf, escaped; to be freed. */
static char *name_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *name_of(const char *format, ...)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	va_list args;

	if (!to)
		return NULL;
	va_start(args, format);
	escape__vprint(to, format, args);
	va_end(args);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

static int tick_counter(struct live *l, const struct stats_counter *c, struct live_counter *lc, double seconds)
{
	const char *id = c->id ? c->id : "";
	int err = grow(&lc->series, &lc->n, c->n, sizeof(*lc->series));

	for (size_t i = 0; !err && i < c->n; i++) {
		const struct stats_attribute *a = &c->attributes[i];
		struct live_series *s = &lc->series[i];

		if (!s->name)
			s->name = name_of("%s.%s%s%s%s", c->name, a->name, *id ? " [" : "", id, *id ? "]" : "");
		if (!s->name)
			return -ENOMEM;
		s->rate = (double)(a->changes - s->changes) / seconds;
		s->changes = a->changes;
		s->reports = a->reports;
		s->minute[l->tick] = (float)stats__number(&a->last);
		s->n_minute += s->n_minute < LIVE_TICKS;
	}
	return err;
}

/* The second half of the window becomes the first. */
static void turn(struct live_method *lm, struct stats_method *m)
{
	lm->begun += lm->before.count;
	lm->total = lm->half_total;
	lm->half_total = m->total;
	histogram__clear(&lm->before);
	lm->before = m->durations;
	m->durations = (struct histogram){ 0 };
}

static uint64_t calls_of(const struct live_method *lm, const struct stats_method *m)
{
	return lm->begun + lm->before.count + m->durations.count;
}

static int tick_method(struct live_method *lm, struct stats_method *m, double seconds, bool turns)
{
	uint64_t calls = calls_of(lm, m);

	if (!lm->name)
		lm->name = name_of("%s", m->name);
	if (!lm->name)
		return -ENOMEM;
	lm->rate = (double)(calls - lm->calls) / seconds;
	lm->calls = calls;
	if (turns)
		turn(lm, m);
	return 0;
}

static int tick_object(struct live_object *lo, const struct stats_object *o, double seconds)
{
	bool both = strcmp(o->name, o->tag) != 0;

	if (!lo->name)
		lo->name = name_of("%s%s%s%s", o->name, both ? " (" : "", both ? o->tag : "", both ? ")" : "");
	if (!lo->name)
		return -ENOMEM;
	lo->made_rate = (double)(o->made - lo->made) / seconds;
	lo->destroyed_rate = (double)(o->destroyed - lo->destroyed) / seconds;
	lo->made = o->made;
	lo->destroyed = o->destroyed;
	return 0;
}

int live__tick(struct live *l, double seconds)
{
	struct stats *s = l->stats;
	bool turns = l->half + seconds >= LIVE_WINDOW;
	int err = grow(&l->counters, &l->n_counters, s->n_counters, sizeof(*l->counters));

	if (!err)
		err = grow(&l->methods, &l->n_methods, s->n_methods, sizeof(*l->methods));
	if (!err)
		err = grow_objects(l);
	for (size_t i = 0; !err && i < s->n_counters; i++)
		err = tick_counter(l, s->counters[i], &l->counters[i], seconds);
	for (size_t i = 0; !err && i < s->n_methods; i++)
		err = tick_method(&l->methods[i], s->methods[i], seconds, turns);
	for (size_t i = 0; !err && i < s->n_objects; i++)
		err = tick_object(&l->objects[i], s->objects[i], seconds);
	l->tick = (l->tick + 1) % LIVE_TICKS;
	l->half = turns ? 0 : l->half + seconds;
	return err;
}

void live__mark(struct live *l)
{
	for (size_t i = 0; i < l->n_counters; i++)
		for (size_t k = 0; k < l->counters[i].n; k++)
			l->counters[i].series[k].marked = l->stats->counters[i]->attributes[k].reports;
	for (size_t i = 0; i < l->n_methods; i++)
		l->methods[i].marked = calls_of(&l->methods[i], l->stats->methods[i]);
	for (size_t i = 0; i < l->n_objects; i++)
		l->objects[i].marked = l->objects[i].states;
}

int live__window(const struct live *l, size_t method, double *ret_mean, struct histogram *ret)
{
	const struct live_method *lm = &l->methods[method];
	const struct stats_method *m = l->stats->methods[method];
	int err;

	*ret = (struct histogram){ 0 };
	err = histogram__merge(ret, &lm->before);
	if (!err)
		err = histogram__merge(ret, &m->durations);
	*ret_mean = ret->count ? (double)(m->total - lm->total) / (double)ret->count : 0;
	return err;
}

/* ---- the sink ---- */

static int begin_sink(void **ret, struct output *out, const struct trace_start *start)
{
	struct live *l = calloc(1, sizeof(*l));
	int err = l ? stats__new(&l->stats) : -ENOMEM;

	(void)out, (void)start;
	if (err)
		free(l);
	else
		*ret = l;
	return err;
}

static int finish_sink(void *writer, const char *metadata, size_t size)
{
	(void)writer, (void)metadata, (void)size;
	return 0;
}

static void free_sink(void *writer)
{
	struct live *l = writer;

	for (size_t i = 0; i < l->n_counters; i++) {
		for (size_t k = 0; k < l->counters[i].n; k++)
			free(l->counters[i].series[k].name);
		free(l->counters[i].series);
	}
	for (size_t i = 0; i < l->n_methods; i++) {
		free(l->methods[i].name);
		histogram__clear(&l->methods[i].before);
	}
	for (size_t i = 0; i < l->n_objects; i++) {
		free(l->objects[i].name);
		live_state__clear(&l->objects[i].state);
	}
	free(l->counters);
	free(l->methods);
	free(l->objects);
	stats__free(l->stats);
	free(l);
}

const struct format format_live = {
	.name = "live",
	.ops = &live_ops,
	.begin = begin_sink,
	.finish = finish_sink,
	.free = free_sink,
};

struct live *live__of(const struct sinks *sinks)
{
	for (size_t i = 0; i < sinks->n; i++)
		if (sinks->list[i].format == &format_live && !sinks->list[i].error)
			return sinks->list[i].writer;
	return NULL;
}
