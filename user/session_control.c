// SPDX-License-Identifier: BSD-2-Clause
/* session_control: what `ctl`, and who looks, ask for while a session runs; see session_parts.h. */
#define _GNU_SOURCE
#include "session_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers/answers.h"
#include "common/log.h"

#define ENDING (1u << EVENT_PROBE_EXIT | 1u << EVENT_PROBE_ASYNC) /* what has begun is to have its end */
#define READ_NS \
	2000000000u /* in that time all is read that happened before: a ring that is late is waited for a second */
#define LOOK_NS 100000000u   /* between two looks at the figures that --when is about */
#define LOSSES_NS 500000000u /* between two looks at what the kernel had no room for */

int session__set_rules(struct session *s, const struct rules *rules)
{
	const uint32_t wanted = filter__probes(rules);
	/* What nobody wanted so far may not be attached yet. */
	int err = processes__attach_kinds(s->processes, wanted);
	uint64_t now;

	/* The kernel decides of no slice meanwhile: of one that the new rules let begin the old ones would drop the
	 * end. */
	collector__set_epoch(s->collector, filter__epoch(s->filter), 0);
	now = collector__now();
	if (!err)
		err = filter__change(s->filter, rules, now);
	collector__set_epoch(s->collector, filter__epoch(s->filter), filter__slices_epoch(s->filter));
	if (err)
		return err;
	decoder__include_all(s->decoder, rules->include_all);
	top__filtered(s->top, rules);
	s->leaving = processes__kinds(s->processes) & ~wanted;
	s->filtered_since = now;
	return 0;
}

int session__change_filter(struct session *s, const struct control_request *request)
{
	struct rules rules = { 0 };
	char *text;
	int err = request->clear ? 0 : rules__copy(&rules, filter__rules(s->filter));

	if (!err)
		err = rules__add(&rules, &request->rules);
	if (!err)
		err = session__set_rules(s, &rules);
	if (!err) {
		log_verbose("filters: %s", request->text);
		if (asprintf(&text, "viztrace-bpf ctl %s", request->text) >= 0) {
			session__on_process_event(s, EVENT_NOTE, s->filtered_since, s->control_pid, text);
			free(text);
		}
	}
	rules__clear(&rules);
	return err;
}

void session__let_go(struct session *s, uint64_t now)
{
	uint32_t kinds = s->leaving;

	if (kinds & ENDING && (now < s->filtered_since + READ_NS || model__has_open_slices(s->model)))
		kinds &= ~ENDING;
	if (kinds && processes__detach_kinds(s->processes, kinds) != -EBUSY)
		s->leaving &= ~kinds;
}

static const char *want_dump(struct session *s, const char *name, int peer)
{
	const uint64_t now = collector__now();

	if (!s->recorder)
		return "error: nothing is kept: start the tool with --keep";
	recorder__lose(s->recorder, s->collector, session__passed_until(s));
	if (recorder__want(s->recorder, *name ? name : "ctl", now, now, peer))
		return "error: too many dumps wait to be written already";
	return NULL;
}

void session__answer_control(struct session *s)
{
	struct control_request request;
	const char *refusal;
	char *answer = NULL;
	int peer, err = 0;

	if (control__receive(s->control, &request, &peer))
		return;
	if (request.clear || !rules__are_empty(&request.rules))
		err = session__change_filter(s, &request);
	if (!err && request.dump) {
		refusal = want_dump(s, request.dump, peer);
		if (refusal)
			control__answer(peer, refusal);
		control_request__clear(&request);
		return;
	}
	if (!err)
		answer = control__describe(filter__rules(s->filter));
	else if (asprintf(&answer, "error: %s", strerror(-err)) < 0)
		answer = NULL;
	control__answer(peer, answer ? answer : "error: out of memory");
	free(answer);
	control_request__clear(&request);
}

/* Its dump begins before it, and goes on for a while. */
static void on_trigger(void *ctx, const struct trigger_point *t, uint64_t ts)
{
	struct session *s = ctx;
	const uint64_t at = s->report.start + ts;

	if (recorder__want(s->recorder, t->text, at, at + s->opts->after, -1))
		log_warn("--when %s: too many dumps wait to be written already", t->text);
	else
		log_verbose("--when %s: it is so", t->text);
}

void session__watch_triggers(struct session *s)
{
	s->triggers = (struct triggers_watch){ .triggers = &s->opts->triggers, .fired = on_trigger, .ctx = s };
	triggers__watch(&s->triggers, answers__of(&s->sinks));
}

static uint64_t since_start(const struct session *s, uint64_t ts)
{
	return ts > s->report.start ? ts - s->report.start : 0;
}

void session__look_at_event(struct session *s, const struct event *e)
{
	if (e->kind == EVENT_INSTANT && e->name)
		triggers__instant(&s->triggers, since_start(s, e->ts), e->name);
	else if (e->kind == EVENT_ENDED)
		triggers__exit(&s->triggers, since_start(s, e->ts));
}

/* What is to be dumped for it may not have come yet, and is waited for. */
void session__on_signal(void *ctx, uint64_t ts, pid_t pid, int signal)
{
	struct session *s = ctx;
	char text[128];

	snprintf(text, sizeof(text), "ended by signal %d (%s)", signal, strsignal(signal));
	session__on_process_event(s, EVENT_NOTE, ts, pid, text);
	if (s->recorder)
		triggers__signal(&s->triggers, since_start(s, ts));
}

static void look_at_figures(struct session *s, uint64_t now)
{
	const struct stats *stats = answers__of(&s->sinks);
	struct answers_run run = { .duration = now - s->report.start };

	s->looked_at = now;
	if (!stats || !triggers__need_stats(&s->opts->triggers))
		return;
	run.lost = report__lost(s->collector);
	run.seen = report__written(s->model) + run.lost;
	triggers__look(&s->triggers, since_start(s, session__passed_until(s)), stats, &run);
}

int session__tend_recorder(struct session *s, uint64_t now)
{
	const uint64_t passed = session__passed_until(s);

	if (!s->recorder)
		return 0;
	if (s->signals->dump || now - s->losses_at >= LOSSES_NS) {
		recorder__lose(s->recorder, s->collector, passed);
		s->losses_at = now;
	}
	if (s->signals->dump && recorder__want(s->recorder, "SIGUSR1", now, now, -1))
		log_warn("SIGUSR1: too many dumps wait to be written already");
	s->signals->dump = 0;
	if (now - s->looked_at >= LOOK_NS)
		look_at_figures(s, now);
	return recorder__tend(s->recorder, passed);
}

void session__end_recorder(struct session *s)
{
	const uint64_t end = s->report.end;

	if (!s->recorder)
		return;
	recorder__lose(s->recorder, s->collector, end);
	look_at_figures(s, end);
	/* The last one's end is the end of the trace, and is told by nobody. */
	if (processes__ended(s->processes))
		triggers__exit(&s->triggers, since_start(s, end));
	if (s->signals->dump && recorder__want(s->recorder, "SIGUSR1", end, end, -1))
		log_warn("SIGUSR1: too many dumps wait to be written already");
	recorder__finish(s->recorder, end);
}

void session__open_control(struct session *s)
{
	size_t n;
	const struct process_description *first = processes__described(s->processes, &n);
	int err;

	s->control_pid = n ? first->pid : getpid();
	err = control__open(&s->control, s->control_pid);
	if (err)
		log_verbose("no ctl for this trace: %s", strerror(-err));
}
