/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices of no thread, and arrows between those of threads; see parts.h. */
#include "parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LEVELS_MAX 256 /* slices of one id that are open at once */
#define POINTER_TEXT (2 + 16 + 1)

struct level {
	struct name *name;
	uint32_t tid; /* where it began */
};

/* What is open under one id in one process: a track of its own, as others of that id came before or will. */
struct async_id {
	uint64_t id, track;
	uint32_t pid;
	struct value shown;
	char text[POINTER_TEXT];
	struct level *open; /* the innermost last; there is one */
	size_t n, room;
	struct async_id *prev, *next; /* in the order in which they began */
	struct crowd_link by_process;
};

/* It went out, and has not come in yet. */
struct arrow {
	uint64_t id, serial;
	uint32_t pid;
	struct crowd_link by_process;
};

static struct value id_of(const struct event *e, char text[POINTER_TEXT])
{
	struct value v = { .key = "id", .type = VALUE_INT, .i = (int64_t)e->id };

	if (!e->id_is_pointer)
		return v;
	v.type = VALUE_STRING;
	v.size = (uint32_t)snprintf(text, POINTER_TEXT, "0x%" PRIx64, e->id);
	v.s = text;
	return v;
}

/* Of which the beginning is not there; it is no loss. */
static int count_unmatched(struct model *m, const struct event *e)
{
	m->stats.unmatched_async++;
	m->stats.written[e->probe]++;
	return 0;
}

/* ---- Slices ---- */

static struct trace_async slice_at(const struct async_id *a, size_t level, bool again)
{
	return (struct trace_async){
		.track = a->track,
		.name = a->open[level].name->text,
		.level = level,
		.again = again,
	};
}

static int write_begin(struct model *m, struct where at, const struct async_id *a, size_t level, bool again)
{
	const struct trace_async slice = slice_at(a, level, again);

	return m->ops->async_begin(m->writer, at, &slice, &a->shown, 1);
}

static int write_end(struct model *m, struct where at, const struct async_id *a, size_t level, bool again)
{
	const struct trace_async slice = slice_at(a, level, again);

	return m->ops->async_end(m->writer, at, &slice);
}

static void unlink_id(struct async *as, struct async_id *a)
{
	if (a->prev)
		a->prev->next = a->next;
	else
		as->first = a->next;
	if (a->next)
		a->next->prev = a->prev;
	else
		as->end = a->prev;
}

static uint64_t cost_of(const struct async_id *a)
{
	return sizeof(*a) + BUDGET_SLOT + a->room * sizeof(*a->open);
}

static void free_id(struct model *m, struct async_id *a)
{
	table__remove(&m->async.ids, a->pid, a->id);
	crowd__remove(&m->async.crowd, &a->by_process);
	unlink_id(&m->async, a);
	budget__give(model__kept(m), cost_of(a));
	while (a->n)
		names__drop(a->open[--a->n].name);
	free(a->open);
	free(a);
}

static int new_id(struct model *m, const struct event *e, struct async_id **ret)
{
	struct async *as = &m->async;
	struct async_id *a = calloc(1, sizeof(*a));

	if (!a || crowd__add(&as->crowd, e->pid, &a->by_process)) {
		free(a);
		return -ENOMEM;
	}
	if (table__put(&as->ids, e->pid, e->id, a)) {
		crowd__remove(&as->crowd, &a->by_process);
		free(a);
		return -ENOMEM;
	}
	a->id = e->id;
	a->pid = e->pid;
	a->track = ++as->tracks;
	a->shown = id_of(e, a->text);
	a->prev = as->end;
	if (as->end)
		as->end->next = a;
	else
		as->first = a;
	as->end = a;
	budget__take(model__kept(m), cost_of(a));
	*ret = a;
	return 0;
}

