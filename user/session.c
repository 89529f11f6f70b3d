// SPDX-License-Identifier: BSD-2-Clause
/* session: see session.h. */
#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collect.h"
#include "control.h"
#include "decode.h"
#include "filter.h"
#include "log.h"
#include "metadata.h"
#include "model.h"
#include "output.h"
#include "summary.h"
#include "target.h"
#include "writer_chrome.h"

#define MS 1000000ull
#define ENOTSUPP 524 /* the kernel's own, which is in no header of user space */
#define POLL_BUSY_MS 1  /* a ring of the default size holds several times what fits into this at full speed */
#define POLL_IDLE_MS 5
#define STATUS_MS 500
#define FLUSH_MS 1000   /* what a kill -9 of the tool may cost */

/* For the timeline, when all that is older has been written. */
struct note {
	struct note *next;
	uint64_t ts;
	char text[];
};

struct session {
	const struct opts *opts;
	struct target *target;
	struct collector *collector;
	struct decoder *decoder;
	struct filter *filter;
	struct control *control; /* NULL: nobody can change the filters */
	struct note *notes;      /* oldest first */
	struct output *output;
	struct writer_chrome *writer;
	struct model *model;
	char *path; /* of the trace, for messages */
	uint64_t records;
	int error;  /* the first one of the output */
	bool size_warned;
	struct session_report report;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int on_event(void *ctx, const struct event *e)
{
	struct session *s = ctx;

	return model__feed(s->model, e);
}

static int write_notes(struct session *s, uint64_t until)
{
	int err = 0;

	while (!err && s->notes && s->notes->ts < until) {
		struct note *n = s->notes;

		err = model__note(s->model, n->ts, (uint32_t)s->target->pid, s->target->comm, n->text);
		s->notes = n->next;
		free(n);
	}
	return err;
}

static int on_record(void *ctx, const void *record, size_t size)
{
	struct session *s = ctx;
	struct event e;

	s->records++;
	if (decoder__feed(s->decoder, record, size, &e))
		return 0; /* counted there */
	if (e.kind == EVENT_IGNORE)
		return 0;
	s->error = s->notes ? write_notes(s, e.ts) : 0;
	if (!s->error)
		s->error = filter__feed(s->filter, &e, on_event, s);
	return s->error;
}

static void on_verdict(void *ctx, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	struct session *s = ctx;

	collector__set_verdict(s->collector, key, v, epoch);
}

static enum exit_code open_collector(struct session *s)
{
	const char *missing = NULL;
	int err = collector__new(&s->collector, s->opts->ring_size, &missing);

	if (err == -EPERM) {
		log_error("no permission to load eBPF programs; use sudo, or give CAP_BPF and CAP_PERFMON");
		return EXIT_PERMISSION;
	}
	if (err == -ENOTSUP) {
		log_error("this kernel does not give us %s; -v says more", missing);
		return EXIT_KERNEL;
	}
	if (err) {
		log_error("cannot set up eBPF: %s", strerror(-err));
		return EXIT_INTERNAL;
	}
	err = collector__choose_site(s->collector, s->opts->site);
	if (err)
		log_verbose("cannot find out which probe site is fast here: %s", strerror(-err));
	return EXIT_TRACED;
}

/* The class descriptors in the files: dicts never come in a record of their own. */
static int add_classes(struct session *s)
{
	for (size_t i = 0; i < s->target->n_files; i++) {
		const struct target_file *f = &s->target->files[i];

		for (size_t j = 0; j < f->elf.n_classes; j++) {
			const struct elf_class *c = &f->elf.classes[j];
			int err = decoder__add_class(s->decoder, (uint32_t)s->target->pid, c->address + f->bias,
						     c->bytes, c->size);

			if (err == -ENOMEM)
				return err;
			if (err)
				log_warn("%s: a class descriptor at 0x%" PRIx64 " is not understood", f->path, c->address);
		}
	}
	return 0;
}

/* All that needs no file: a target that cannot be attached to leaves none behind, and none replaced. */
static enum exit_code prepare(struct session *s)
{
	int err = decoder__new(&s->decoder);

	if (!err)
		err = add_classes(s);
	if (!err)
		err = filter__new(&s->filter, &s->opts->rules, on_verdict, s);
	if (err) {
		log_error("cannot begin to trace: %s", strerror(-err));
		return EXIT_INTERNAL;
	}
	decoder__include_all(s->decoder, s->opts->rules.include_all);
	collector__set_epoch(s->collector, filter__epoch(s->filter));
	s->report.start = collector__now();
	s->report.start_wall = clock_ns(CLOCK_REALTIME);
	s->report.start_boot = clock_ns(CLOCK_BOOTTIME);
	return EXIT_TRACED;
}

static enum exit_code open_output(struct session *s)
{
	int err;

