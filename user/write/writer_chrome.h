/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer_chrome: calls of trace_ops in, Chrome trace JSON out. It knows what Perfetto and chrome://tracing
 * accept; it must not know where events come from, nor what kind of file it writes to beyond output.h.
 *
 * While the trace runs the file is an array that may end after any event, as both viewers accept it. The first one says
 * where and when the trace began:
 *
 *	[{"ph":"M", ... }                     <- the head, OUTPUT_HEAD bytes with the spaces
 *	,
 *	{"ph":"C","cat":"counter","pid":1,"tid":1,"ts":0.500,"name":"queue","args":{"depth":3}},
 *	{"ph":"C", ...
 *
 * In the end the head is replaced by {"displayTimeUnit":"ns","metadata":{...},"traceEvents":[ and the same
 * event. Where that is not possible, on a pipe, the array is closed and the metadata are an event named
 * "viztrace summary".
 */
#ifndef VIZTRACE_WRITER_CHROME_H
#define VIZTRACE_WRITER_CHROME_H

#include <stddef.h>
#include <stdint.h>

#include "chrome_args.h"
#include "output.h"
#include "../model/trace.h"

struct writer_chrome;

struct writer_chrome_stats {
	uint64_t events; /* lines written, of whatever phase */
	struct chrome_args_stats args;
};

/* `out` stays the caller's and must outlive the writer. */
int writer_chrome__new(struct writer_chrome **ret, struct output *out);
void writer_chrome__free(struct writer_chrome *w);

/* Before the first event, which says so from then on, also in a file that has no end. */
void writer_chrome__begins(struct writer_chrome *w, const struct trace_start *start);

extern const struct trace_ops writer_chrome_ops;

/* The end. `metadata` is a JSON object; 0: none. -E2BIG if it does not fit into the file's head: nothing
 * has been written then, and it can be called again with less. Calls output__finish. */
int writer_chrome__finish(struct writer_chrome *w, const char *metadata, size_t size);

const struct writer_chrome_stats *writer_chrome__stats(const struct writer_chrome *w);

#endif
