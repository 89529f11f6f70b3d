/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects from their beginning to their end, counters among them; see parts.h. */
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct object *find_object(struct model *m, const struct event *e)
{
	struct object *o = m->recent_object;

	if (o && o->address == e->address && o->pid == e->pid)
		return o;
	o = table__get(&m->objects, e->pid, e->address);
	if (o) {
		m->recent_object = o;
		o->recent = true;
	}
	return o;
}

static struct budget *budget_of(struct model *m)
{
	return m->budgets ? &m->budgets->objects : NULL;
}

static struct trace_object shown_as(const struct object *o)
{
	return (struct trace_object){
		.address = o->address,
		.life = o->life,
		.name = o->name->text,
		.tag = o->tag->text,
	};
}

/* Snapshots of one object at one time would hide each other; neither may its end coincide with one. */
static struct where after_snapshot(struct model *m, const struct object *o, struct where at)
{
	if (o->has_snapshot && at.ts <= o->last)
		at.ts = m->last = o->last + 1;
	return at;
}

static void unlink_object(struct model *m, struct object *o)
{
	if (o->prev)
		o->prev->next = o->next;
	else
		m->first_object = o->next;
	if (o->next)
		o->next->prev = o->prev;
	else
		m->end_object = o->prev;
}

static void link_last(struct model *m, struct object *o)
{
	o->next = NULL;
	o->prev = m->end_object;
	if (m->end_object)
		m->end_object->next = o;
	else
		m->first_object = o;
	m->end_object = o;
}

static void forget_object(struct model *m, struct object *o)
{
	table__remove(&m->objects, o->pid, o->address);
	crowd__remove(&m->crowd, &o->by_process);
	unlink_object(m, o);
	if (m->recent_object == o)
		m->recent_object = NULL;
	budget__give(budget_of(m), o->cost + o->state.room);
	copied__clear(&o->state);
	names__drop(o->name);
	names__drop(o->tag);
	free(o);
}

static int end_object(struct model *m, struct object *o, struct where at)
{
	struct trace_object shown = shown_as(o);
	int err = 0;

	if (o->is_counter) {
		err = counters__leave(m, o, at);
	} else {
		at = after_snapshot(m, o, at);
		if (o->in_state)
			err = m->ops->state_end(m->writer, at, &shown);
		if (!err)
			err = m->ops->object_delete(m->writer, at, &shown);
	}
	forget_object(m, o);
	return err;
}

/* The target did not say that they end: they are what they were, until then. */
static int leave_object(struct model *m, struct object *o, uint64_t ts)
{
	struct trace_object shown = shown_as(o);
	int err = 0;

	if (o->in_state)
		err = m->ops->state_end(m->writer, model__at(m, ts, o->pid, o->tid), &shown);
	o->in_state = false;
	return err;
}

/* `is_new`: it begins now. Otherwise it was there before, and there is no telling since when. */
static int begin_object(struct model *m, const struct event *e, const char *name, bool is_new, struct where at,
			struct object **ret)
{
	struct object *o = calloc(1, sizeof(*o));
	struct trace_object shown;
	int err;

	if (!o)
		return -ENOMEM;
	o->recent = true;
	o->address = e->address;
	o->cls = e->cls;
	o->life = ++m->lives;
	o->pid = e->pid;
	o->tid = e->tid;
	o->is_counter = e->is_counter;
	o->name = names__take(&m->names, name);
	o->tag = names__take(&m->names, e->tag);
	err = o->name && o->tag ? crowd__add(&m->crowd, o->pid, &o->by_process) : -ENOMEM;
	if (!err && table__put(&m->objects, o->pid, o->address, o)) {
		crowd__remove(&m->crowd, &o->by_process);
		err = -ENOMEM;
	}
	if (err) {
		names__drop(o->name);
		names__drop(o->tag);
		free(o);
		return err;
	}
	o->cost = sizeof(*o) + BUDGET_SLOT + sizeof(*o->name) + strlen(name);
	budget__take(budget_of(m), o->cost);
	link_last(m, o);
	m->recent_object = o;
	*ret = o;
	if (o->is_counter) {
		m->stats.counters++;
		return 0;
	}
	m->stats.objects++;
	if (!is_new)
		return 0;
	shown = shown_as(o);
	err = m->ops->object_new(m->writer, at, &shown);
	if (err)
		return err;
	o->in_state = true;
	return m->ops->state_begin(m->writer, at, &shown, NULL, 0);
}

/* A name that could not be read once is no other name. */
static bool is_same(const struct object *o, const struct event *e, const char *name)
{
	return o->cls == e->cls && (!strcmp(o->name->text, name) || !strcmp(name, EVENT_UNREADABLE_NAME) ||
				    !strcmp(o->name->text, EVENT_UNREADABLE_NAME));
}

int objects__introduce(struct model *m, const struct event *e)
{
	bool is_new = e->kind == EVENT_INIT || e->is_new;
	const char *name = e->name ? e->name : e->tag;
	struct object *o = find_object(m, e);
	struct where at;
	int err;

	if (o && !is_new && is_same(o, e, name))
		return 0;
	at = model__at(m, e->ts, e->pid, e->tid);
	if (o) {
		err = end_object(m, o, at);
		if (err)
			return err;
		at.ts = m->last;
	}
	err = begin_object(m, e, name, is_new, at, &o);
	if (!err && e->kind == EVENT_INIT)
		m->stats.written[e->probe]++;
	return err;
}

