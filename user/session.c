// SPDX-License-Identifier: BSD-2-Clause
/* session: see session.h. */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "attach/processes.h"
#include "collect/collect.h"
#include "collect/incidents.h"
#include "collect/machine.h"
#include "collecting.h"
#include "common/log.h"
#include "control.h"
#include "bounds.h"
#include "decode/decode.h"
#include "decode/filter.h"
#include "decode/shorts.h"
#include "definitions.h"
#include "metadata.h"
#include "model/model.h"
#include "outputs.h"
#include "report.h"
#include "room.h"
#include "show.h"
#include "summary.h"
#include "top.h"
#include "write/sinks.h"

#define MS 1000000ull
#define POLL_BUSY_MS 1 /* a ring of the default size holds several times what fits into this at full speed */
#define POLL_IDLE_MS 5
#define STATUS_MS 500
#define FLUSH_MS 1000 /* what a kill -9 of the tool may cost */

struct session {
	const struct opts *opts;
	struct processes *processes;
	struct collector *collector;
	struct decoder *decoder;
	struct filter *filter;
	struct shorts *shorts;
	struct room room;
	struct control *control; /* NULL: nobody can change the filters */
	pid_t control_pid;       /* by which `ctl` finds us */
	struct incidents incidents;
	struct model *model;
	struct sinks sinks;
	struct bounds bounds;
	bool is_open; /* the trace is there, or cannot be */
	uint64_t records;
	uint64_t end; /* of the trace, if it was not when we noticed; events' clock */
	int error;    /* the first one */
	bool size_warned;
	struct answer_watch watch;
	char *shown;     /* what --open opens in the end, or NULL */
	struct top *top; /* NULL: nobody looks */
	struct report report;
};

static int feed_model(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	return model__feed(s->model, e);
}

static int on_event(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	return shorts__feed(s->shorts, e, feed_model, s);
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
		room__make(&s->room, s->model, s->filter, s->collector, e.ts);
	s->error = pass_incidents(s, e.ts);
	if (!s->error)
		s->error = filter__feed(s->filter, &e, on_event, s);
	return s->error;
}

static void on_verdict(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	struct session *s = ctx;

	collector__set_verdict(s->collector, key, v, epoch);
}

/* Without memory for it the trace goes on without it. */
static void on_process_event(void *ctx, enum event_kind what, uint64_t ts, pid_t pid, const char *text)
{
	struct session *s = ctx;

	/* At once: the files of its next program are told of before this is passed on. */
	if (what == EVENT_EXECED)
		decoder__age(s->decoder, (uint32_t)pid);
	if (incidents__add(&s->incidents, what, ts, (uint32_t)pid, text))
		log_verbose("process %d: %s: %s", pid, text, strerror(ENOMEM));
}

static void on_thread_end(void *ctx, uint64_t ts, pid_t pid, pid_t tid)
{
	struct session *s = ctx;

	if (incidents__add_thread_end(&s->incidents, ts, (uint32_t)pid, (uint32_t)tid))
		log_verbose("thread %d: its end: %s", tid, strerror(ENOMEM));
}

static int on_file(void *ctx, pid_t pid, uint64_t bias, struct binary *b)
{
	struct session *s = ctx;

	return definitions__add(s->decoder, pid, bias, b);
}

/* All that needs no file: a target that cannot be attached to leaves none behind, and none replaced. */
static enum exit_code prepare(struct session *s)
{
	int err = decoder__new(&s->decoder);

	if (!err)
		err = filter__new(&s->filter, &s->opts->rules, on_verdict, s);
	if (!err)
		err = shorts__new(&s->shorts, s->opts->min_duration);
	if (err) {
		log_error("cannot begin to trace: %s", strerror(-err));
		return EXIT_INTERNAL;
	}
	room__limit(&s->room, s->opts->memory);
	decoder__set_budget(s->decoder, &s->room.budgets.kept);
	filter__set_budget(s->filter, &s->room.budgets.objects);
	decoder__include_all(s->decoder, s->opts->rules.include_all);
	collector__set_epoch(s->collector, filter__epoch(s->filter));
	s->report.start = collector__now();
	s->report.start_wall = machine__kernel_time(CLOCK_REALTIME);
	s->report.start_boot = machine__kernel_time(CLOCK_BOOTTIME);
	return EXIT_TRACED;
}

