// SPDX-License-Identifier: BSD-2-Clause
/* summary: see summary.h. */
#include "summary.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "attach/held.h"
#include "common/human.h"
#include "common/log.h"

void summary__what(char *ret, size_t size, const struct opts *o, const struct processes *processes, pid_t control_pid)
{
	size_t n;
	const struct process_description *first = processes__described(processes, &n);

	if (o->program)
		snprintf(ret, size, "all that run %s, %zu now (ctl: -p %d)", o->program,
			 processes__stats(processes)->processes, control_pid);
	else if (o->n_pids > 1)
		snprintf(ret, size, "%zu processes", o->n_pids);
	else
		snprintf(ret, size, "process %d (%s)", n ? first->pid : 0, n ? first->comm : "");
}

void summary__begin(const struct opts *o, const struct processes *processes, pid_t control_pid)
{
	const struct processes_stats *stats = processes__stats(processes);
	char what[PATH_MAX + 64];

	summary__what(what, sizeof(what), o, processes, control_pid);
	if (o->argv)
		log_info("tracing %s%s", what, o->follow ? " and its children" : "");
	else
		log_info("tracing %s%s, %zu probes in %zu files", what, o->follow ? " and its children" : "",
			 stats->probes, stats->files);
}

void summary__status(double seconds, uint64_t events, double rate, uint64_t lost, uint64_t bytes)
{
	char line[160], size[HUMAN_TEXT];

	snprintf(line, sizeof(line), "%.1f s  %" PRIu64 " events  %.0f/s  lost %" PRIu64 "  %s  (Ctrl-C ends)", seconds,
		 events, rate, lost, human__size(size, bytes));
	log_status(line);
}

static uint64_t size_of(const struct sink *k)
{
	return k->output ? output__size_on_disk(k->output) : 0;
}

/* What was lost, why, and what helps. */
static void tell_losses(const struct report *r, uint64_t ring_size, uint64_t memory)
{
	uint64_t lost = r->total.lost - r->unread, others;

	if (r->refused)
		log_warn("%" PRIu64 " events were lost: what the targets name and make is more than --memory %" PRIu64
			 "M holds; filters, or a larger one, keep what is wanted",
			 r->refused, memory >> 20);
	if (r->unread)
		log_warn("%" PRIu64
			 " events were there and not written when the trace had to end (%s); they count as lost",
			 r->unread, r->why);
	if (r->invalid)
		log_warn("%" PRIu64
			 " events were lost: where they say that an object is there is none, or its class is "
			 "none; has it been initialised, or freed?",
			 r->invalid);
	lost -= r->invalid + r->refused;
	others = r->rejected - r->refused;
	/* A larger ring helps for a moment, not where more is lost than not. */
	if (lost > others && lost > r->total.seen / 2)
		log_warn("%" PRIu64
			 " events were lost: they came faster than they are written; filters keep what is wanted, a "
			 "larger --ring-size than %" PRIu64 "k takes bursts",
			 lost, ring_size >> 10);
	else if (lost > others)
		log_warn("%" PRIu64 " events were lost; try a larger --ring-size than %" PRIu64 "k", lost,
			 ring_size >> 10);
	else if (lost && r->forgotten)
		log_warn("%" PRIu64
			 " events were lost: their objects had been forgotten for others; filters, or a larger "
			 "--memory than %" PRIu64 "M, keep what is wanted",
			 lost, memory >> 20);
	else if (lost)
		log_warn("%" PRIu64 " events were lost: what they said of the target's memory contradicts itself",
			 lost);
}

