/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * triggers: moments that somebody waits for, as text; when one comes, by what happens and by the figures of it
 *(stats.h).
 *
 *	when	:= "exit" | "signal" | "instant" "(" pattern ")" | "slice" "(" pattern ")" op time | check
 *
 *	queue.depth > 1000		each report of an attribute of which that is so, of counters and of objects,
 *	conn.state == "broken"		which may be texts
 *	slice(parse) > 50ms		each slice that lasted so long, when it ends
 *	instant(oom)			each of these; quotes, as in instant("oom"), may be there
 *	exit				the end of each process that is traced
 *	signal				such an end by a signal
 *	silent(heartbeat) > 2s		nothing of that name for so long, once, until something comes again
 *	p99(parse) > 5ms		any check (checks.h): when it becomes so, for all since the beginning
 */
#ifndef VIZTRACE_TRIGGERS_H
#define VIZTRACE_TRIGGERS_H

#include "checks.h"

enum trigger_kind {
	TRIGGER_EXIT,
	TRIGGER_SIGNAL,
	TRIGGER_INSTANT, /* pattern */
	TRIGGER_EACH,    /* check: of each value and duration */
	TRIGGER_FIGURE,  /* check: of all together */
	TRIGGER_SILENT,  /* check: of what was heard last */
};

struct trigger_point {
	char *text;
	enum trigger_kind kind;
	struct check check;
	uint64_t fired;    /* how often */
	uint64_t fired_at; /* ns since the trace began, the last time */
	bool is_so;        /* FIGURE, SILENT: when it was looked at last */
};

/* All zeros is an empty list. */
struct triggers {
	struct trigger_point *list;
	size_t n;
	uint64_t at_most;     /* times that each fires; 0: any number */
	uint64_t again_after; /* ns between two times of one */
};

/* 0, -ENOMEM, or -EINVAL: *ret_what says what is wrong, and *ret_at at which byte. */
int triggers__add(struct triggers *t, const char *text, const char **ret_what, size_t *ret_at);
void triggers__clear(struct triggers *t);

/* Are figures needed for them? And what processes die of? */
bool triggers__need_stats(const struct triggers *t);
bool triggers__need_signals(const struct triggers *t);

/* One fires: `ts` is ns since the trace began. */
typedef void (*trigger_cb)(void *ctx, const struct trigger_point *trigger, uint64_t ts);

struct triggers_watch {
	const struct triggers *triggers;
	trigger_cb fired;
	void *ctx;
	struct stats_watch watch;
	const struct stats_watch *next; /* who watched before; or NULL */
};

/* To be called before anything is told to `s`, or NULL if no figures are needed; `w`, with what is set above, lives as
 * long. */
void triggers__watch(struct triggers_watch *w, struct stats *s);

/* `t`, which is watched, becomes `other` at `ts`, and `other` what `t` was. What is in both goes on: how often it has
 * fired, and when. `s` as above. */
void triggers__replace(struct triggers *t, struct triggers *other, uint64_t ts, struct stats *s);

/* That has happened. */
void triggers__instant(struct triggers_watch *w, uint64_t ts, const char *name);
void triggers__exit(struct triggers_watch *w, uint64_t ts);
void triggers__signal(struct triggers_watch *w, uint64_t ts);

/* Now and then, when all before `ts` has been told: the figures are looked at. */
void triggers__look(struct triggers_watch *w, uint64_t ts, const struct stats *s, const struct answers_run *run);

#endif
