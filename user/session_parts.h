/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session_parts: what session.c, session_stream.c and session_control.c, which are one, have in common. Nobody else
 * includes this.
 */
#ifndef VIZTRACE_SESSION_PARTS_H
#define VIZTRACE_SESSION_PARTS_H

#include "answer.h"
#include "attach/processes.h"
#include "bounds.h"
#include "collect/collect.h"
#include "collect/incidents.h"
#include "control.h"
#include "decode/decode.h"
#include "decode/filter.h"
#include "decode/shorts.h"
#include "decode/thin.h"
#include "model/model.h"
#include "opts.h"
#include "recorder.h"
#include "report.h"
#include "room.h"
#include "session.h"
#include "top.h"
#include "write/sinks.h"

struct session {
	struct opts *opts; /* a reload changes what --when is about */
	int argc;
	char **argv;
	struct session_signals *signals;
	struct processes *processes;
	struct collector *collector;
	struct decoder *decoder;
	struct filter *filter;
	struct thin *thin;
	struct shorts *shorts;
	struct room room;
	struct control *control; /* NULL: nobody can change the filters */
	pid_t control_pid;       /* by which `ctl` finds us */
	uint32_t leaving;        /* kinds of probes (bit: enum probe) that are attached to, and nobody wants any more */
	uint64_t filtered_since; /* ns, the events' clock: when that was so */
	struct incidents incidents;
	struct model *model;
	struct recorder *recorder; /* NULL: nothing is kept */
	struct triggers_watch triggers;
	uint64_t looked_at; /* the triggers at the figures, last */
	struct sinks sinks;
	struct bounds bounds;
	bool is_open; /* the trace is there, or cannot be */
	uint64_t records;
	uint64_t losses_at; /* the recorder was told of them last */
	uint64_t end;       /* of the trace, if it was not when we noticed; events' clock */
	int error;          /* the first one */
	bool size_warned;
	struct answer_watch watch;
	char *shown;     /* what --open opens in the end, or NULL */
	struct top *top; /* NULL: nobody looks */
	struct report report;
};

/* ---- session_stream.c: from records to the model ---- */

void session__on_verdict(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch);
void session__on_process_event(void *ctx, enum event_kind what, uint64_t ts, pid_t pid, const char *text);
void session__on_signal(void *ctx, uint64_t ts, pid_t pid, int signal);
void session__on_thread_end(void *ctx, uint64_t ts, pid_t pid, pid_t tid);
int session__on_file(void *ctx, pid_t pid, uint64_t bias, struct binary *b);

/* What is there by now, up to the model. -ECANCELED: a bound was reached. */
int session__pass_on(struct session *s);

/* What is older than that has come to the model. */
uint64_t session__passed_until(const struct session *s);

/* The rest, when nothing is recorded any more. *ret_cut: a bound has left out some of it. */
int session__pass_last(struct session *s, bool *ret_cut);

/* ---- session_control.c: what is asked for while it runs ---- */

void session__open_control(struct session *s);
void session__answer_control(struct session *s);

/* What `ctl`, or who looks, wants. In force when it returns: at the next write of every thread. */
int session__change_filter(struct session *s, const struct control_request *request);

/* These instead of those before, since s->filtered_since. 0 or -errno: those before are in force. */
int session__set_rules(struct session *s, const struct rules *rules);

/* Let go of the probes that this leaves nobody, once nothing of theirs is open. */
void session__let_go(struct session *s, uint64_t now);

/* What is kept: what is too old goes, and what SIGUSR1 asks for is written. 0 or -errno. */
int session__tend_recorder(struct session *s, uint64_t now);

/* All has come to the model: what is wanted still is written. */
void session__end_recorder(struct session *s);

/* After sinks__begin(): what --when waits for is waited for. */
void session__watch_triggers(struct session *s);

/* That is about to come to the model. */
void session__look_at_event(struct session *s, const struct event *e);

/* ---- session_reload.c ---- */

/* To the service manager. */
void session__notify(const char *state);

/* --config: filters and triggers are those that its file says now, and the command line still. Whatever is wrong: all
 * is as before, and that is said. */
void session__reload(struct session *s);

#endif