int objects__destroy(struct model *m, const struct event *e)
{
	struct object *o = find_object(m, e);
	int err;

	if (!o) {
		m->stats.rejected[e->probe]++;
		return 0;
	}
	err = end_object(m, o, model__at(m, e->ts, e->pid, e->tid));
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

static int remember(struct model *m, struct object *o, const struct event *e)
{
	int err;

	budget__give(budget_of(m), o->state.room);
	err = copied__set(&o->state, e->values, e->n_values);
	budget__take(budget_of(m), o->state.room);
	return err;
}

int objects__snapshot(struct model *m, const struct event *e)
{
	struct object *o = find_object(m, e);
	struct trace_object shown;
	struct where at;
	int err;

	if (!o) {
		m->stats.rejected[e->probe]++;
		return 0;
	}
	at = model__at(m, e->ts, e->pid, e->tid);
	if (o->cls != e->cls || o->is_counter != e->is_counter) { /* set up anew, and its INIT was lost */
		err = end_object(m, o, at);
		if (err)
			return err;
		at.ts = m->last;
		err = begin_object(m, e, e->tag, true, at, &o);
		if (err)
			return err;
	}
	o->tid = e->tid;
	if (o->is_counter) {
		err = counters__sample(m, at, o, e);
		goto out;
	}

	at = after_snapshot(m, o, at);
	shown = shown_as(o);
	err = m->ops->object_snapshot(m->writer, at, &shown, e->values, e->n_values);
	if (err)
		return err;
	o->has_snapshot = true;
	o->last = at.ts;
	if (m->remembers)
		err = remember(m, o, e);
	if (err)
		return err;
	if (o->in_state)
		err = m->ops->state_end(m->writer, at, &shown);
	o->in_state = true;
	if (!err)
		err = m->ops->state_begin(m->writer, at, &shown, e->values, e->n_values);
out:
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

static int let_go(struct model *m, struct object *o, uint64_t ts)
{
	int err;

	if (o->is_counter)
		err = counters__leave(m, o, model__at(m, ts, o->pid, o->tid));
	else
		err = leave_object(m, o, ts);
	forget_object(m, o);
	m->stats.forgotten++;
	return err;
}

bool model__forget_oldest(struct model *m, uint64_t ts, uint32_t *ret_pid, uint64_t *ret_address)
{
	struct object *o;

	/* Who was used since we were here last gets a second chance. */
	while ((o = m->first_object) && o->recent) {
		o->recent = false;
		unlink_object(m, o);
		link_last(m, o);
	}
	if (!o || m->error)
		return false;
	*ret_pid = o->pid;
	*ret_address = o->address;
	m->error = let_go(m, o, ts);
	return true;
}

void objects__forget(struct model *m, const struct event *e)
{
	struct object *o = table__get(&m->objects, e->pid, e->address);

	if (o)
		m->error = let_go(m, o, e->ts);
}

int objects__end_process(struct model *m, uint32_t pid, uint64_t ts)
{
	struct crowd_link *link, *next;
	int err = 0;

	for (link = crowd__first(&m->crowd, pid); link && !err; link = next) {
		struct object *o = CROWD_OF(link, struct object, by_process);

		next = link->next;
		/* Its next program may have another one at that address. */
		err = end_object(m, o, model__at(m, ts, pid, o->tid));
	}
	return err;
}

int objects__finish(struct model *m, uint64_t ts)
{
	int err = 0;

	for (struct object *o = m->first_object; o && !err && !model__enough(m); o = o->next)
		err = leave_object(m, o, ts);
	return err;
}

/* What was never reported is new to whoever has not seen it begin; what was only found is told when it reports. */
static int retell_object(struct model *m, struct object *o)
{
	const struct where at = { .pid = o->pid, .tid = o->tid };
	struct trace_object shown = shown_as(o);
	int err = 0;

	o->has_snapshot = o->has_snapshot && m->remembers;
	o->last = 0;
	if (o->has_snapshot)
		err = m->ops->object_snapshot(m->writer, at, &shown, o->state.values, o->state.n);
	else if (o->in_state)
		err = m->ops->object_new(m->writer, at, &shown);
	if (err || !o->in_state)
		return err;
	return m->ops->state_begin(m->writer, at, &shown, o->state.values, o->state.n);
}

int objects__retell(struct model *m)
{
	int err = 0;

	for (struct object *o = m->first_object; o && !err; o = o->next) {
		m->stats.counters += o->is_counter;
		m->stats.objects += !o->is_counter;
		if (!o->is_counter)
			err = retell_object(m, o);
	}
	return err;
}

void objects__clear(struct model *m)
{
	struct object *o;

	while ((o = m->first_object)) {
		m->first_object = o->next;
		copied__clear(&o->state);
		free(o);
	}
	table__clear(&m->objects);
	crowd__clear(&m->crowd);
}
