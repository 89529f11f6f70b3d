// SPDX-License-Identifier: BSD-2-Clause
/* session: see session.h. */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "collect/machine.h"
#include "collecting.h"
#include "common/log.h"
#include "metadata.h"
#include "outputs.h"
#include "session_parts.h"
#include "show.h"
#include "summary.h"

#define MS 1000000ull
#define POLL_BUSY_MS 1 /* a ring of the default size holds several times what fits into this at full speed */
#define POLL_IDLE_MS 5
#define STATUS_MS 500
#define ACCOUNT_MS 10000 /* so that loss can be seen while it happens */
#define FLUSH_MS 1000    /* what a kill -9 of the tool may cost */

/* All that needs no file: a target that cannot be attached to leaves none behind, and none replaced. */
static enum exit_code prepare(struct session *s)
{
	int err = decoder__new(&s->decoder);

	if (!err)
		err = filter__new(&s->filter, &s->opts->rules, session__on_verdict, s);
	if (!err)
		err = thin__new(&s->thin, s->opts->every, s->opts->period);
	if (!err)
		err = shorts__new(&s->shorts, s->opts->min_duration);
	if (err) {
		log_error("cannot begin to trace: %s", strerror(-err));
		return EXIT_INTERNAL;
	}
	room__limit(&s->room, s->opts->memory - collector__limit(s->collector, s->opts->memory));
	decoder__set_budget(s->decoder, &s->room.budgets.kept);
	filter__set_budget(s->filter, &s->room.budgets.objects);
	decoder__include_all(s->decoder, s->opts->rules.include_all);
	collector__set_epoch(s->collector, filter__epoch(s->filter), filter__slices_epoch(s->filter));
	host__read(&s->report.host);
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
	start = (struct trace_start){ s->report.start, s->report.start_boot, s->report.start_wall, s->report.host };
	err = sinks__begin(&s->sinks, &start);
	if (!err)
		answer__watch(&s->watch, s->opts, &s->sinks);
	if (!err)
		session__watch_triggers(s);
	if (!err)
		err = model__new(&s->model, &sinks_ops, &s->sinks, s->report.start);
	if (!err && s->opts->max_depth)
		model__limit_depth(s->model, s->opts->max_depth);
	if (!err)
		model__set_budgets(s->model, &s->room.budgets);
	if (!err)
		err = model__process_name(s->model, (uint32_t)(n ? first->pid : getpid()),
					  n ? first->comm : "viztrace-bpf");
	if (!err && opts__keep(s->opts))
		err = recorder__new(&s->recorder, &(struct recorder_options){
							  .opts = s->opts,
							  .processes = s->processes,
							  .start = s->report.start,
							  .pid = n ? first->pid : getpid(),
							  .comm = n ? first->comm : "viztrace-bpf",
							  .argc = s->argc,
							  .argv = s->argv,
						  });
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
			s->recorder ? recorder__bytes(s->recorder) : sinks__size(&s->sinks));
	*last_time = now;
	*last_events = events;
}

static struct report_sources sources_of(const struct session *s)
{
	return (struct report_sources){
		.collector = s->collector,
		.decoder = s->decoder,
		.filter = s->filter,
		.thin = s->thin,
		.shorts = s->shorts,
		.model = s->model,
		.processes = s->processes,
		.sinks = &s->sinks,
	};
}

static void account(struct session *s, uint64_t now)
{
	const struct report_sources sources = sources_of(s);
	struct trace_account a;

	report__account(&a, &sources);
	s->error = sinks__account(&s->sinks, now - s->report.start, &a);
	outputs__tell_failures(&s->sinks);
}

/* What is done now and then: all times on the events' clock. */
struct timing {
	uint64_t status, flush, account;
	uint64_t status_events; /* written by then */
};

/* 0 or -errno: the output failed. */
static int tend(struct session *s, uint64_t now, struct timing *t)
{
	if (!s->size_warned && sinks__size(&s->sinks) >= MAX_SIZE_WARN) {
		log_warn("the trace is above 256 MB, where viewers in a browser begin to fail; see --max-size");
		s->size_warned = true;
	}
	session__let_go(s, now);
	if (s->signals->reload)
		session__reload(s);
	s->error = session__tend_recorder(s, now);
	if (s->error)
		return s->error;
	if (!s->top && now - t->status >= STATUS_MS * MS)
		show_status(s, now, &t->status, &t->status_events);
	if (now - t->flush >= FLUSH_MS * MS) {
		s->error = sinks__flush(&s->sinks);
		outputs__tell_failures(&s->sinks);
		t->flush = now;
	}
	if (!s->error && now - t->account >= ACCOUNT_MS * MS && sinks__take_accounts(&s->sinks)) {
		account(s, now);
		t->account = now;
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
		top__refused(s->top, session__change_filter(s, &request));
		control_request__clear(&request);
	}
	return wish != TOP_END;
}

