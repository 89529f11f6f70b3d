/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads and their open slices; see parts.h. */
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int threads__of(struct model *m, const struct event *e, struct thread **ret)
{
	struct thread *thread = m->recent_thread;
	struct process *process;
	int err;

	if (!thread || thread->tid != e->tid || thread->pid != e->pid)
		thread = table__get(&m->threads, e->pid, e->tid);
	if (!thread) {
		if (budget__is_spent(model__kept(m)))
			return -ENOBUFS;
		err = model__process(m, e->pid, e->comm, &process);
		if (err)
			return err;
		m->stats.processes += !process->active;
		process->active = true;
		err = model__name_process(m, process);
		if (err)
			return err;
		thread = calloc(1, sizeof(*thread));
		if (!thread || table__put(&m->threads, e->pid, e->tid, thread)) {
			free(thread);
			return -ENOMEM;
		}
		budget__take(model__kept(m), sizeof(*thread) + BUDGET_SLOT);
		thread->pid = e->pid;
		thread->tid = e->tid;
		thread->prev = m->end_thread;
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
	err = m->ops->thread_name(m->writer, e->pid, e->tid, e->comm);
	/* A process is called what its first thread is. */
	if (!err && e->pid == e->tid)
		err = model__process(m, e->pid, e->comm, &process);
	if (!err && e->pid == e->tid && process->comm[0])
		err = model__rename_process(m, e->pid, e->comm);
	return err;
}

static int end_slice(struct model *m, const struct slice *slice, struct where at, const struct value *values, size_t n)
{
	int err;

	if (slice->hidden)
		return 0;
	if (!slice->arguments)
		return m->ops->slice_end(m->writer, at, slice->shown, values, n);
	err = ending__make(&m->ending, slice->arguments, values, n);
	return err ? err : m->ops->slice_end(m->writer, at, slice->shown, m->ending.values, m->ending.n);
}

/* `exit`, or NULL, is what ends the outermost of them, and has arguments of that one. */
static int end_slices(struct model *m, struct slices *slices, size_t n, struct where at, const struct event *exit)
{
	while (n--) {
		struct slice slice = slices__pop(slices);
		int err = !n && exit ? end_slice(m, &slice, at, exit->values, exit->n_values) :
				       end_slice(m, &slice, at, NULL, 0);

		budget__give(model__kept(m), arguments__size(slice.arguments));
		arguments__free(slice.arguments);
		names__drop(slice.name);
		if (err)
			return err;
	}
	return 0;
}

static void forget_thread(struct model *m, struct thread *thread)
{
	table__remove(&m->threads, thread->pid, thread->tid);
	if (m->recent_thread == thread)
		m->recent_thread = NULL;
	if (thread->prev)
		thread->prev->next = thread->next;
	else
		m->first_thread = thread->next;
	if (thread->next)
		thread->next->prev = thread->prev;
	else
		m->end_thread = thread->prev;
	budget__give(model__kept(m),
		     sizeof(*thread) + BUDGET_SLOT + thread->slices.room * sizeof(*thread->slices.open));
	slices__clear(&thread->slices);
	free(thread);
}

static int end_thread(struct model *m, struct thread *thread, uint64_t ts)
{
	struct slices *slices = &thread->slices;
	int err = 0;

	if (slices->n)
		err = end_slices(m, slices, slices->n, model__at(m, ts, thread->pid, thread->tid), NULL);
	forget_thread(m, thread);
	return err;
}

int threads__end(struct model *m, uint32_t pid, uint32_t tid, uint64_t ts)
{
	struct thread *thread = table__get(&m->threads, pid, tid);

	return thread ? end_thread(m, thread, ts) : 0;
}

int threads__end_process(struct model *m, uint32_t pid, uint64_t ts)
{
	struct thread *thread, *next;
	int err = 0;

	for (thread = m->first_thread; thread && !err; thread = next) {
		next = thread->next;
		if (thread->pid == pid)
			err = end_thread(m, thread, ts);
	}
	return err;
}

static int push(struct model *m, struct slices *s, struct slice slice)
{
	size_t room = s->room;
	int err;

	if (s->n == room && s->n && budget__is_spent(model__kept(m))) {
		s->beyond++;
		return -E2BIG;
	}
	err = slices__push(s, slice);
	budget__take(model__kept(m), (s->room - room) * sizeof(slice));
	if (!err)
		budget__take(model__kept(m), arguments__size(slice.arguments));
	return err;
}

/* The slices that are gone when that one begins. */
static int unwind(struct model *m, struct slices *slices, const struct slice *next, struct where at)
{
	size_t gone = slices__gone(slices, next);

	if (!gone)
		return 0;
	m->stats.unwound += gone;
	slices->beyond = 0;
	return end_slices(m, slices, gone, at, NULL);
}

int threads__enter(struct model *m, struct thread *thread, const struct event *e)
{
	struct where at = model__at(m, e->ts, e->pid, e->tid);
	struct slice slice = { .frame = e->frame, .site = e->site, .scoped = e->scoped };
	bool refused;
	int err;

	slice.name = names__take(&m->names, model__event_name(e));
	if (!slice.name)
		return -ENOMEM;
	m->stats.methods += !slice.name->seen_slice;
	slice.name->seen_slice = true;
	slice.shown = e->pretty ? name__pretty(slice.name) : slice.name->text;

	err = unwind(m, &thread->slices, &slice, at);
	slice.hidden = thread->slices.n >= m->max_depth;
	/* Without room for its arguments it is not shown, but is there: its exit is that of no other one. */
	refused = !slice.hidden && e->n_values && budget__is_spent(model__kept(m));
	slice.hidden |= refused;
	if (!err && !slice.hidden)
		err = arguments__begin(&slice.arguments, e->values, e->n_values);
	if (!err)
		err = push(m, &thread->slices, slice);
	if (err) {
		arguments__free(slice.arguments);
		names__drop(slice.name);
	}
	if (!err && refused)
		return -ENOBUFS;
	if (err == -E2BIG || (!err && slice.hidden)) {
		m->stats.too_deep[e->probe]++;
		return 0;
	}
	if (!err)
		err = m->ops->slice_begin(m->writer, at, slice.shown, e->values, e->n_values);
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* It began before the trace did, or its enter was lost. */
static int exit_without_enter(struct model *m, struct thread *thread, const struct event *e)
{
	struct process *process;
	struct name *name;
	int err = 0;

	if (e->unwanted) {
		m->stats.unwanted[e->probe]++;
		return 0;
	}
	m->stats.written[e->probe]++;
	if (e->is_result)
		return 0;
	m->stats.unmatched++;
	process = table__get(&m->processes, e->pid, 0);
	if (!process || !process->was_there || thread->slices.n)
		return 0;
	name = names__take(&m->names, model__event_name(e));
	if (!name)
		return -ENOMEM;
	if (name->seen_slice) { /* an exit too many, as far as we know */
		names__drop(name);
		return 0;
	}
	err = m->ops->slice_before(m->writer, model__at(m, e->ts, e->pid, e->tid),
				   process->found > m->start ? process->found - m->start : 0,
				   e->pretty ? name__pretty(name) : name->text);
	names__drop(name);
	return err;
}

/* The slice goes on; its end will say that, however it comes. */
static int keep_result(struct model *m, struct slice *slice, const struct event *e)
{
	int err;

	if (slice->hidden) {
		m->stats.too_deep[e->probe]++;
		return 0;
	}
	if (budget__is_spent(model__kept(m)))
		return -ENOBUFS;
	budget__give(model__kept(m), arguments__size(slice->arguments));
	err = arguments__result(&slice->arguments, e->values, e->n_values);
	budget__take(model__kept(m), arguments__size(slice->arguments));
	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

int threads__exit(struct model *m, struct thread *thread, const struct event *e)
{
	struct slices *slices = &thread->slices;
	struct name *name = names__find(&m->names, model__event_name(e));
	size_t n = name ? slices__ending(slices, name, e->scoped, e->frame) : 0;
	bool hidden;
	int err;

	/* Without a frame nothing tells which of the same name it is: the last one in, which was not let in.
	 */
	if (slices->beyond && (!n || !e->scoped)) {
		slices->beyond -= !e->is_result;
		m->stats.too_deep[e->probe]++;
		return 0;
	}
	if (!n)
		return exit_without_enter(m, thread, e);
	if (e->is_result)
		return keep_result(m, &slices->open[slices->n - n], e);
	slices->beyond = 0;
	m->stats.unwound += n - 1;
	hidden = slices->open[slices->n - n].hidden;
	err = end_slices(m, slices, n, model__at(m, e->ts, e->pid, e->tid), e);
	if (!err && hidden)
		m->stats.too_deep[e->probe]++;
	else if (!err)
		m->stats.written[e->probe]++;
	return err;
}

bool model__has_open_slices(const struct model *m)
{
	const struct thread *thread = m->first_thread;

	while (thread && !thread->slices.n)
		thread = thread->next;
	return thread || m->async.first;
}

int threads__finish(struct model *m, uint64_t ts)
{
	int err = 0;

	for (struct thread *thread = m->first_thread; thread && !err && !model__enough(m); thread = thread->next)
		err = end_slices(m, &thread->slices, thread->slices.n, model__at(m, ts, thread->pid, thread->tid),
				 NULL);
	return err;
}

static int retell_slice(struct model *m, struct where at, const struct slice *slice)
{
	const struct copied none = { 0 }, *begun = slice->arguments ? &slice->arguments->begun : &none;

	return slice->hidden ? 0 : m->ops->slice_begin(m->writer, at, slice->shown, begun->values, begun->n);
}

int threads__retell(struct model *m)
{
	int err = 0;

	for (struct thread *t = m->first_thread; t && !err; t = t->next) {
		m->stats.threads++;
		if (t->comm[0])
			err = m->ops->thread_name(m->writer, t->pid, t->tid, t->comm);
		for (size_t i = 0; i < t->slices.n && !err; i++)
			err = retell_slice(m, (struct where){ .pid = t->pid, .tid = t->tid }, &t->slices.open[i]);
	}
	return err;
}

void threads__clear(struct model *m)
{
	struct thread *thread;

	while ((thread = m->first_thread)) {
		m->first_thread = thread->next;
		slices__clear(&thread->slices);
		free(thread);
	}
	table__clear(&m->threads);
}