void summary__print(const struct report *r, const struct sinks *sinks, uint64_t ring_size, uint64_t memory)
{
	const struct report_counts *p = r->probes;
	const char *path = sinks->list[0].path;
	char size[HUMAN_TEXT], in[48] = "";

	if (r->processes > 1)
		snprintf(in, sizeof(in), " in %" PRIu64 " processes", r->processes);
	log_info("%s%s%s, %.3f s, %" PRIu64 " events of %" PRIu64 " threads%s (%s)", path ? path : "no file",
		 path ? ": " : "", path ? human__size(size, size_of(&sinks->list[0])) : "",
		 (double)(r->end - r->start) / 1e9, r->total.written, r->threads, in, r->why);
	for (size_t i = 1; i < sinks->n && sinks->list[i].path; i++)
		log_info("%s: %s, the same", sinks->list[i].path, human__size(size, size_of(&sinks->list[i])));
	log_info("  %" PRIu64 " counters, %" PRIu64 " objects: %" PRIu64 " new, %" PRIu64 " destroyed, %" PRIu64
		 " writes, %" PRIu64 " logs, %" PRIu64 " single values",
		 r->counters, r->objects, p[EVENT_PROBE_INIT].written, p[EVENT_PROBE_DESTROY].written,
		 p[EVENT_PROBE_SET].written + p[EVENT_PROBE_QUIET].written, p[EVENT_PROBE_LOG].written,
		 p[EVENT_PROBE_VALUE].written);
	log_info("  %" PRIu64 " methods: %" PRIu64 " entered, %" PRIu64 " left; %" PRIu64 " instants", r->methods,
		 p[EVENT_PROBE_ENTER].written, p[EVENT_PROBE_EXIT].written, p[EVENT_PROBE_INSTANT].written);
	if (p[EVENT_PROBE_ASYNC].written)
		log_info("  %" PRIu64 " events of asynchronous slices and flows", p[EVENT_PROBE_ASYNC].written);
	log_info("  lost %" PRIu64 ", filtered %" PRIu64 ", truncated %" PRIu64 ", unreadable %" PRIu64, r->total.lost,
		 r->total.filtered, r->total.truncated, r->total.unreadable);
	if (r->unwound || r->unmatched)
		log_info("  %" PRIu64 " slices ended by unwinding, %" PRIu64
			 " ends of slices that began before, or that we "
			 "do not know",
			 r->unwound, r->unmatched);
	if (r->unmatched_async)
		log_info("  %" PRIu64
			 " ends of asynchronous slices, and flows in, of which we do not know the beginning",
			 r->unmatched_async);
	if (r->not_finite || r->invalid_json)
		log_info("  %" PRIu64 " samples were no finite numbers, %" PRIu64 " texts were no JSON", r->not_finite,
			 r->invalid_json);
	if (r->too_deep)
		log_info("  %" PRIu64
			 " events of slices that are inside of too many others were left out; see --max-depth",
			 r->too_deep);
	if (r->forgotten)
		log_info("  %" PRIu64 " objects were forgotten for others", r->forgotten);
	tell_losses(r, ring_size, memory);
	if (r->classes_beyond)
		log_warn("%" PRIu64
			 " classes are more than are kept of a process, or of all; what their objects report is lost",
			 r->classes_beyond);
	if (r->missed)
		log_warn("%" PRIu64
			 " processes could not be traced from their start; what they did until then is missing",
			 r->missed);
	for (size_t i = 0; i < sinks->n; i++) {
		const struct sink *k = &sinks->list[i];

		if (!k->error && k->path && strcmp(k->path, "-") && k->format->viewers)
			log_info("open %s in %s", k->path, k->format->viewers);
	}
}

void summary__explain_nothing(const struct report *r, const struct processes *processes, const char *program)
{
	const struct processes_stats *stats = processes__stats(processes);
	const struct report_counts *total = &r->total;
	const struct processes_silent *silent;
	char held[HELD_TEXT];
	pid_t pid;
	size_t n;

	if (total->written)
		return;
	silent = processes__silent(processes, &n);
	if (total->seen && total->seen == total->filtered)
		log_warn("no events: all %" PRIu64 " were filtered", total->seen);
	else if (total->seen)
		log_warn("no events: all %" PRIu64 " were lost or filtered", total->seen);
	else if (n)
		log_warn("no events: probes were not switched on: %s", arming__cause(silent->state));
	else if (processes__were_spared(processes))
		log_warn("no events: what was to be traced is run by an emulator");
	else if ((pid = processes__held(processes, held)))
		log_warn("no events: process %d %s", pid, held);
	else if (program && !stats->processes)
		log_warn("no events: no process ran %s in that time", program);
	else if (!stats->probes)
		log_warn("no events: nothing with viz probes was loaded in that time");
	else
		log_warn("no events: the probes were switched on, and the program came to none of them in that time");
}
