/* SPDX-License-Identifier: BSD-2-Clause */
#include "shorts.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../common/copied.h"
#include "../common/table.h"

struct held {
	struct held *next;
	/* ENTER that is undecided: the one around it that is, too, and the results of its slice, which came later. */
	struct held *outer, *results;
	struct held *other; /* result of such a slice */
	bool left_out;
	struct event event; /* what it points to is ours, and behind it */
};

/* Of a thread: its innermost beginning that is undecided. */
struct inner {
	uint32_t pid, tid;
	struct held *enter;
};

struct shorts {
	uint64_t min;
	struct held *first, *end;
	struct table threads;
	uint64_t filtered[EVENT_PROBES];
};

int shorts__new(struct shorts **ret, uint64_t min)
{
	struct shorts *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->min = min;
	*ret = s;
	return 0;
}

void shorts__free(struct shorts *s)
{
	struct held *h;

	if (!s)
		return;
	while ((h = s->first)) {
		s->first = h->next;
		free(h);
	}
	table__free(&s->threads);
	free(s);
}

uint64_t shorts__filtered(const struct shorts *s, enum probe probe)
{
	return s->filtered[probe];
}

/* NULL: no memory. */
static struct held *keep(const struct event *e)
{
	struct held *h = copied__event(e, offsetof(struct held, event));

	if (!h)
		return NULL;
	h->next = h->outer = h->results = h->other = NULL;
	h->left_out = false;
	return h;
}

static int inner_of(struct shorts *s, const struct event *e, struct inner **ret)
{
	struct inner *inner = table__get(&s->threads, e->pid, e->tid);

	if (!inner) {
		inner = calloc(1, sizeof(*inner));
		if (!inner || table__put(&s->threads, e->pid, e->tid, inner)) {
			free(inner);
			return -ENOMEM;
		}
		inner->pid = e->pid;
		inner->tid = e->tid;
	}
	*ret = inner;
	return 0;
}

/* It stays: nobody has to know any more that it was undecided, nor those around it, which began before. */
static void decide(struct shorts *s, const struct held *h)
{
	struct inner *inner = table__get(&s->threads, h->event.pid, h->event.tid);
	struct held **link = inner ? &inner->enter : NULL;

	while (link && *link && *link != h)
		link = &(*link)->outer;
	if (link)
		*link = NULL;
}

int shorts__pass(struct shorts *s, uint64_t ts, filter_next next, void *ctx)
{
	int err = 0;

	while (s->first && !err) {
		struct held *h = s->first;
		bool is_enter = h->event.kind == EVENT_ENTER && !h->left_out;

		if (is_enter && ts < UINT64_MAX && ts - h->event.ts < s->min)
			break;
		if (is_enter)
			decide(s, h);
		if (!h->left_out)
			err = next(ctx, &h->event);
		s->first = h->next;
		if (!s->first)
			s->end = NULL;
		free(h);
	}
	return err;
}

static bool is_end_of(const struct event *e, const struct event *enter)
{
	if (e->scoped != enter->scoped || (e->scoped && e->frame != enter->frame) || !e->name != !enter->name)
		return false;
	return !e->name || !strcmp(e->name, enter->name);
}

/* The undecided beginning of that exit's slice; or NULL. */
static struct held *beginning_of(const struct inner *inner, const struct event *exit)
{
	struct held *h = inner->enter;

	while (h && !is_end_of(exit, &h->event))
		h = h->outer;
	return h;
}

static void leave_out(struct shorts *s, struct held *h)
{
	h->left_out = true;
	s->filtered[h->event.probe]++;
}

/* Does a slice end here that is too short? Those inside of it, of which we saw no end, are shorter. */
static bool leaves_out(struct shorts *s, struct inner *inner, const struct event *e)
{
	struct held *h = beginning_of(inner, e);

	if (!h || e->ts - h->event.ts >= s->min)
		return false;
	for (h = h->outer; inner->enter != h; inner->enter = inner->enter->outer) {
		leave_out(s, inner->enter);
		for (struct held *r = inner->enter->results; r; r = r->other)
			leave_out(s, r);
	}
	s->filtered[e->probe]++;
	return true;
}

/* A beginning is undecided from here on; a result is as its slice is. */
static void bind(struct inner *inner, struct held *h)
{
	struct held *enter;

	if (h->event.kind == EVENT_ENTER) {
		h->outer = inner->enter;
		inner->enter = h;
		return;
	}
	enter = h->event.is_result ? beginning_of(inner, &h->event) : NULL;
	if (!enter)
		return;
	h->other = enter->results;
	enter->results = h;
}

int shorts__feed(struct shorts *s, const struct event *e, filter_next next, void *ctx)
{
	struct inner *inner = NULL;
	struct held *h;
	int err = 0;

	if (!s->min)
		return next(ctx, e);
	if (e->kind == EVENT_ENTER || e->kind == EVENT_EXIT)
		err = inner_of(s, e, &inner);
	if (err)
		return err;
	if (e->kind == EVENT_EXIT && !e->is_result && leaves_out(s, inner, e))
		return shorts__pass(s, e->ts, next, ctx);
	err = shorts__pass(s, e->ts, next, ctx);
	if (err)
		return err;
	if (!s->first && e->kind != EVENT_ENTER)
		return next(ctx, e);
	h = keep(e);
	if (!h)
		return -ENOMEM;
	if (inner)
		bind(inner, h);
	if (s->end)
		s->end->next = h;
	else
		s->first = h;
	s->end = h;
	return 0;
}
