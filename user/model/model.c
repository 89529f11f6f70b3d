/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In: events in the order of their time. Out: calls of trace_ops, such that every viewer shows all of it.
 * Must not know: records, the target's memory, JSON.
 *
 * Memory: what lives (objects, open slices), each thread that was seen, each counter's track (tracks.h), and
 * names (names.h). An object that is freed without DESTROY lives until its address is used again.
 */
#include "model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "slices.h"
#include "../common/table.h"
#include "tracks.h"

struct process {
	uint32_t pid;
	char name[16];
	bool named;  /* the trace says so */
	bool active; /* it did something */
};

struct thread {
	uint32_t pid, tid;
	char comm[16];
	struct slices slices;
	struct thread *next;
};

struct object {
	uint64_t address, cls;
	uint32_t pid, tid;
	bool is_counter;
	bool in_state; /* its band is open */
	bool has_snapshot;
	uint64_t last; /* the time of the last snapshot */
	struct name *name, *tag;
	struct track *track; /* of a counter, once it was sampled */
	struct object *prev, *next;
};

struct model {
	const struct trace_ops *ops;
	void *writer;
	uint64_t start;
	uint64_t last; /* of all times that were written */
	int error;
	struct model_stats stats;
	struct names names;
	struct tracks tracks;
	struct table processes, threads, objects;
	struct thread *first_thread, *end_thread; /* in the order of their first event */
	struct object *first_object, *end_object;
	struct thread *recent_thread;
	struct object *recent_object;
	struct process *recent_process;
	char *text; /* room for a name that is put together */
	size_t room;
};

int model__new(struct model **ret, const struct trace_ops *ops, void *writer, uint64_t start)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->ops = ops;
	m->writer = writer;
	m->start = start;
	m->tracks.names = &m->names;
	*ret = m;
	return 0;
}

void model__free(struct model *m)
{
	struct process *process;
	struct thread *thread;
	struct object *object;
	size_t pos = 0;

	if (!m)
		return;
	while ((thread = m->first_thread)) {
		m->first_thread = thread->next;
		slices__clear(&thread->slices);
		free(thread);
	}
	while ((object = m->first_object)) {
		m->first_object = object->next;
		free(object);
	}
	while ((process = table__next(&m->processes, &pos)))
		free(process);
	table__clear(&m->processes);
	table__clear(&m->threads);
	table__clear(&m->objects);
	tracks__clear(&m->tracks);
	names__clear(&m->names);
	free(m->text);
	free(m);
}

const struct model_stats *model__stats(const struct model *m)
{
	return &m->stats;
}

/* ---- Processes ---- */

/* `name` is what it is called if nobody has said. */
static int process_of(struct model *m, uint32_t pid, const char *name, struct process **ret)
{
	struct process *p = m->recent_process;

	if (!p || p->pid != pid)
		p = table__get(&m->processes, pid, 0);
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p || table__put(&m->processes, pid, 0, p)) {
			free(p);
			return -ENOMEM;
		}
		p->pid = pid;
		snprintf(p->name, sizeof(p->name), "%s", name);
	}
	m->recent_process = p;
	*ret = p;
	return 0;
}

static int name_process(struct model *m, struct process *p)
{
	if (p->named || !p->name[0])
		return 0;
	p->named = true;
	return m->ops->process_name(m->writer, p->pid, p->name);
}

int model__process_name(struct model *m, uint32_t pid, const char *name)
{
	struct process *p;

	if (!m->error)
		m->error = process_of(m, pid, name, &p);
	if (!m->error)
		m->error = name_process(m, p);
	return m->error;
}

/* Viewers drop what runs backwards, so an event that comes late gets the time of the one before. */
static struct where where_at(struct model *m, uint64_t ts, uint32_t pid, uint32_t tid)
{
	uint64_t out = ts > m->start ? ts - m->start : 0;

	if (out < m->last)
		out = m->last;
	m->last = out;
	return (struct where){ .ts = out, .pid = pid, .tid = tid };
}

/* ---- Threads and their slices ---- */

static int thread_of(struct model *m, const struct event *e, struct thread **ret)
{
	struct thread *thread = m->recent_thread;
	struct process *process;
	int err;

	if (!thread || thread->tid != e->tid || thread->pid != e->pid)
		thread = table__get(&m->threads, e->pid, e->tid);
	if (!thread) {
		err = process_of(m, e->pid, e->comm, &process);
		if (err)
			return err;
		m->stats.processes += !process->active;
		process->active = true;
		err = name_process(m, process);
		if (err)
			return err;
		thread = calloc(1, sizeof(*thread));
		if (!thread || table__put(&m->threads, e->pid, e->tid, thread)) {
			free(thread);
			return -ENOMEM;
		}
		thread->pid = e->pid;
		thread->tid = e->tid;
		if (m->end_thread)
			m->end_thread->next = thread;
		else
			m->first_thread = thread;
		m->end_thread = thread;
		m->stats.threads++;
	}
	m->recent_thread = thread;
	*ret = thread;
	if (!strncmp(thread->comm, e->comm, sizeof(thread->comm)))
		return 0;
	memcpy(thread->comm, e->comm, sizeof(thread->comm));
	return m->ops->thread_name(m->writer, e->pid, e->tid, e->comm);
}

