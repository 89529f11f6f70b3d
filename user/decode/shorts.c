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
	struct held *outer; /* ENTER that is undecided: the one around it that is, too */
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
	h->next = h->outer = NULL;
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

/* Does a slice end here that is too short? Those inside of it, of which we saw no end, are shorter. */
static bool leaves_out(struct shorts *s, struct inner *inner, const struct event *e)
{
	struct held *h = inner->enter;

	while (h && !is_end_of(e, &h->event))
		h = h->outer;
	if (!h || e->ts - h->event.ts >= s->min)
		return false;
	for (h = h->outer; inner->enter != h; inner->enter = inner->enter->outer) {
		inner->enter->left_out = true;
		s->filtered[EVENT_PROBE_ENTER]++;
	}
	s->filtered[e->probe]++;
	return true;
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
	if (e->kind == EVENT_EXIT && leaves_out(s, inner, e))
		return shorts__pass(s, e->ts, next, ctx);
	err = shorts__pass(s, e->ts, next, ctx);
	if (err)
		return err;
	if (!s->first && e->kind != EVENT_ENTER)
		return next(ctx, e);
	h = keep(e);
	if (!h)
		return -ENOMEM;
	if (e->kind == EVENT_ENTER) {
		h->outer = inner->enter;
		inner->enter = h;
	}
	if (s->end)
		s->end->next = h;
	else
		s->first = h;
	s->end = h;
	return 0;
}