	if (s->opts->output ? !(s->path = strdup(s->opts->output)) :
			      asprintf(&s->path, "viztrace-%d.json", s->target->pid) < 0)
		return EXIT_INTERNAL;
	err = output__open(&s->output, s->path, output__owner_from_env());
	if (err) {
		log_error("cannot write %s: %s; choose another place with -o", s->path, strerror(-err));
		return EXIT_OUTPUT;
	}
	err = writer_chrome__new(&s->writer, s->output);
	if (!err)
		err = model__new(&s->model, &writer_chrome_ops, s->writer, s->report.start);
	if (!err)
		err = model__process_name(s->model, (uint32_t)s->target->pid, s->target->comm);
	/* From here on what is on disk can be loaded. */
	if (!err)
		err = output__flush(s->output);
	if (err) {
		log_error("cannot begin %s: %s", s->path, strerror(-err));
		return err == -ENOMEM ? EXIT_INTERNAL : EXIT_OUTPUT;
	}
	return EXIT_TRACED;
}

/* Which kinds of probes the rules can let through at all: the others are not attached. */
static uint32_t wanted_probes(const struct rules *r)
{
	uint32_t kinds = (1u << EVENT_PROBES) - 1;

	if (r->no_methods)
		kinds &= ~(1u << EVENT_PROBE_ENTER | 1u << EVENT_PROBE_EXIT);
	if (!r->lists[RULE_TRIGGER].n)
		kinds &= ~(1u << EVENT_PROBE_QUIET);
	for (size_t i = 0; i < r->lists[RULE_EXCLUDE].n; i++)
		if (!strcmp(r->lists[RULE_EXCLUDE].list[i].text, "*"))
			kinds &= ~(1u << EVENT_PROBE_SET | 1u << EVENT_PROBE_QUIET | 1u << EVENT_PROBE_LOG |
				   1u << EVENT_PROBE_VALUE);
	return kinds;
}

static enum exit_code attach(struct session *s)
{
	int err = collector__attach(s->collector, s->target, wanted_probes(&s->opts->rules));
	struct pollfd ended = { .fd = s->target->pidfd, .events = POLLIN };