static int end_slices(struct model *m, struct slices *slices, size_t n, struct where at)
{
	while (n--) {
		struct slice slice = slices__pop(slices);
		int err = m->ops->slice_end(m->writer, at, slice.shown);

		names__drop(slice.name);
		if (err)
			return err;
	}
	return 0;
}

/* Threads of a process that is over. */
static int end_threads(struct model *m, uint32_t pid, uint64_t ts)
{
	struct thread **link = &m->first_thread, *thread;
	int err = 0;

	m->recent_thread = m->end_thread = NULL;
	while ((thread = *link)) {
		if (thread->pid != pid) {
			m->end_thread = thread;
			link = &thread->next;
			continue;
		}
		if (!err && thread->slices.n)
			err = end_slices(m, &thread->slices, thread->slices.n, where_at(m, ts, pid, thread->tid));
		*link = thread->next;
		table__remove(&m->threads, pid, thread->tid);
		slices__clear(&thread->slices);
		free(thread);
	}
	return err;
}

static const char *name_of(const struct event *e)
{
	return e->name ? e->name : EVENT_UNREADABLE_NAME;
}

static int on_enter(struct model *m, struct thread *thread, const struct event *e)
{
	struct where at = where_at(m, e->ts, e->pid, e->tid);
	struct slice slice = { .frame = e->frame, .scoped = e->scoped };
	size_t gone;
	int err;

	slice.name = names__take(&m->names, name_of(e));
	if (!slice.name)
		return -ENOMEM;
	m->stats.methods += !slice.name->seen_slice;
	slice.name->seen_slice = true;
	slice.shown = e->pretty ? name__pretty(slice.name) : slice.name->text;

	gone = slices__gone(&thread->slices, &slice);
	if (gone) {
		m->stats.unwound += gone;
		thread->slices.beyond = 0;
		err = end_slices(m, &thread->slices, gone, at);
		if (err)
			return err;
	}
	err = slices__push(&thread->slices, slice);
	if (err) {
		names__drop(slice.name);
		if (err != -E2BIG)
			return err;
		m->stats.rejected[e->probe]++;
		return 0;
	}
	err = m->ops->slice_begin(m->writer, at, slice.shown);
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

static int on_exit_slice(struct model *m, struct thread *thread, const struct event *e)
{
	struct slices *slices = &thread->slices;
	struct name *name = names__find(&m->names, name_of(e));
	size_t n = name ? slices__ending(slices, name, e->scoped, e->frame) : 0;
	int err;

	/* Without a frame nothing tells which of the same name it is: the last one in, which was not let in.
	 */
	if (slices->beyond && (!n || !e->scoped)) {
		slices->beyond--;
		m->stats.rejected[e->probe]++;
		return 0;
	}
	if (!n && e->unwanted) {
		m->stats.unwanted++;
		return 0;
	}
	if (!n) {
		m->stats.unmatched++;
		m->stats.written[e->probe]++;
		return 0;
	}
	slices->beyond = 0;
	m->stats.unwound += n - 1;
	err = end_slices(m, slices, n, where_at(m, e->ts, e->pid, e->tid));
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* ---- Counters ---- */

/* An instant "name: what", with what the counter would have shown. */
static int note(struct model *m, struct where at, const char *name, const char *what, const struct event *e)
{
	size_t size = strlen(name) + strlen(what) + 3;

	if (size > m->room) {
		char *more = realloc(m->text, size);

		if (!more)
			return -ENOMEM;
		m->text = more;
		m->room = size;
	}
	snprintf(m->text, size, "%s: %s", name, what);
	return m->ops->instant(m->writer, at, m->text, e->values, e->n_values);
}

/* Why these values cannot be a counter's, or NULL. */
static const char *flaw(struct model *m, const struct event *e)
{
	const char *what = NULL;
	size_t i;

	for (i = 0; i < e->n_values; i++) {
		const struct value *v = &e->values[i];

		if (v->type == VALUE_UNREADABLE) {
			m->stats.unreadable++;
			return "unreadable";
		}
		if ((v->type == VALUE_DOUBLE && !isfinite(v->d)) ||
		    (v->type != VALUE_INT && v->type != VALUE_UINT && v->type != VALUE_DOUBLE && v->type != VALUE_BOOL))
			what = "not a number";
	}
	if (what)
		m->stats.not_finite++;
	else if (!e->n_values)
		what = "nothing included";
	return what;
}

static int sample(struct model *m, struct where at, struct track *track, const struct event *e)
{
	int err = m->ops->counter(m->writer, at, &track->counter, e->values, e->n_values);

	if (!err)
		track__remember(track, at.tid, e->values);
	return err;
}

/* Viewers do not draw a counter's last sample: it only ends the one before. */
static int sample_again(struct model *m, struct where at, struct track *track)
{
	if (!track->sampled)
		return 0;
	track->sampled = false;
	return m->ops->counter(m->writer, at, &track->counter, track->last, track->n_values);
}

static int leave_track(struct model *m, struct object *o, struct where at)
{
	struct track *track = o->track;

	if (!track)
		return 0;
	o->track = NULL;
	track__release(track);
	return sample_again(m, at, track);
}

static int sample_object(struct model *m, struct where at, struct object *o, const struct event *e)
{
	const char *what = flaw(m, e);
	int err;

	if (what)
		return note(m, at, o->name->text, what, e);
	if (o->track && !track__fits(o->track, e->values, e->n_values)) {
		err = leave_track(m, o, at);
		if (err)
			return err;
	}
	if (!o->track) {
		err = tracks__claim(&m->tracks, o->pid, o->name, e->values, e->n_values, &o->track);
		if (err)
			return err;
	}
	return sample(m, at, o->track, e);
}

static int on_value(struct model *m, const struct event *e)
{
	struct where at = where_at(m, e->ts, e->pid, e->tid);
	const char *what = flaw(m, e);
	struct track *track;
	struct name *name;
	int err;

	if (what) {
		err = note(m, at, name_of(e), what, e);
	} else {
		name = names__take(&m->names, name_of(e));
		if (!name)
			return -ENOMEM;
		err = tracks__value(&m->tracks, e->pid, name, &e->values[0], &track);
		names__drop(name); /* the track holds it */
		if (err)
			return err;
		m->stats.counters += !track->sampled;
		err = sample(m, at, track, e);
	}
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* ---- Objects ---- */

static struct object *find_object(struct model *m, const struct event *e)
{
	struct object *o = m->recent_object;

	if (o && o->address == e->address && o->pid == e->pid)
		return o;
	o = table__get(&m->objects, e->pid, e->address);
	if (o)
		m->recent_object = o;
	return o;
}

static struct trace_object shown_as(const struct object *o)
{
	return (struct trace_object){ .address = o->address, .name = o->name->text, .tag = o->tag->text };
}

/* Snapshots of one object at one time would hide each other; neither may its end coincide with one. */
static struct where after_snapshot(struct model *m, const struct object *o, struct where at)
{
	if (o->has_snapshot && at.ts <= o->last)
		at.ts = m->last = o->last + 1;
	return at;
}

static void forget_object(struct model *m, struct object *o)
{
	table__remove(&m->objects, o->pid, o->address);
	if (o->prev)
		o->prev->next = o->next;
	else
		m->first_object = o->next;
	if (o->next)
		o->next->prev = o->prev;
	else
		m->end_object = o->prev;
	if (m->recent_object == o)
		m->recent_object = NULL;
	names__drop(o->name);
	names__drop(o->tag);
	free(o);
}

static int end_object(struct model *m, struct object *o, struct where at)
{
	struct trace_object shown = shown_as(o);
	int err = 0;

	if (o->is_counter) {
		err = leave_track(m, o, at);
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
		err = m->ops->state_end(m->writer, where_at(m, ts, o->pid, o->tid), &shown);
	o->in_state = false;
	return err;
}

/* All that a process had: it is over, or runs another program. */
static int end_process(struct model *m, const struct event *e)
{
	struct object *o, *next;
	struct track *track;
	int err = end_threads(m, e->pid, e->ts);

	for (track = m->tracks.first; track && !err; track = track->next)
		if (track->pid == e->pid)
			err = sample_again(m, where_at(m, e->ts, track->pid, track->tid), track);
	for (o = m->first_object; o && !err; o = next) {
		next = o->next;
		/* Its next program may have another one at that address. */
		if (o->pid == e->pid)
			err = end_object(m, o, where_at(m, e->ts, o->pid, o->tid));
	}
	/* What has the same name in its next program goes on in these tracks, or gets others if it does not fit. */
	if (e->kind == EVENT_ENDED)
		tracks__forget(&m->tracks, e->pid);
	return err;
}

static int on_process(struct model *m, const struct event *e)
{
	struct process *process;
	int err = e->kind == EVENT_BEGAN ? 0 : end_process(m, e);

	if (!err)
		err = process_of(m, e->pid, e->comm, &process);
	if (err)
		return err;
	if (e->kind == EVENT_ENDED) {
		table__remove(&m->processes, e->pid, 0);
		m->recent_process = NULL;
		free(process);
		return 0;
	}
	if (!strcmp(process->name, e->comm))
		return 0;
	memcpy(process->name, e->comm, sizeof(process->name));
	if (!process->named)
		return 0;
	process->named = false;
	return name_process(m, process);
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
	o->address = e->address;
	o->cls = e->cls;
	o->pid = e->pid;
	o->tid = e->tid;
	o->is_counter = e->is_counter;
	o->name = names__take(&m->names, name);
	o->tag = names__take(&m->names, e->tag);
	if (!o->name || !o->tag || table__put(&m->objects, o->pid, o->address, o)) {
		names__drop(o->name);
		names__drop(o->tag);
		free(o);
		return -ENOMEM;
	}
	o->prev = m->end_object;
	if (m->end_object)
		m->end_object->next = o;
	else
		m->first_object = o;
	m->end_object = o;
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

static int on_object(struct model *m, const struct event *e)
{
	bool is_new = e->kind == EVENT_INIT || e->is_new;
	const char *name = e->name ? e->name : e->tag;
	struct object *o = find_object(m, e);
	struct where at;
	int err;

	if (o && !is_new && is_same(o, e, name))
		return 0;
	at = where_at(m, e->ts, e->pid, e->tid);
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

static int on_destroy(struct model *m, const struct event *e)
{
	struct object *o = find_object(m, e);
	int err;

	if (!o) {
		m->stats.rejected[e->probe]++;
		return 0;
	}
	err = end_object(m, o, where_at(m, e->ts, e->pid, e->tid));
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

static int on_snapshot(struct model *m, const struct event *e)
{
	struct object *o = find_object(m, e);
	struct trace_object shown;
	struct where at;
	int err;

	if (!o) {
		m->stats.rejected[e->probe]++;
		return 0;
	}
	at = where_at(m, e->ts, e->pid, e->tid);
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
		err = sample_object(m, at, o, e);
		goto out;
	}

	at = after_snapshot(m, o, at);
	shown = shown_as(o);
	err = m->ops->object_snapshot(m->writer, at, &shown, e->values, e->n_values);
	if (err)
		return err;
	o->has_snapshot = true;
	o->last = at.ts;
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

/* ---- All of it ---- */

static int on_instant(struct model *m, const struct event *e)
{
	int err = m->ops->instant(m->writer, where_at(m, e->ts, e->pid, e->tid), name_of(e), NULL, 0);

	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

int model__feed(struct model *m, const struct event *e)
{
	struct thread *thread;

	if (m->error || e->kind == EVENT_IGNORE)
		return m->error;
	if (e->kind == EVENT_BEGAN || e->kind == EVENT_EXECED || e->kind == EVENT_ENDED)
		return m->error = on_process(m, e);
	m->error = thread_of(m, e, &thread);
	if (m->error)
		return m->error;

	switch (e->kind) {
	case EVENT_FOUND:
	case EVENT_INIT: m->error = on_object(m, e); break;
	case EVENT_DESTROY: m->error = on_destroy(m, e); break;
	case EVENT_SNAPSHOT: m->error = on_snapshot(m, e); break;
	case EVENT_ENTER: m->error = on_enter(m, thread, e); break;
	case EVENT_EXIT: m->error = on_exit_slice(m, thread, e); break;
	case EVENT_VALUE: m->error = on_value(m, e); break;
	case EVENT_INSTANT: m->error = on_instant(m, e); break;
	default: break;
	}
	return m->error;
}

int model__note(struct model *m, uint64_t ts, uint32_t pid, const char *text)
{
	struct event e = { .pid = pid, .tid = pid };
	struct thread *thread = table__get(&m->threads, pid, pid);
	struct process *process;

	if (!m->error)
		m->error = process_of(m, pid, "", &process);
	if (!m->error && !thread && process->name[0])
		snprintf(e.comm, sizeof(e.comm), "%s", process->name);
	else if (!m->error && !thread)
		snprintf(e.comm, sizeof(e.comm), "%u", pid); /* nobody has said */
	if (!m->error && !thread)
		m->error = thread_of(m, &e, &thread);
	if (!m->error)
		m->error = m->ops->instant(m->writer, where_at(m, ts, pid, pid), text, NULL, 0);
	return m->error;
}

int model__finish(struct model *m, uint64_t ts)
{
	struct thread *thread;
	struct object *o;
	struct track *track;

	for (thread = m->first_thread; thread && !m->error; thread = thread->next)
		m->error = end_slices(m, &thread->slices, thread->slices.n, where_at(m, ts, thread->pid, thread->tid));
	for (track = m->tracks.first; track && !m->error; track = track->next)
		m->error = sample_again(m, where_at(m, ts, track->pid, track->tid), track);
	for (o = m->first_object; o && !m->error; o = o->next)
		m->error = leave_object(m, o, ts);
	return m->error;
}