static enum exit_code open_outputs(struct session *s)
{
	size_t n;
	const struct process_description *first = processes__described(s->processes, &n);
	enum exit_code code = EXIT_TRACED;
	struct trace_start start;
	int err;

	s->is_open = true;
	if (!s->sinks.n)
		code = outputs__name(&s->sinks, s->opts, n ? first->pid : getpid());
	if (!code)
		code = outputs__open(&s->sinks, false);
	if (code)
		return code;
	start = (struct trace_start){ s->report.start, s->report.start_boot, s->report.start_wall };
	err = sinks__begin(&s->sinks, &start);
	if (!err)
		answer__watch(&s->watch, s->opts, &s->sinks);
	if (!err)
		err = model__new(&s->model, &sinks_ops, &s->sinks, s->report.start);
	if (!err && s->opts->max_depth)
		model__limit_depth(s->model, s->opts->max_depth);
	if (!err)
		model__set_budgets(s->model, &s->room.budgets);
	if (!err)
		err = model__process_name(s->model, (uint32_t)(n ? first->pid : getpid()),
					  n ? first->comm : "viztrace-bpf");
	/* From here on what is on disk can be loaded. */
	if (!err)
		err = sinks__flush(&s->sinks);
	outputs__tell_failures(&s->sinks);
	return !err ? EXIT_TRACED : err == -ENOMEM ? EXIT_INTERNAL : EXIT_OUTPUT;
}

static void show_status(struct session *s, uint64_t now, uint64_t *last_time, uint64_t *last_events)
{
	uint64_t events = report__written(s->model);
	double rate = (double)(events - *last_events) * 1e9 / (double)(now - *last_time + 1);

	summary__status((double)(now - s->report.start) / 1e9, events, rate, report__lost(s->collector),
			sinks__size(&s->sinks));
	*last_time = now;
	*last_events = events;
}

/* In force when it returns: at the next write of every thread. */
static int change_filter(struct session *s, const struct control_request *request)
{
	struct rules rules = { 0 };
	char *text;
	int err = request->clear ? 0 : rules__copy(&rules, filter__rules(s->filter));
	uint64_t now;

	if (!err)
		err = rules__add(&rules, &request->rules);
	/* What nobody wanted so far may not be attached yet. */
	if (!err)
		err = processes__attach_kinds(s->processes, filter__probes(&rules));
	now = collector__now();
	if (!err)
		err = filter__change(s->filter, &rules, now);
	if (!err) {
		collector__set_epoch(s->collector, filter__epoch(s->filter));
		decoder__include_all(s->decoder, rules.include_all);
		top__filtered(s->top, &rules);
		log_verbose("filters: %s", request->text);
		if (asprintf(&text, "viztrace-bpf ctl %s", request->text) >= 0) {
			on_process_event(s, EVENT_NOTE, now, s->control_pid, text);
			free(text);
		}
	}
	rules__clear(&rules);
	return err;
}

static void answer_control(struct session *s)
{
	struct control_request request;
	char *answer = NULL;
	int peer, err = 0;

	if (control__receive(s->control, &request, &peer))
		return;
	if (request.clear || !rules__are_empty(&request.rules))
		err = change_filter(s, &request);
	if (!err)
		answer = control__describe(filter__rules(s->filter));
	else if (asprintf(&answer, "error: %s", strerror(-err)) < 0)
		answer = NULL;
	control__answer(peer, answer ? answer : "error: out of memory");
	free(answer);
	control_request__clear(&request);
}