	if (!err)
		return EXIT_TRACED;
	if (err == -ESRCH || poll(&ended, 1, 0) == 1) {
		/* What it did until then has been seen. */
		if (collector__attached(s->collector))
			return EXIT_TRACED;
		log_error("process %d ended while we attached to it", s->target->pid);
		return EXIT_NO_PROCESS;
	}
	if (err == -EPERM || err == -EACCES) {
		log_error("no permission to attach uprobes to process %d; use sudo, or give CAP_PERFMON", s->target->pid);
		return EXIT_PERMISSION;
	}
	if (err == -ENOTSUPP) {
		log_error("this kernel does not take probe site %s; use --probe-site auto", site_names[s->opts->site]);
		return EXIT_KERNEL;
	}
	if (err == -ENOSYS || err == -ENOENT) {
		log_error("this kernel has no uprobes for perf events (%s); it needs CONFIG_UPROBE_EVENTS", strerror(-err));
		return EXIT_KERNEL;
	}
	log_error("cannot attach to process %d: %s; -v says more", s->target->pid, strerror(-err));
	return err == -ENOMEM ? EXIT_INTERNAL : EXIT_KERNEL;
}

static uint64_t count_lost(struct session *s)
{
	struct collect_counts c;
	uint64_t lost = 0;

	for (int i = 0; i < EVENT_PROBES; i++)
		if (!collector__counts(s->collector, (enum probe)i, &c))
			lost += c.lost;
	return lost;
}

static uint64_t events_written(const struct session *s)
{
	const struct model_stats *m = model__stats(s->model);
	uint64_t n = 0;

	for (int i = 0; i < EVENT_PROBES; i++)
		n += m->written[i];
	return n;
}

static void show_status(struct session *s, uint64_t now, uint64_t *last_time, uint64_t *last_events)
{
	uint64_t events = events_written(s);
	double rate = (double)(events - *last_events) * 1e9 / (double)(now - *last_time + 1);

	summary__status((double)(now - s->report.start) / 1e9, events, rate, count_lost(s), output__size(s->output));
	*last_time = now;
	*last_events = events;
}

static void add_note(struct session *s, uint64_t ts, const char *text)
{
	struct note *n = malloc(sizeof(*n) + strlen(text) + 1), **last = &s->notes;

	if (!n)
		return;
	n->next = NULL;
	n->ts = ts;
	strcpy(n->text, text);
	while (*last)
		last = &(*last)->next;
	*last = n;
}

static int add_rules(struct rules *to, const struct rules *from)
{
	int err = 0;

	for (int i = 0; !err && i < RULE_LISTS; i++)
		err = patterns__copy(&to->lists[i], &from->lists[i]);
	to->include_all |= from->include_all;
	to->no_methods |= from->no_methods;
	to->on_change |= from->on_change;
	return err;
}

/* In force when it returns: at the next write of every thread. */
static int change_filter(struct session *s, const struct control_request *request)
{
	struct rules rules = { 0 };
	char text[sizeof(request->text) + 32];
	int err = request->clear ? 0 : rules__copy(&rules, filter__rules(s->filter));
	uint64_t now;

	if (!err)
		err = add_rules(&rules, &request->rules);
	/* What nobody wanted so far may not be attached yet. */
	if (!err)
		err = collector__attach(s->collector, s->target, wanted_probes(&rules));
	now = collector__now();
	if (!err)
		err = filter__change(s->filter, &rules, now);
	if (!err) {
		collector__set_epoch(s->collector, filter__epoch(s->filter));
		decoder__include_all(s->decoder, rules.include_all);
		snprintf(text, sizeof(text), "viztrace-bpf ctl %s", request->text);
		add_note(s, now, text);
		log_verbose("filters: %s", request->text);
	}
	rules__clear(&rules);
	return err;
}

static void answer_control(struct session *s)
{
	struct control_request request;
	char answer[2048];
	int peer, err = 0;

	if (control__receive(s->control, &request, &peer))
		return;
	if (request.clear || !rules__are_empty(&request.rules))
		err = change_filter(s, &request);
	if (err)
		snprintf(answer, sizeof(answer), "error: %s", strerror(-err));
	else
		control__describe(filter__rules(s->filter), answer, sizeof(answer));
	control__answer(peer, answer);
	rules__clear(&request.rules);
}

static void open_control(struct session *s)
{
	int err = control__open(&s->control, s->target->pid);

	if (err)
		log_verbose("no ctl for this trace: %s", strerror(-err));
}

/* Collect until something ends it; says what. */
static const char *collect(struct session *s, const volatile sig_atomic_t *stop)
{
	const struct opts *o = s->opts;
	uint64_t start = collector__now(), now = start, status_time = start, flush_time = start, status_events = 0;
	uint64_t end = o->duration > 0 ? start + (uint64_t)(o->duration * 1e9) : UINT64_MAX;
	struct pollfd fds[] = {
		{ .fd = s->target->pidfd, .events = POLLIN },
		{ .fd = s->control ? control__fd(s->control) : -1, .events = POLLIN },
	};

	while (!*stop) {
		uint64_t before = s->records;
		int timeout = POLL_IDLE_MS;

		s->error = collector__poll(s->collector, on_record, s);
		if (!s->error && s->notes)
			s->error = write_notes(s, collector__passed_until(s->collector));
		if (s->error)
			return "an error";
		if (s->records != before)
			timeout = POLL_BUSY_MS;
		now = collector__now();
		if (now >= end)
			return "the time is over";
		if (o->max_size && output__size(s->output) >= o->max_size)
			return "--max-size is reached";
		if (!s->size_warned && output__size(s->output) >= MAX_SIZE_WARN) {
			log_warn("the trace is above 256 MB, where viewers in a browser begin to fail; see --max-size");
			s->size_warned = true;
		}
		if (now - status_time >= STATUS_MS * MS)
			show_status(s, now, &status_time, &status_events);
		if (now - flush_time >= FLUSH_MS * MS) {
			s->error = output__flush(s->output);
			if (s->error)
				return "an error";
			flush_time = now;
		}
		if (end - now < (uint64_t)timeout * MS)
			timeout = 1;
		if (poll(fds, 2, timeout) > 0) {
			if (fds[0].revents)
				return "the target ended";
			answer_control(s);
		}
	}
	return "interrupted";
}

/*
 * What was seen and never came: records that a program has not completed within a second after the end, and all
 * behind them in the same ring buffer. They are lost; the books must not say less than that.
 */
static void settle(struct session_counts *c, const char *name, bool output_failed)
{
	uint64_t known = c->written + c->filtered + c->lost;

	if (c->seen > known) {
		if (!output_failed)
			log_warn("%" PRIu64 " records of viz:%s were not completed in time; they count as lost",
				 c->seen - known, name);
		c->lost += c->seen - known;
	} else if (c->seen < known) {
		log_warn("the books of viz:%s do not balance: %" PRIu64 " seen, %" PRIu64 " accounted for; please report this",
			 name, c->seen, known);
	}
}

static void close_books(struct session *s)
{
	const struct model_stats *m = model__stats(s->model);
	const struct decode_stats *d = decoder__stats(s->decoder);
	struct session_report *r = &s->report;

	for (int i = 0; i < EVENT_PROBES; i++) {
		struct session_counts *c = &r->probes[i];
		struct collect_counts k = { 0 };

		collector__counts(s->collector, (enum probe)i, &k);
		c->seen = k.seen;
		c->filtered = k.filtered + filter__filtered(s->filter, (enum probe)i);
		if (i == EVENT_PROBE_EXIT)
			c->filtered += m->unwanted;
		c->written = m->written[i];
		c->lost = k.lost + d->rejected_by_probe[i] + m->rejected[i];
		c->truncated = k.truncated;
		c->unreadable = k.unreadable;
		settle(c, probe_names[i], s->error != 0);
		r->total.seen += c->seen;
		r->total.filtered += c->filtered;
		r->total.written += c->written;
		r->total.lost += c->lost;
		r->total.truncated += c->truncated;
		r->total.unreadable += c->unreadable;
		r->rejected += d->rejected_by_probe[i] + m->rejected[i];
	}
	r->counters = m->counters;
	r->objects = m->objects;
	r->methods = m->methods;
	r->threads = m->threads;
	r->not_finite = m->not_finite;
	r->unwound = m->unwound;
	r->unmatched = m->unmatched;
	r->invalid_json = writer_chrome__stats(s->writer)->args.invalid_json;
}

/* The rest of the records, the end of the trace, its metadata. */
static int finish(struct session *s, int argc, char **argv)
{
	struct json metadata;
	int err = s->error;

	if (!err)
		err = collector__stop(s->collector, on_record, s);
	s->report.end = collector__now();
	if (!err)
		err = write_notes(s, UINT64_MAX);
	if (!err)
		err = model__finish(s->model, s->report.end);
	close_books(s);
	json__init(&metadata);
	metadata__write(&metadata, &s->report, s->target, argc, argv);
	if (!err)
		err = metadata.error;
	if (!err)
		err = writer_chrome__finish(s->writer, metadata.data, metadata.size);
	json__free(&metadata);
	s->report.bytes = output__size(s->output);
	return err;
}

static void report_unmatched(const struct session *s)
{
	const struct rules *r = filter__rules(s->filter);

	for (int i = 0; i < RULE_LISTS; i++)
		for (size_t j = 0; j < r->lists[i].n; j++)
			if (!r->lists[i].list[j].matched && strcmp(r->lists[i].list[j].text, "*"))
				log_warn("%s %s matched nothing", rule_options[i], r->lists[i].list[j].text);
}

static enum exit_code run(struct session *s, int argc, char **argv, const volatile sig_atomic_t *stop)
{
	enum exit_code code;
	int err;

