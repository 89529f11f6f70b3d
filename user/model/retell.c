/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a model that nobody listened to, its state to a writer that has just begun: all that lives, as if it had been
 * there before the trace, which it was; see model.h.
 */
#include "parts.h"

#include <stdlib.h>

/* ---- Nobody listens ---- */

static int no_name(void *writer, uint32_t pid, const char *name)
{
	(void)writer, (void)pid, (void)name;
	return 0;
}

static int no_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	(void)writer, (void)pid, (void)tid, (void)name;
	return 0;
}

static int no_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
		      size_t n_values)
{
	(void)writer, (void)at, (void)counter, (void)values, (void)n_values;
	return 0;
}

static int no_object(void *writer, struct where at, const struct trace_object *object)
{
	(void)writer, (void)at, (void)object;
	return 0;
}

static int no_state(void *writer, struct where at, const struct trace_object *object, const struct value *values,
		    size_t n_values)
{
	(void)writer, (void)at, (void)object, (void)values, (void)n_values;
	return 0;
}

static int no_slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	(void)writer, (void)at, (void)since, (void)name;
	return 0;
}

static int no_async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
			  size_t n_values)
{
	(void)writer, (void)at, (void)slice, (void)values, (void)n_values;
	return 0;
}

static int no_async_end(void *writer, struct where at, const struct trace_async *slice)
{
	(void)writer, (void)at, (void)slice;
	return 0;
}

static int no_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		   size_t n_values)
{
	(void)writer, (void)at, (void)serial, (void)is_in, (void)values, (void)n_values;
	return 0;
}

static int no_values(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	(void)writer, (void)at, (void)name, (void)values, (void)n_values;
	return 0;
}

const struct trace_ops model_unheard = {
	.process_name = no_name,
	.thread_name = no_thread_name,
	.counter = no_counter,
	.counter_closing = no_counter,
	.object_new = no_object,
	.object_snapshot = no_state,
	.object_delete = no_object,
	.state_begin = no_state,
	.state_end = no_object,
	.slice_begin = no_values,
	.slice_end = no_values,
	.slice_before = no_slice_before,
	.async_begin = no_async_begin,
	.async_end = no_async_end,
	.flow = no_flow,
	.instant = no_values,
};

/* ---- Telling it again ---- */

/* And that it was all there before, as for a process that one attaches to. */
static int retell_processes(struct model *m)
{
	struct process *p;
	size_t pos = 0;
	int err = 0;

	while (!err && (p = table__next(&m->processes, &pos))) {
		if (!p->named)
			continue;
		m->stats.processes += p->active;
		err = m->ops->process_name(m->writer, p->pid, p->name);
		p->was_there = true;
		p->found = m->start;
	}
	return err;
}

static int mark_processes(struct model *m)
{
	struct process *p;
	size_t pos = 0;
	int err = 0;

	while (!err && (p = table__next(&m->processes, &pos))) {
		if (!p->named)
			continue;
		/* A thread that has done nothing is in no table, and has no name yet. */
		if (!table__get(&m->threads, p->pid, p->pid) && p->comm[0])
			err = m->ops->thread_name(m->writer, p->pid, p->pid, p->comm);
		if (!err)
			err = m->ops->instant(m->writer, (struct where){ .pid = p->pid, .tid = p->pid }, MODEL_KEPT,
					      NULL, 0);
	}
	return err;
}

int model__retell(struct model *m, const struct trace_ops *ops, void *writer, uint64_t start)
{
	m->ops = ops;
	m->writer = writer;
	m->start = start;
	m->last = 0;
	m->stats = (struct model_stats){ .methods = m->stats.methods };
	if (!m->error)
		m->error = retell_processes(m);
	if (!m->error)
		m->error = threads__retell(m);
	if (!m->error)
		m->error = mark_processes(m);
	if (!m->error)
		m->error = async__retell(m);
	if (!m->error)
		m->error = counters__retell(m);
	if (!m->error)
		m->error = objects__retell(m);
	return m->error;
}