static void open_control(struct session *s)
{
	size_t n;
	const struct process_description *first = processes__described(s->processes, &n);
	int err;

	s->control_pid = n ? first->pid : getpid();
	err = control__open(&s->control, s->control_pid);
	if (err)
		log_verbose("no ctl for this trace: %s", strerror(-err));
}

/* What is there by now, up to the model. -ECANCELED: a bound was reached. */
static int pass_on(struct session *s)
{
	int err = collector__read(s->collector);

	/* What has happened before the last of these records is known before they are passed on. */
	if (!err)
		err = processes__update(s->processes);
	if (!err)
		err = collector__pass(s->collector, on_record, s);
	if (!err)
		err = pass_incidents(s, collector__passed_until(s->collector));
	return err ? err : shorts__pass(s->shorts, collector__passed_until(s->collector), feed_model, s);
}

/* What is done now and then: all times on the events' clock. */
struct timing {
	uint64_t status, flush;
	uint64_t status_events; /* written by then */
};

/* 0 or -errno: the output failed. */
static int tend(struct session *s, uint64_t now, struct timing *t)
{
	if (!s->size_warned && sinks__size(&s->sinks) >= MAX_SIZE_WARN) {
		log_warn("the trace is above 256 MB, where viewers in a browser begin to fail; see --max-size");
		s->size_warned = true;
	}
	if (!s->top && now - t->status >= STATUS_MS * MS)
		show_status(s, now, &t->status, &t->status_events);
	if (now - t->flush >= FLUSH_MS * MS) {
		s->error = sinks__flush(&s->sinks);
		outputs__tell_failures(&s->sinks);
		t->flush = now;
	}
	return s->error;
}

/* For who looks: what is there now, and what they want. False: no more. */
static bool show_top(struct session *s, uint64_t now)
{
	const struct top_books books = { now, report__written(s->model), report__lost(s->collector) };
	struct control_request request;
	enum top_wish wish = top__update(s->top, &books, &request);

	if (wish == TOP_CHANGE) {
		top__refused(s->top, change_filter(s, &request));
		control_request__clear(&request);
	}
	return wish != TOP_END;
}

/* Collect until something ends it; says what. */
static const char *collect(struct session *s, const volatile sig_atomic_t *stop)
{
	const struct opts *o = s->opts;
	uint64_t start = collector__now(), now = start;
	uint64_t end = o->duration > 0 ? start + (uint64_t)(o->duration * 1e9) : UINT64_MAX;
	struct timing timing = { start, start, 0 };
	struct pollfd fds[2 + PROCESSES_FDS];
	const char *ended;

	bounds__init(&s->bounds, stop, end, o->max_size);
	while (!bounds__reached(&s->bounds, sinks__size(&s->sinks))) {
		uint64_t before = s->records;
		int timeout = POLL_IDLE_MS;

		s->error = pass_on(s);
		if (s->error == -ECANCELED) {
			s->error = 0;
			break;
		}
		if (s->error)
			return "an error";
		ended = processes__ended(s->processes);
		if (ended) {
			s->end = processes__end_time(s->processes);
			return ended;
		}
		if (s->records != before)
			timeout = POLL_BUSY_MS;
		if (collector__has_more(s->collector))
			timeout = 0;
		now = collector__now();
		if (now >= end) {
			bounds__end(&s->bounds);
			break;
		}
		if (tend(s, now, &timing))
			return "an error";
		if (s->top && !show_top(s, now))
			return "quit";
		if (end - now < (uint64_t)timeout * MS)
			timeout = 1;
		fds[0] = (struct pollfd){ .fd = s->control ? control__fd(s->control) : -1, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = top__fd(s->top), .events = POLLIN };
		if (poll(fds, 2 + processes__poll_fds(s->processes, fds + 2), timeout) > 0 && fds[0].revents)
			answer_control(s);
	}
	if (s->bounds.in_time)
		s->end = end;
	return s->bounds.why;
}