	code = target__open_or_explain(&s->target, s->opts->pid);
	if (!code)
		code = open_collector(s);
	if (!code)
		code = prepare(s);
	if (!code)
		code = attach(s);
	if (!code)
		code = open_output(s);
	if (code)
		return code;
	open_control(s);
	log_info("tracing process %d (%s), %zu probes in %zu files", s->target->pid, s->target->comm,
		 collector__attached(s->collector), s->target->n_files);
	s->report.why = collect(s, stop);
	log_status(NULL);
	err = finish(s, argc, argv);
	if (err)
		log_error("writing %s failed: %s; what was written before is whole", s->path, strerror(-err));
	summary__print(&s->report, s->path, !err, s->opts->ring_size);
	report_unmatched(s);
	if (err)
		return err == -ENOMEM ? EXIT_INTERNAL : EXIT_OUTPUT;
	return s->opts->fail_on_loss && s->report.total.lost ? EXIT_LOST : EXIT_TRACED;
}

enum exit_code session__run(const struct opts *o, int argc, char **argv, const volatile sig_atomic_t *stop)
{
	struct session s = { .opts = o };
	enum exit_code code = run(&s, argc, argv, stop);

	/* The file is whole by now; detaching takes a while. */
	model__free(s.model);
	writer_chrome__free(s.writer);
	output__free(s.output);
	decoder__free(s.decoder);
	filter__free(s.filter);
	control__free(s.control);
	while (s.notes) {
		struct note *n = s.notes;

		s.notes = n->next;
		free(n);
	}
	collector__free(s.collector);
	target__free(s.target);
	free(s.path);
	return code;
}
