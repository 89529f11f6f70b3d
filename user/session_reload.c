// SPDX-License-Identifier: BSD-2-Clause
/*
 * session_reload: SIGHUP; see session_parts.h. The whole command line is read once more, with what its file says by
 * now, and of that the filters and triggers are taken.
 */
#define _GNU_SOURCE
#include "session_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answers/answers.h"
#include "common/log.h"
#include "notify.h"
#include "opts_config.h"

void session__notify(const char *state)
{
	int err = notify__send(state);

	if (err)
		log_verbose("$NOTIFY_SOCKET: %s", strerror(-err));
}

static void notify_reloading(void)
{
	char state[64];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	session__notify(state);
}

/* Those of `ctl` go as well: the file is what holds. 0 or -errno. */
static int take_rules(struct session *s, const struct rules *rules)
{
	char *before = control__describe(filter__rules(s->filter)), *text = control__describe(rules), *note;
	int err = before && text ? 0 : -ENOMEM;

	if (!err && strcmp(before, text) != 0) {
		err = session__set_rules(s, rules);
		if (!err && asprintf(&note, "viztrace-bpf reload: %s", *text ? text : "no filters") >= 0) {
			session__on_process_event(s, EVENT_NOTE, s->filtered_since, s->control_pid, note);
			free(note);
		}
	}
	free(before);
	free(text);
	return err;
}

static void take_triggers(struct session *s, struct opts *o)
{
	const uint64_t now = collector__now();

	triggers__replace(&s->opts->triggers, &o->triggers, now - s->report.start, answers__of(&s->sinks));
	s->opts->after = o->after;
	recorder__reloaded(s->recorder);
}

/* 0, or -errno and nothing has changed. */
static int take(struct session *s, struct opts *o)
{
	int err = s->recorder && triggers__need_signals(&o->triggers) ? collector__watch_signals(s->collector) : 0;

	if (!err)
		err = take_rules(s, &o->rules);
	if (!err && s->recorder)
		take_triggers(s, o);
	return err;
}

void session__reload(struct session *s)
{
	char error[1024], names[512];
	struct opts o;
	int err;

	s->signals->reload = 0;
	notify_reloading();
	err = opts__parse(&o, s->argc, s->argv, error, sizeof(error));
	if (err) {
		/* Of several lines the first says what is wrong. */
		error[strcspn(error, "\n")] = 0;
		log_warn("%s; nothing was reloaded, all goes on as before", error);
	} else {
		err = take(s, &o);
		if (err)
			log_warn("%s cannot be reloaded, all goes on as before: %s", o.config.path, strerror(-err));
		else
			log_info("reloaded %s", o.config.path);
		if (!err && opts_config__differ(&s->opts->config, &o.config, names, sizeof(names)))
			log_warn("%s: what has changed of these takes a restart: %s", o.config.path, names);
		opts__clear(&o);
	}
	session__notify("READY=1");
}