/* Collect until something ends it; says what. */
static const char *collect(struct session *s)
{
	const struct opts *o = s->opts;
	uint64_t start = collector__now(), now = start;
	uint64_t end = o->duration > 0 ? start + (uint64_t)(o->duration * 1e9) : UINT64_MAX;
	struct timing timing = { start, start, start, 0 };
	struct pollfd fds[3 + PROCESSES_FDS];
	const char *ended;

	bounds__init(&s->bounds, &s->signals->stop, end, o->max_size);
	while (!bounds__reached(&s->bounds, sinks__size(&s->sinks))) {
		uint64_t before = s->records;
		int timeout = POLL_IDLE_MS;

		s->error = session__pass_on(s);
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
		fds[2] = (struct pollfd){ .fd = recorder__fd(s->recorder), .events = POLLIN };
		if (poll(fds, 3 + processes__poll_fds(s->processes, fds + 3), timeout) > 0 && fds[0].revents)
			session__answer_control(s);
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
static int finish(struct session *s)
{
	struct metadata_sources sources;
	struct report_sources from;
	struct json metadata;
	int err = s->error, failed;
	bool cut = s->bounds.too_large;

	collector__halt(s->collector);
	/* What is open ends then, and not when we are rid of it. */
	s->report.end = s->end ? s->end : collector__now();
	/* Who came while we were told to end is in the records, too. */
	if (!err)
		err = processes__update(s->processes);
	processes__detach_begins(s->processes);
	bounds__last_pass(&s->bounds, collector__now());
	if (!err)
		err = session__pass_last(s, &cut);
	session__end_recorder(s);
	if (!err)
		err = model__finish_within(s->model, s->report.end, leave_open, s);
	from = sources_of(s);
	from.failed = s->error != 0;
	from.cut = cut;
	report__close(&s->report, &from);
	if (!err)
		err = answer__each_mark(s->opts, &s->sinks, &s->report, mark_end, s);
	json__init(&metadata);
	metadata__find_sources(&sources, s->processes);
	metadata__write(&metadata, &s->report, &sources, s->argc, s->argv);
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
	const struct processes_ops ops = { .on_event = session__on_process_event,
					   .on_signal = session__on_signal,
					   .on_thread_end = session__on_thread_end,
					   .on_file = session__on_file,
					   .ctx = s };
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
		code = collecting__open(&s->collector, s->opts, processes__are_several(s->processes),
					processes__no_batches(s->processes));
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
	if (!code && s->opts->argv && s->signals->stop) {
		log_error("interrupted before %s was started", s->opts->argv[0]);
		return (enum exit_code)(128 + s->signals->stop);
	}
	if (!code && s->opts->argv)
		code = processes__start_command(s->processes);
	return code ? code : open_outputs(s);
}

static enum exit_code run(struct session *s)
{
	enum exit_code code = begin(s), answered;
	int err;

	if (code)
		return code;
	session__open_control(s);
	summary__begin(s->opts, s->processes, s->control_pid);
	if (s->opts->command == COMMAND_TOP)
		code = open_top(s);
	if (code)
		return code;
	session__notify("READY=1");
	s->report.why = collect(s);
	session__notify("STOPPING=1");
	close_top(s);
	log_status(NULL);
	err = finish(s);
	outputs__tell_failures(&s->sinks);
	if (err && !sinks__failed(&s->sinks))
		log_error("tracing ended early: %s; what was seen before is written", strerror(-err));
	summary__print(&s->report, &s->sinks, collector__ring_size(s->collector), s->opts->memory);
	recorder__tell(s->recorder);
	if (s->opts->open)
		s->shown = outputs__file(&s->sinks);
	rules__unmatched(filter__rules(s->filter), on_unmatched);
	if (!err)
		summary__explain_nothing(&s->report, s->processes, s->opts->program);
	answered = answer__tell(s->opts, &s->sinks, &s->report);
	if (err)
		return err != -ENOMEM && sinks__failed(&s->sinks) ? EXIT_OUTPUT : EXIT_INTERNAL;
	if (recorder__lacks_pieces(s->recorder))
		return EXIT_OUTPUT;
	/* Who asked for a size asked to leave out the rest. */
	if (s->opts->fail_on_loss &&
	    s->report.total.lost + recorder__unkept(s->recorder) > (s->bounds.too_large ? s->report.unread : 0))
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
	recorder__free(s->recorder);
	decoder__free(s->decoder);
	filter__free(s->filter);
	thin__free(s->thin);
	shorts__free(s->shorts);
	incidents__clear(&s->incidents);
}

enum exit_code session__run(struct opts *o, int argc, char **argv, struct session_signals *signals)
{
	struct session s = { .opts = o, .argc = argc, .argv = argv, .signals = signals };
	enum exit_code code = run(&s);
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
