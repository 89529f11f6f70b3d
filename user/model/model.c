/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In: events in the order of their time. Out: calls of trace_ops, such that every viewer shows all of it.
 * Must not know: records, the target's memory, JSON.
 *
 * Memory: what lives (objects, open slices with their arguments), each thread that was seen, each counter's track
 * (tracks.h), and names (names.h). An object that is freed without DESTROY lives until its address is used again.
 */
#include "parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int model__new(struct model **ret, const struct trace_ops *ops, void *writer, uint64_t start)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->ops = ops;
	m->writer = writer;
	m->start = start;
	m->max_depth = MODEL_DEPTH;
	m->tracks.names = &m->names;
	*ret = m;
	return 0;
}

void model__free(struct model *m)
{
	if (!m)
		return;
	threads__clear(m);
	objects__clear(m);
	async__clear(m);
	table__free(&m->processes);
	tracks__clear(&m->tracks);
	names__clear(&m->names);
	ending__clear(&m->ending);
	free(m->text);
	free(m);
}

void model__limit_depth(struct model *m, uint64_t max_depth)
{
	m->max_depth = max_depth;
}

void model__remember(struct model *m)
{
	m->remembers = true;
}

const struct model_stats *model__stats(const struct model *m)
{
	return &m->stats;
}

/* ---- Processes ---- */

int model__process(struct model *m, uint32_t pid, const char *name, struct process **ret)
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
		budget__take(model__kept(m), sizeof(*p) + BUDGET_SLOT);
		p->pid = pid;
		snprintf(p->comm, sizeof(p->comm), "%s", name);
		snprintf(p->name, sizeof(p->name), "%s", name);
	}
	m->recent_process = p;
	*ret = p;
	return 0;
}

int model__name_process(struct model *m, struct process *p)
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
		m->error = model__process(m, pid, name, &p);
	if (!m->error)
		m->error = model__name_process(m, p);
	return m->error;
}

/* "sh -> make -> cc1": of too many the last ones. */
static void add_name(struct process *p, const char *name)
{
	static const char arrow[] = " \xe2\x86\x92 ", more[] = "\xe2\x80\xa6";
	const char *from = p->name;
	char names[sizeof(p->name)];
	size_t room = sizeof(names) - sizeof(arrow) - strlen(name) - sizeof(more);

	while (strlen(from) > room) {
		const char *next = strstr(from + 1, arrow);

		if (!next)
			break;
		from = next;
	}
	snprintf(names, sizeof(names), "%s%.*s%s%s", from > p->name ? more : "", (int)room, from, from[0] ? arrow : "",
		 name);
	memcpy(p->name, names, sizeof(p->name));
}

int model__rename_process(struct model *m, uint32_t pid, const char *name)
{
	struct process *p;
	int err = model__process(m, pid, name, &p);

	if (err || !strcmp(p->comm, name) || !name[0])
		return err;
	snprintf(p->comm, sizeof(p->comm), "%s", name);
	/* A child that has done nothing yet under its parent's name. */
	if (p->active || p->named)
		add_name(p, name);
	else
		snprintf(p->name, sizeof(p->name), "%s", name);
	if (!p->named)
		return 0;
	p->named = false;
	return model__name_process(m, p);
}

/* All that a process had: it is over, or runs another program. */
static int end_process(struct model *m, const struct event *e)
{
	int err = threads__end_process(m, e->pid, e->ts);

	if (!err)
		err = async__end_process(m, e->pid, e->ts);
	if (!err)
		err = counters__end_process(m, e->pid, e->ts);
	if (!err)
		err = objects__end_process(m, e->pid, e->ts);
	/* What has the same name in its next program goes on in these tracks, or gets others if it does not fit. */
	if (e->kind == EVENT_ENDED)
		tracks__forget(&m->tracks, e->pid);
	return err;
}

static int on_found(struct model *m, struct process *p, const struct event *e)
{
	int err = model__name_process(m, p);

	p->was_there = true;
	p->found = e->ts;
	if (!err && p->comm[0])
		err = m->ops->thread_name(m->writer, p->pid, p->pid, p->comm);
	if (!err)
		err = m->ops->instant(m->writer, model__at(m, e->ts, p->pid, p->pid), MODEL_FOUND, NULL, 0);
	return err;
}