static bool leave_open(void *ctx)
{
	struct session *s = ctx;

	return bounds__leave_open(&s->bounds, sinks__size(&s->sinks));
}

static int mark_end(void *ctx, const char *text)
{
	struct session *s = ctx;

	return model__note_at_end(s->model, s->report.end, (uint32_t)s->control_pid, text);
}

static enum exit_code open_top(struct session *s)
{
	char what[PATH_MAX + 64];

	summary__what(what, sizeof(what), s->opts, s->processes, s->control_pid);
	return top__open(&s->top, s->opts, live__of(&s->sinks), what, s->report.start);
}

/* Before anything else is said: the terminal is everybody's again. */
static void close_top(struct session *s)
{
	const struct top_books books = { collector__now(), report__written(s->model), report__lost(s->collector) };

	top__close(s->top, &books);
}

/* The rest of the records, the end of the trace, its metadata. */
static int finish(struct session *s, int argc, char **argv)
{
	struct metadata_sources sources = { 0 };
	const struct binary *file = NULL;
	struct json metadata;
	int err = s->error, failed;
	bool cut;

	collector__halt(s->collector);
	/* What is open ends then, and not when we are rid of it. */
	s->report.end = s->end ? s->end : collector__now();
	/* Who came while we were told to end is in the records, too. */
	if (!err)
		err = processes__update(s->processes);
	processes__detach_begins(s->processes);
	bounds__last_pass(&s->bounds, collector__now());
	if (!err)
		err = collector__stop(s->collector, on_record, s);
	cut = err == -ECANCELED || s->bounds.too_large;
	if (err == -ECANCELED)
		err = 0;
	if (!err)
		err = pass_incidents(s, UINT64_MAX);
	if (!err && !s->bounds.too_large)
		err = shorts__pass(s->shorts, UINT64_MAX, feed_model, s);
	if (!err)
		err = model__finish_within(s->model, s->report.end, leave_open, s);
	report__close(&s->report, &(struct report_sources){
					  .collector = s->collector,
					  .decoder = s->decoder,
					  .filter = s->filter,
					  .shorts = s->shorts,
					  .model = s->model,
					  .processes = s->processes,
					  .sinks = &s->sinks,
					  .failed = s->error != 0,
					  .cut = cut,
				  });
	if (!err)
		err = answer__each_mark(s->opts, &s->sinks, &s->report, mark_end, s);
	json__init(&metadata);
	sources.processes = processes__described(s->processes, &sources.n_processes);
	while (sources.n_files < METADATA_FILES && (file = processes__next_file(s->processes, file)))
		sources.files[sources.n_files++] = file;
	sources.silent = processes__silent(s->processes, &sources.n_silent);
	metadata__write(&metadata, &s->report, &sources, argc, argv);
	/* Whatever else went wrong, the files are to be whole. */
	failed = metadata.error;
	if (!failed)
		failed = sinks__finish(&s->sinks, metadata.data, metadata.size);
	if (!err)
		err = failed;
	json__free(&metadata);
	return err;
}

static void on_unmatched(const char *option, const char *pattern)
{
	log_warn("%s %s matched nothing", option, pattern);
}

/* All up to the point from where there is a trace. */
static enum exit_code begin(struct session *s)
{
	const struct processes_ops ops = {
		.on_event = on_process_event, .on_thread_end = on_thread_end, .on_file = on_file, .ctx = s
	};
	const struct processes_options which = {
		.pids = s->opts->pids,
		.n_pids = s->opts->n_pids,
		.program = s->opts->program,
		.argv = s->opts->argv,
		.user = s->opts->user,
		.follow = s->opts->follow,
		.no_wait = s->opts->no_wait,
		.apart = top__draws(s->opts),
		.site = s->opts->site,
	};
	enum exit_code code = processes__new(&s->processes, &which, &ops);

