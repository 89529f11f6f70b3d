/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer_rows: calls of trace_ops in, rows out: a JSON object a line, for a database that many machines write to
 * (ClickHouse calls this JSONEachRow). Each says by itself where and when it was; members that are empty are left out:
 *
 *	{"trace":"8c1f...","host":"web1","boot_id":"...","pid":12,"tid":13,"process":"app","thread":"worker","row":7,
 *	 "ts":1700000000000001250,"kind":"report","object":"pool","values":{"open":3}}
 *
 *	kind        what it is                                       its own members
 *	report      attributes of a counter; an object's state       object, id, values; class, object, address, state
 *	new, delete an object                                        class, object, address
 *	slice       that ended; `ts` is when it began                object, dur, depth
 *	before      one that was open when the trace began           object, dur
 *	open        one that was open when it ended: dur until then  object, dur, depth
 *	async_begin, async_end                                       object, id (track), depth, state; dur
 *	flow_out, flow_in                                            id, state
 *	instant                                                      object, state
 *	account     the books so far, of a kind of probe             object, values: seen, written, filtered, lost
 *	trace       the end: the metadata                            state
 *
 * `trace` and `row` are the same whenever a file is made of a trace: what is sent twice can be told.
 */
#ifndef VIZTRACE_WRITER_ROWS_H
#define VIZTRACE_WRITER_ROWS_H

#include "output.h"
#include "sinks.h"

struct writer_rows;

/* `out` stays the caller's and must outlive the writer. 0 or -ENOMEM. */
int writer_rows__new(struct writer_rows **ret, struct output *out, const struct trace_start *start);
void writer_rows__free(struct writer_rows *w);

extern const struct trace_ops writer_rows_ops;

int writer_rows__account(struct writer_rows *w, uint64_t ts, const struct trace_account *account);

/* The end; `metadata` is a JSON object, or nothing. Calls output__finish(). */
int writer_rows__finish(struct writer_rows *w, const char *metadata, size_t size);

uint64_t writer_rows__invalid_json(const struct writer_rows *w);

#endif
