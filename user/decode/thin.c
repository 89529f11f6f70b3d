// SPDX-License-Identifier: BSD-2-Clause
/* thin: see thin.h. */
#include "thin.h"

#include <errno.h>
#include <stdlib.h>

#include "../common/copied.h"
#include "../common/table.h"

#define COUNTED_MAX 65536 /* objects; of more than that the one that was silent for the longest begins anew */

struct thinned {
	uint32_t pid;
	uint64_t address;
	uint64_t reports; /* since one was passed on */
	uint64_t last;    /* ns: when that was */
	struct event *held;
	struct thinned *prev, *next;
};

struct thin {
	uint64_t every, period;
	struct table objects;        /* with a period: only those that had a report within it */
	struct thinned *first, *end; /* by `last`; or by their last report */
	uint64_t filtered[EVENT_PROBES];
};

int thin__new(struct thin **ret, uint64_t every, uint64_t period)
{
	struct thin *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->every = every;
	t->period = period;
	*ret = t;
	return 0;
}

static void unlink_object(struct thin *t, struct thinned *o)
{
	if (o->prev)
		o->prev->next = o->next;
	else
		t->first = o->next;
	if (o->next)
		o->next->prev = o->prev;
	else
		t->end = o->prev;
}

static void append(struct thin *t, struct thinned *o)
{
	o->prev = t->end;
	o->next = NULL;
	if (t->end)
		t->end->next = o;
	else
		t->first = o;
	t->end = o;
}

static void forget(struct thin *t, struct thinned *o)
{
	table__remove(&t->objects, o->pid, o->address);
	unlink_object(t, o);
	free(o->held);
	free(o);
}

void thin__free(struct thin *t)
{
	if (!t)
		return;
	while (t->first)
		forget(t, t->first);
	table__clear(&t->objects);
	free(t);
}

uint64_t thin__filtered(const struct thin *t, enum probe probe)
{
	return t->filtered[probe];
}

/* What is held back of it, as what it was at `ts`. */
static int let_go(struct thinned *o, uint64_t ts, filter_next next, void *ctx)
{
	struct event *held = o->held;
	int err;

	if (!held)
		return 0;
	o->held = NULL;
	if (held->ts < ts)
		held->ts = ts;
	err = next(ctx, held);
	free(held);
	return err;
}

static int finish(struct thin *t, struct thinned *o, uint64_t ts, filter_next next, void *ctx)
{
	int err = let_go(o, ts, next, ctx);

	forget(t, o);
	return err;
}

int thin__pass(struct thin *t, uint64_t ts, filter_next next, void *ctx)
{
	int err = 0;

	while (t->first && !err && ts == UINT64_MAX)
		err = finish(t, t->first, 0, next, ctx);
	while (t->first && !err && t->period && t->first->last + t->period <= ts) {
		struct thinned *o = t->first;

		o->last += t->period;
		if (!o->held) {
			forget(t, o);
			continue;
		}
		unlink_object(t, o);
		append(t, o);
		err = let_go(o, o->last, next, ctx);
	}
	return err;
}

static int begin(struct thin *t, const struct event *e, struct thinned **ret)
{
	struct thinned *o = calloc(1, sizeof(*o));

	if (!o || table__put(&t->objects, e->pid, e->address, o)) {
		free(o);
		return -ENOMEM;
	}
	o->pid = e->pid;
	o->address = e->address;
	append(t, o);
	*ret = o;
	return 0;
}

static void drop_held(struct thin *t, struct thinned *o)
{
	if (o->held)
		t->filtered[o->held->probe]++;
	free(o->held);
	o->held = NULL;
}

static int report(struct thin *t, const struct event *e, filter_next next, void *ctx)
{
	struct thinned *o = table__get(&t->objects, e->pid, e->address);
	bool is_first = !o;
	int err = 0;

	if (is_first && t->every && t->objects.used >= COUNTED_MAX)
		err = finish(t, t->first, 0, next, ctx);
	if (is_first && !err)
		err = begin(t, e, &o);
	if (err)
		return err;
	drop_held(t, o);
	if (t->every && !is_first) {
		unlink_object(t, o);
		append(t, o);
	}
	if (is_first || (t->every && ++o->reports == t->every)) {
		o->reports = 0;
		o->last = e->ts;
		return next(ctx, e);
	}
	o->held = copied__event(e, 0);
	return o->held ? 0 : -ENOMEM;
}

static int end_process(struct thin *t, const struct event *e, filter_next next, void *ctx)
{
	struct thinned *o, *after;
	int err = 0;

	for (o = t->first; o && !err; o = after) {
		after = o->next;
		if (o->pid == e->pid)
			err = finish(t, o, e->ts, next, ctx);
	}
	return err;
}

int thin__feed(struct thin *t, const struct event *e, filter_next next, void *ctx)
{
	struct thinned *o;
	int err;

	if (!t->every && !t->period)
		return next(ctx, e);
	err = thin__pass(t, e->ts, next, ctx);
	if (err)
		return err;
	switch (e->kind) {
	case EVENT_SNAPSHOT: return report(t, e, next, ctx);
	case EVENT_FOUND:
	case EVENT_INIT:
	case EVENT_DESTROY:
		o = table__get(&t->objects, e->pid, e->address);
		err = o ? finish(t, o, e->ts, next, ctx) : 0;
		break;
	case EVENT_EXECED:
	case EVENT_ENDED: err = end_process(t, e, next, ctx); break;
	default: break;
	}
	return err ? err : next(ctx, e);
}