	if (!code)
		code = collecting__open(&s->collector, s->opts, processes__are_several(s->processes));
	/* What may take forever comes before the target notices anything of us. */
	if (!code && s->opts->outputs[0].path)
		code = outputs__name(&s->sinks, s->opts, 0);
	if (!code)
		code = outputs__open(&s->sinks, true);
	if (!code)
		code = prepare(s);
	if (!code)
		code = processes__attach(s->processes, s->collector, filter__probes(&s->opts->rules));
	if (!code && s->opts->argv)
		code = processes__fork_command(s->processes);
	if (!code && s->opts->argv)
		code = processes__start_command(s->processes);
	return code ? code : open_outputs(s);
}

static enum exit_code run(struct session *s, int argc, char **argv, const volatile sig_atomic_t *stop)
{
	enum exit_code code = begin(s), answered;
	int err;

	if (code)
		return code;
	open_control(s);
	summary__begin(s->opts, s->processes, s->control_pid);
	if (s->opts->command == COMMAND_TOP)
		code = open_top(s);
	if (code)
		return code;
	s->report.why = collect(s, stop);
	close_top(s);
	log_status(NULL);
	err = finish(s, argc, argv);
	outputs__tell_failures(&s->sinks);
	if (err && !sinks__failed(&s->sinks))
		log_error("tracing ended early: %s; what was seen before is written", strerror(-err));
	summary__print(&s->report, &s->sinks, collector__ring_size(s->collector), s->opts->memory);
	if (s->opts->open)
		s->shown = outputs__file(&s->sinks);
	rules__unmatched(filter__rules(s->filter), on_unmatched);
	if (!err)
		summary__explain_nothing(&s->report, s->processes, s->opts->program);
	answered = answer__tell(s->opts, &s->sinks, &s->report);
	if (err)
		return err != -ENOMEM && sinks__failed(&s->sinks) ? EXIT_OUTPUT : EXIT_INTERNAL;
	/* Who asked for a size asked to leave out the rest. */
	if (s->opts->fail_on_loss && s->report.total.lost > (s->bounds.too_large ? s->report.unread : 0))
		return EXIT_LOST;
	if (s->opts->argv && !processes__stats(s->processes)->probes && processes__were_spared(s->processes))
		return EXIT_HARM;
	if (s->opts->argv && !processes__stats(s->processes)->probes) {
		log_error("%s: no process had viz probes; build it with viztrace.h and VIZ_PROBE_* macros%s",
			  s->opts->argv[0], s->opts->follow ? "" : "; -f follows children");
		return EXIT_NO_PROBES;
	}
	return answered;
}

static void free_stages(struct session *s)
{
	model__free(s->model);
	decoder__free(s->decoder);
	filter__free(s->filter);
	shorts__free(s->shorts);
	incidents__clear(&s->incidents);
}

enum exit_code session__run(const struct opts *o, int argc, char **argv, const volatile sig_atomic_t *stop)
{
	struct session s = { .opts = o };
	enum exit_code code = run(&s, argc, argv, stop);
	int status;

	/* The file is whole by now; detaching takes a while. */
	top__free(s.top);
	sinks__free_writers(&s.sinks);
	control__free(s.control);
	if (s.processes)
		processes__detach_begins(s.processes);
	collector__free(s.collector);
	if (s.processes)
		processes__detached(s.processes);
	/* Takes a while if a large file was replaced: the target is rid of its probes by now. */
	sinks__free(&s.sinks);
	/* What we started is waited for: its status is ours, unless we have something to say that it cannot. */
	if (s.processes && s.is_open && processes__command_status(s.processes, &status) && status &&
	    (!code || code == EXIT_NO_PROBES || code == EXIT_HARM))
		code = (enum exit_code)status;
	processes__free(s.processes);
	/* Who has told us to end waits: what a million objects take goes with the process, at once. */
	if (!s.bounds.why)
		free_stages(&s);
	if (s.shown)
		show__for_caller(s.shown);
	free(s.shown);
	return code;
}
