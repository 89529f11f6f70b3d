/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What model asks of a trace format. One file of the kind writer_*.c stands behind each table of these.
 *
 * Times are ns since the trace began and never run backwards from one call to the next. Every function
 * returns 0 or -errno; after the first error the model stops calling. Names are NUL-terminated but may
 * hold any bytes otherwise: what a format cannot hold is the writer's business.
 */
#ifndef VIZTRACE_TRACE_H
#define VIZTRACE_TRACE_H

#include "../common/event.h"
#include "../common/host.h"

/* The beginning of the trace, from where its times count, in ns by these clocks (zeros: that is not known), and where
 * it was written. */
struct trace_start {
	uint64_t monotonic, boot, wall;
	struct host host;
};

struct where {
	uint64_t ts;
	uint32_t pid, tid;
};

/* A set of series on the timeline. The first sample has all of their keys; later ones may lack some, and may have them
 * again, in the same order. */
struct trace_counter {
	uint64_t serial; /* no other one of this trace has it, or ever had */
	uint32_t set;    /* another number whenever a sample has other keys than the one before */
	const char *name;
	const char *id; /* NULL, or tells counters of one name apart */
	bool begins;    /* of this sample: it is the first one that the writer gets */
};

/* An object on the timeline. */
struct trace_object {
	uint64_t address;
	uint64_t life;    /* no other object of this trace has it, or ever had */
	const char *name; /* constant while it lives */
	const char *tag;  /* its class */
};

/* A slice of no thread. Those of one track are well-nested; a track begins with one that is inside of no other, and is
 * of one process. */
struct trace_async {
	uint64_t track; /* no other track of this trace has it, or ever had */
	const char *name;
	size_t level; /* inside of so many others */
	bool again;   /* begin: it goes on after what it was inside of has ended; end: it will do so now */
};

struct trace_ops {
	int (*process_name)(void *writer, uint32_t pid, const char *name);
	int (*thread_name)(void *writer, uint32_t pid, uint32_t tid, const char *name);

	/* One sample of all series of a counter. All values are finite numbers or bool. The first one has their units.
	 */
	int (*counter)(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
		       size_t n_values);
	/* The same, but nobody reported that: it ends what is drawn of the sample before. The values are those of that
	 * one where the trace ends, and zeros for what is there no longer. */
	int (*counter_closing)(void *writer, struct where at, const struct trace_counter *counter,
			       const struct value *values, size_t n_values);

	int (*object_new)(void *writer, struct where at, const struct trace_object *object);
	int (*object_snapshot)(void *writer, struct where at, const struct trace_object *object,
			       const struct value *values, size_t n_values);
	int (*object_delete)(void *writer, struct where at, const struct trace_object *object);

	/* The same life as a band of states, for viewers that do not show objects: begin one state, end it. */
	int (*state_begin)(void *writer, struct where at, const struct trace_object *object, const struct value *values,
			   size_t n_values);
	int (*state_end)(void *writer, struct where at, const struct trace_object *object);

	/* Well-nested on each thread; slice_end names the slice that it ends. The values are its arguments, each with a
	 * key and none of them in another: what ends it has no key that what began it had. */
	int (*slice_begin)(void *writer, struct where at, const char *name, const struct value *values,
			   size_t n_values);
	int (*slice_end)(void *writer, struct where at, const char *name, const struct value *values, size_t n_values);
	/* A slice that was open at `since`, when we came, ends. It is none of the others. */
	int (*slice_before)(void *writer, struct where at, uint64_t since, const char *name);

	int (*async_begin)(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
			   size_t n_values);
	int (*async_end)(void *writer, struct where at, const struct trace_async *slice);

	/* An arrow, from the slice that is open on this thread, or (is_in) to that: once from, and then once to, or
	 * never. No other arrow has or had that number. The values are the whole arrow's: only its beginning has some.
	 */
	int (*flow)(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		    size_t n_values);

	int (*instant)(void *writer, struct where at, const char *name, const struct value *values, size_t n_values);
};

#endif
