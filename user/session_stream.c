// SPDX-License-Identifier: BSD-2-Clause
/* session_stream: the way of what was recorded, through all stages, to the model; see session_parts.h. */
#include "session_parts.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "definitions.h"

static int feed_model(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	int err = recorder__add(s->recorder, e);

	if (s->recorder)
		session__look_at_event(s, e);
	return err ? err : model__feed(s->model, e);
}

static int feed_shorts(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	return shorts__feed(s->shorts, e, feed_model, s);
}

static int on_event(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	return thin__feed(s->thin, e, feed_shorts, s);
}

/* What need not be held back any more. */
static int let_go(struct session *s, uint64_t until)
{
	int err = thin__pass(s->thin, until, feed_shorts, s);

	return err ? err : shorts__pass(s->shorts, until, feed_model, s);
}

/* An end or exec that took everything with it leaves the model, and the stages before it, without that. */
static int on_incident(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	if (e->kind == EVENT_ENDED)
		decoder__forget(s->decoder, e->pid);
	else if (e->kind == EVENT_EXECED)
		decoder__forget_old(s->decoder, e->pid);
	return filter__feed(s->filter, e, on_event, s);
}

static int pass_incidents(struct session *s, uint64_t until)
{
	return incidents__pass(&s->incidents, until, on_incident, s);
}

static int on_record(void *ctx, const void *record, size_t size)
{
	struct session *s = ctx;
	struct event e;

	if (bounds__reached(&s->bounds, sinks__size(&s->sinks)))
		return -ECANCELED;
	s->records++;
	if (decoder__feed(s->decoder, record, size, &e))
		return 0; /* counted there */
	if (e.kind == EVENT_IGNORE)
		return 0;
	if (budget__is_spent(&s->room.budgets.objects))
		s->error = room__make(&s->room, s->model, s->filter, s->collector, s->recorder, e.ts);
	if (!s->error)
		s->error = pass_incidents(s, e.ts);
	if (!s->error)
		s->error = filter__feed(s->filter, &e, on_event, s);
	return s->error;
}

void session__on_verdict(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	struct session *s = ctx;

	collector__set_verdict(s->collector, key, v, epoch);
}

/* Without memory for it the trace goes on without it. */
void session__on_process_event(void *ctx, enum event_kind what, uint64_t ts, pid_t pid, const char *text)
{
	struct session *s = ctx;

	/* At once: the files of its next program are told of before this is passed on. */
	if (what == EVENT_EXECED)
		decoder__age(s->decoder, (uint32_t)pid);
	if (incidents__add(&s->incidents, what, ts, (uint32_t)pid, text))
		log_verbose("process %d: %s: %s", pid, text, strerror(ENOMEM));
}

void session__on_thread_end(void *ctx, uint64_t ts, pid_t pid, pid_t tid)
{
	struct session *s = ctx;

	if (incidents__add_thread_end(&s->incidents, ts, (uint32_t)pid, (uint32_t)tid))
		log_verbose("thread %d: its end: %s", tid, strerror(ENOMEM));
}

int session__on_file(void *ctx, pid_t pid, uint64_t bias, struct binary *b)
{
	struct session *s = ctx;

	return definitions__add(s->decoder, pid, bias, b);
}

int session__pass_on(struct session *s)
{
	int err = collector__read(s->collector);

	/* What has happened before the last of these records is known before they are passed on. */
	if (!err)
		err = processes__update(s->processes);
	if (!err)
		err = collector__pass(s->collector, on_record, s);
	if (!err)
		err = pass_incidents(s, collector__passed_until(s->collector));
	return err ? err : let_go(s, collector__passed_until(s->collector));
}

int session__pass_last(struct session *s, bool *ret_cut)
{
	int err = collector__stop(s->collector, on_record, s);

	*ret_cut = err == -ECANCELED || s->bounds.too_large;
	if (err == -ECANCELED)
		err = 0;
	if (!err)
		err = pass_incidents(s, UINT64_MAX);
	if (!err && !s->bounds.too_large)
		err = let_go(s, UINT64_MAX);
	return err;
}

uint64_t session__passed_until(const struct session *s)
{
	uint64_t until = collector__passed_until(s->collector);

	return until > s->opts->min_duration ? until - s->opts->min_duration : 0;
}