static int push(struct model *m, struct async_id *a, struct level level)
{
	size_t room = a->room ? 2 * a->room : 1;
	struct level *more;

	if (a->n == a->room) {
		more = realloc(a->open, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		budget__take(model__kept(m), (room - a->room) * sizeof(*more));
		a->open = more;
		a->room = room;
	}
	a->open[a->n++] = level;
	return 0;
}

static int begin(struct model *m, const struct event *e)
{
	struct async_id *a = table__get(&m->async.ids, e->pid, e->id);
	struct level level = { .tid = e->tid };
	int err = 0;

	if (a && a->n == LEVELS_MAX) {
		m->stats.too_deep[e->probe]++;
		return 0;
	}
	if (budget__is_spent(model__kept(m)))
		return -ENOBUFS;
	level.name = names__take(&m->names, model__event_name(e));
	if (!level.name)
		return -ENOMEM;
	if (!a)
		err = new_id(m, e, &a);
	if (!err)
		err = push(m, a, level);
	if (err) {
		names__drop(level.name);
		if (a && !a->n)
			free_id(m, a);
		return err;
	}
	err = write_begin(m, model__at(m, e->ts, e->pid, e->tid), a, a->n - 1, false);
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* Which of those that are open; a->n: none. */
static size_t find(const struct async_id *a, const struct name *name)
{
	for (size_t i = a->n; i-- > 0;)
		if (a->open[i].name == name)
			return i;
	return a->n;
}

/* What is inside of it and goes on does so where it was: a track holds no two slices side by side. */
static int end_level(struct model *m, struct async_id *a, size_t level, struct where at)
{
	int err = 0;
	size_t i;

	for (i = a->n; i-- > level && !err;)
		err = write_end(m, at, a, i, i > level);
	names__drop(a->open[level].name);
	a->n--;
	for (i = level; i < a->n && !err; i++) {
		a->open[i] = a->open[i + 1];
		err = write_begin(m, at, a, i, true);
	}
	return err;
}

static int end(struct model *m, const struct event *e)
{
	struct async_id *a = table__get(&m->async.ids, e->pid, e->id);
	struct name *name = names__find(&m->names, model__event_name(e));
	size_t level = a && name ? find(a, name) : 0;
	int err;

	if (!a || !name || level == a->n) {
		if (e->unwanted) {
			m->stats.unwanted[e->probe]++;
			return 0;
		}
		return count_unmatched(m, e);
	}
	err = end_level(m, a, level, model__at(m, e->ts, e->pid, e->tid));
	if (!a->n)
		free_id(m, a);
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* All of it, each where it began. */
static int end_id(struct model *m, struct async_id *a, uint64_t ts)
{
	int err = 0;

	for (size_t i = a->n; i-- > 0 && !err;)
		err = write_end(m, model__at(m, ts, a->pid, a->open[i].tid), a, i, false);
	free_id(m, a);
	return err;
}

/* ---- Arrows ---- */

static void free_arrow(struct model *m, struct arrow *arrow)
{
	table__remove(&m->async.arrows, arrow->pid, arrow->id);
	crowd__remove(&m->async.arrow_crowd, &arrow->by_process);
	budget__give(model__kept(m), sizeof(*arrow) + BUDGET_SLOT);
	free(arrow);
}

static int new_arrow(struct model *m, const struct event *e, struct arrow **ret)
{
	struct async *as = &m->async;
	struct arrow *arrow;

	if (budget__is_spent(model__kept(m)))
		return -ENOBUFS;
	arrow = calloc(1, sizeof(*arrow));
	if (!arrow || crowd__add(&as->arrow_crowd, e->pid, &arrow->by_process)) {
		free(arrow);
		return -ENOMEM;
	}
	if (table__put(&as->arrows, e->pid, e->id, arrow)) {
		crowd__remove(&as->arrow_crowd, &arrow->by_process);
		free(arrow);
		return -ENOMEM;
	}
	arrow->pid = e->pid;
	arrow->id = e->id;
	budget__take(model__kept(m), sizeof(*arrow) + BUDGET_SLOT);
	*ret = arrow;
	return 0;
}

/* Viewers know arrows between slices only. */
static int write_arrow(struct model *m, const struct thread *thread, const struct event *e, uint64_t serial)
{
	static const char *const names[] = { [ASYNC_OUT] = "flow out", [ASYNC_IN] = "flow in" };
	struct where at = model__at(m, e->ts, e->pid, e->tid);
	bool is_in = e->step == ASYNC_IN;
	char text[POINTER_TEXT];
	struct value id = id_of(e, text);
	int err = thread->slices.n ? 0 : m->ops->slice_begin(m->writer, at, names[e->step], NULL, 0);

	if (!err)
		err = m->ops->flow(m->writer, at, serial, is_in, &id, !is_in);
	if (!err && !thread->slices.n)
		err = m->ops->slice_end(m->writer, at, names[e->step], NULL, 0);
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

static int arrow_out(struct model *m, const struct thread *thread, const struct event *e)
{
	struct arrow *arrow = table__get(&m->async.arrows, e->pid, e->id);
	int err = arrow ? 0 : new_arrow(m, e, &arrow);

	if (err)
		return err;
	/* One of that id that never came in is another one. */
	arrow->serial = ++m->async.flows;
	return write_arrow(m, thread, e, arrow->serial);
}

static int arrow_in(struct model *m, const struct thread *thread, const struct event *e)
{
	struct arrow *arrow = table__get(&m->async.arrows, e->pid, e->id);
	uint64_t serial;

	if (!arrow)
		return count_unmatched(m, e);
	serial = arrow->serial;
	free_arrow(m, arrow);
	return write_arrow(m, thread, e, serial);
}

/* ---- All of it ---- */

int async__step(struct model *m, struct thread *thread, const struct event *e)
{
	switch (e->step) {
	case ASYNC_BEGIN: return begin(m, e);
	case ASYNC_END: return end(m, e);
	case ASYNC_OUT: return arrow_out(m, thread, e);
	case ASYNC_IN: return arrow_in(m, thread, e);
	default: return 0;
	}
}

int async__end_process(struct model *m, uint32_t pid, uint64_t ts)
{
	struct crowd_link *link;
	int err = 0;

	while (!err && (link = crowd__first(&m->async.crowd, pid)))
		err = end_id(m, CROWD_OF(link, struct async_id, by_process), ts);
	while ((link = crowd__first(&m->async.arrow_crowd, pid)))
		free_arrow(m, CROWD_OF(link, struct arrow, by_process));
	return err;
}

int async__finish(struct model *m, uint64_t ts)
{
	int err = 0;

	while (m->async.first && !err && !model__enough(m))
		err = end_id(m, m->async.first, ts);
	return err;
}

/* Of an arrow that has gone out nobody has seen that. */
int async__retell(struct model *m)
{
	struct async *as = &m->async;
	struct arrow *arrow;
	size_t pos = 0;
	int err = 0;

	for (struct async_id *a = as->first; a && !err; a = a->next)
		for (size_t i = 0; i < a->n && !err; i++)
			err = write_begin(m, (struct where){ .pid = a->pid, .tid = a->open[i].tid }, a, i, true);
	while ((arrow = table__next(&as->arrows, &pos))) {
		budget__give(model__kept(m), sizeof(*arrow) + BUDGET_SLOT);
		crowd__remove(&as->arrow_crowd, &arrow->by_process);
		free(arrow);
	}
	table__clear(&as->arrows);
	return err;
}

void async__clear(struct model *m)
{
	while (m->async.first)
		free_id(m, m->async.first);
	table__clear(&m->async.ids);
	table__free(&m->async.arrows);
	crowd__clear(&m->async.crowd);
	crowd__clear(&m->async.arrow_crowd);
}