static int on_process(struct model *m, const struct event *e)
{
	struct process *process;
	int err = e->kind == EVENT_BEGAN || e->kind == EVENT_PRESENT ? 0 : end_process(m, e);

	if (!err)
		err = model__process(m, e->pid, e->comm, &process);
	if (err)
		return err;
	if (e->kind == EVENT_ENDED) {
		table__remove(&m->processes, e->pid, 0);
		budget__give(model__kept(m), sizeof(*process) + BUDGET_SLOT);
		m->recent_process = NULL;
		free(process);
		return 0;
	}
	err = model__rename_process(m, e->pid, e->comm);
	if (!err && e->kind == EVENT_EXECED)
		process->was_there = false;
	if (!err && e->kind == EVENT_PRESENT)
		err = on_found(m, process, e);
	return err;
}

/* ---- All of it ---- */

static int on_instant(struct model *m, const struct event *e)
{
	int err = m->ops->instant(m->writer, model__at(m, e->ts, e->pid, e->tid), model__event_name(e), e->values,
				  e->n_values);

	if (!err)
		m->stats.written[e->probe]++;
	return err;
}

/* Something to be read on the timeline that is no event of the target, on its first thread. */
static int on_note(struct model *m, const struct event *note)
{
	const uint32_t pid = note->pid;
	struct event e = { .pid = pid, .tid = pid };
	struct thread *thread = table__get(&m->threads, pid, pid);
	struct process *process;
	int err = model__process(m, pid, "", &process);

	if (err)
		return err;
	if (!thread) {
		if (process->comm[0])
			snprintf(e.comm, sizeof(e.comm), "%s", process->comm);
		else
			snprintf(e.comm, sizeof(e.comm), "%u", pid); /* nobody has said */
		err = threads__of(m, &e, &thread);
	}
	return err ? err : m->ops->instant(m->writer, model__at(m, note->ts, pid, pid), note->name, NULL, 0);
}

void model__set_budgets(struct model *m, struct budgets *budgets)
{
	m->budgets = budgets;
	m->tracks.budget = &budgets->kept;
}

/* What there is no room for is lost; the trace goes on without. */
static int refuse(struct model *m, const struct event *e)
{
	if (event__is_probes(e)) {
		m->stats.rejected[e->probe]++;
		m->stats.refused++;
	}
	return m->error = 0;
}

/* What is no event of a thread. */
static int feed_other(struct model *m, const struct event *e)
{
	switch (e->kind) {
	case EVENT_IGNORE: return 0;
	case EVENT_THREAD_ENDED: return m->error = threads__end(m, e->pid, e->tid, e->ts);
	case EVENT_LOST: return 0;
	case EVENT_FORGOTTEN: objects__forget(m, e); return m->error;
	case EVENT_NOTE: m->error = on_note(m, e); return m->error == -ENOBUFS ? refuse(m, e) : m->error;
	default: return m->error = on_process(m, e);
	}
}

int model__feed(struct model *m, const struct event *e)
{
	struct thread *thread;

	if (m->error)
		return m->error;
	if (e->kind >= EVENT_IGNORE)
		return feed_other(m, e);
	m->error = threads__of(m, e, &thread);
	if (m->error)
		return m->error == -ENOBUFS ? refuse(m, e) : m->error;

	switch (e->kind) {
	case EVENT_FOUND:
	case EVENT_INIT: m->error = objects__introduce(m, e); break;
	case EVENT_DESTROY: m->error = objects__destroy(m, e); break;
	case EVENT_SNAPSHOT: m->error = objects__snapshot(m, e); break;
	case EVENT_ENTER: m->error = threads__enter(m, thread, e); break;
	case EVENT_EXIT: m->error = threads__exit(m, thread, e); break;
	case EVENT_VALUE: m->error = counters__value(m, e); break;
	case EVENT_INSTANT: m->error = on_instant(m, e); break;
	case EVENT_ASYNC: m->error = async__step(m, thread, e); break;
	default: break;
	}
	return m->error == -ENOBUFS ? refuse(m, e) : m->error;
}

int model__finish(struct model *m, uint64_t ts)
{
	return model__finish_within(m, ts, NULL, NULL);
}

int model__finish_within(struct model *m, uint64_t ts, bool (*enough)(void *ctx), void *ctx)
{
	m->enough = enough;
	m->enough_ctx = ctx;
	if (!m->error)
		m->error = threads__finish(m, ts);
	if (!m->error)
		m->error = async__finish(m, ts);
	if (!m->error)
		m->error = counters__finish(m, ts);
	if (!m->error)
		m->error = objects__finish(m, ts);
	return m->error;
}

int model__note_at_end(struct model *m, uint64_t ts, uint32_t pid, const char *text)
{
	if (!m->error)
		m->error = m->ops->instant(m->writer, model__at(m, ts, pid, pid), text, NULL, 0);
	return m->error;
}
