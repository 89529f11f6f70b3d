// SPDX-License-Identifier: BSD-2-Clause
/* session_control: what `ctl`, and who looks, ask for while a session runs; see session_parts.h. */
#define _GNU_SOURCE
#include "session_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define ENDING (1u << EVENT_PROBE_EXIT | 1u << EVENT_PROBE_ASYNC) /* what has begun is to have its end */
#define READ_NS \
	2000000000u /* in that time all is read that happened before: a ring that is late is waited for a second */

int session__change_filter(struct session *s, const struct control_request *request)
{
	struct rules rules = { 0 };
	char *text;
	int err = request->clear ? 0 : rules__copy(&rules, filter__rules(s->filter));
	uint32_t wanted;
	uint64_t now;

	if (!err)
		err = rules__add(&rules, &request->rules);
	wanted = err ? 0 : filter__probes(&rules);
	/* What nobody wanted so far may not be attached yet. */
	if (!err)
		err = processes__attach_kinds(s->processes, wanted);
	now = collector__now();
	if (!err)
		err = filter__change(s->filter, &rules, now);
	if (!err) {
		collector__set_epoch(s->collector, filter__epoch(s->filter));
		decoder__include_all(s->decoder, rules.include_all);
		top__filtered(s->top, &rules);
		s->leaving = processes__kinds(s->processes) & ~wanted;
		s->filtered_since = now;
		log_verbose("filters: %s", request->text);
		if (asprintf(&text, "viztrace-bpf ctl %s", request->text) >= 0) {
			session__on_process_event(s, EVENT_NOTE, now, s->control_pid, text);
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

void session__answer_control(struct session *s)
{
	struct control_request request;
	char *answer = NULL;
	int peer, err = 0;

	if (control__receive(s->control, &request, &peer))
		return;
	if (request.clear || !rules__are_empty(&request.rules))
		err = session__change_filter(s, &request);
	if (!err)
		answer = control__describe(filter__rules(s->filter));
	else if (asprintf(&answer, "error: %s", strerror(-err)) < 0)
		answer = NULL;
	control__answer(peer, answer ? answer : "error: out of memory");
	free(answer);
	control_request__clear(&request);
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
