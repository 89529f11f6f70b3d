/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writer_perfetto: calls of trace_ops in, Perfetto's own format out. It knows which packets Perfetto takes and how it
 * takes them; it must not know where events come from, nor the bytes of a field.
 *
 *	clocks		MONOTONIC, BOOTTIME, REALTIME where the trace began
 *	sequence 1	its defaults; descriptions of tracks; slices, instants, states of objects with interned names
 *	sequence 2...	counters, see perfetto_counters.h
 *	in the end	what the trace says about itself: attributes, and an instant "viztrace summary"
 *
 * A process has a track, and below it are its threads (slices, instants), counters and objects. An object's state is
 * drawn from one snapshot to the next: it is called after what changed, and its arguments are the attributes. The same
 * life as a band (state_begin) is for other viewers.
 */
#ifndef VIZTRACE_WRITER_PERFETTO_H
#define VIZTRACE_WRITER_PERFETTO_H

#include "../model/trace.h"
#include "sinks.h"

struct writer_perfetto;

/* `out` stays the caller's and must outlive the writer. */
int writer_perfetto__new(struct writer_perfetto **ret, struct output *out, const struct trace_start *start);
void writer_perfetto__free(struct writer_perfetto *w);

extern const struct trace_ops writer_perfetto_ops;

/* The end. `metadata` is a JSON object; 0: none. Calls output__finish. */
int writer_perfetto__finish(struct writer_perfetto *w, const char *metadata, size_t size);

uint64_t writer_perfetto__invalid_json(const struct writer_perfetto *w);

#endif
