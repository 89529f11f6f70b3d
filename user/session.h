/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: one trace from attaching to the whole file. Wires collect, decode, model, writer and output together,
 * and keeps the books: what was produced is what was written, filtered or lost.
 */
#ifndef VIZTRACE_SESSION_H
#define VIZTRACE_SESSION_H

#include <signal.h>

#include "common/event.h"
#include "opts.h"

struct session_counts {
	uint64_t seen, written, filtered, lost, truncated, unreadable;
};

/* What summary and metadata tell of a trace. */
struct session_report {
	struct session_counts probes[EVENT_PROBES], total;
	uint64_t counters, objects, methods, threads, processes; /* how many different ones */
	uint64_t missed; /* processes that ended before their probes were attached to, or could not be followed */
	uint64_t not_finite, invalid_json, unwound, unmatched, rejected;
	uint64_t start, end;             /* ns, CLOCK_MONOTONIC */
	uint64_t start_wall, start_boot; /* ns since 1970; ns since boot, suspended time included */
	uint64_t bytes;
	const char *why; /* it ended: "interrupted", "the target ended", ... */
};

/* Returns the exit status. Sets *stop to end a session from a signal handler. */
enum exit_code session__run(const struct opts *o, int argc, char **argv, const volatile sig_atomic_t *stop);

#endif
