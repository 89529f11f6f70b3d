/* SPDX-License-Identifier: BSD-2-Clause */
/* report: the books of a trace, which session closes and metadata and summary tell. */
#ifndef VIZTRACE_REPORT_H
#define VIZTRACE_REPORT_H

#include "common/event.h"
#include "common/host.h"

struct report_counts {
	uint64_t seen, written, filtered, lost, truncated, unreadable;
};

/* What summary and metadata tell of a trace. */
struct report {
	struct report_counts probes[EVENT_PROBES], total;
	uint64_t counters, objects, methods, threads, processes; /* how many different ones */
	uint64_t missed; /* processes that ended before their probes were attached to, or could not be followed */
	uint64_t classes_beyond; /* definitions of more classes than are kept */
	uint64_t unread;         /* of the lost ones: they were there when the trace had to end */
	uint64_t not_finite, invalid_json, unwound, unmatched, unmatched_async, rejected;
	uint64_t invalid;                /* of the lost: about no valid object */
	uint64_t too_deep;               /* events of slices inside of more others than are shown */
	uint64_t refused, forgotten;     /* events and objects: the budget of memory */
	uint64_t start, end;             /* ns, CLOCK_MONOTONIC */
	uint64_t start_wall, start_boot; /* ns since 1970; ns since boot, suspended time included */
	struct host host;
	const char *cause; /* of a dump: what it was written for; NULL: it is none */
	bool shortened;    /* of a dump: there was no room for all that it was to hold */
	const char *why;   /* it ended: "interrupted", "the target ended", ... */
};

/* Whose books they are. */
struct report_sources {
	struct collector *collector;
	const struct decoder *decoder;
	const struct filter *filter;
	const struct thin *thin;
	const struct shorts *shorts;
	const struct model *model;
	const struct processes *processes;
	const struct sinks *sinks;
	bool cut;    /* the last pass was ended before all was read */
	bool failed; /* the trace ended by an error: then what is missing was not waited for */
};

/* At the end: all counts are filled in, such that seen = written + filtered + lost; warns where that had to be made so.
 */
void report__close(struct report *r, const struct report_sources *from);

/* Of a part that model was told alone: what came of it, and what was `lost`. Seen is what of that is known. */
void report__close_part(struct report *r, const struct model *m, const uint64_t lost[EVENT_PROBES]);

/* While it runs: the same by probe, so far; what is on its way is in `seen` alone. */
struct trace_account;
void report__account(struct trace_account *ret, const struct report_sources *from);

/* While it runs: events that are in the trace, and those that the kernel had no room for. */
uint64_t report__written(const struct model *m);
uint64_t report__lost(const struct collector *c);

#endif
