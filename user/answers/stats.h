/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats: what the model says in (as a writer behind trace_ops), the figures of a run out: of each attribute of each
 * counter, of each method, of each kind of object, and the longest slices. Every figure is that of a computation over
 * the trace's events, which a file of the same run has as well.
 *
 * Memory is bounded: so many of each are kept (STATS_...), the first ones that come; what others do is counted in
 * `beyond`. With all of them full, and durations of every size in each method, that is 200 MB; a usual program takes
 * less than one.
 */
#ifndef VIZTRACE_STATS_H
#define VIZTRACE_STATS_H

#include "../common/table.h"
#include "../model/trace.h"
#include "histogram.h"

#define STATS_COUNTERS 16384
#define STATS_SERIES 65536 /* attributes of all counters together */
#define STATS_METHODS 4096
#define STATS_OBJECTS 8192    /* different pairs of name and class */
#define STATS_LIVES (1 << 18) /* that are not over, of which the life time will be known */
#define STATS_THREADS 65536   /* that are inside of methods, and as many asynchronous slices */
#define STATS_LONGEST 10

/* Values up to these, and these themselves, are what somebody waits for. */
struct stats_limits {
	double low, high;
};

/* Who that is. `attribute`: NULL of a method, whose values are durations of calls in ns. */
struct stats_watch {
	/* Of what has not appeared before; they are infinite if it is left alone. */
	void (*limits)(void *ctx, const char *name, const char *attribute, struct stats_limits *ret);
	/* This came; what is to be waited for now is asked for by `limits` again. */
	void (*reached)(void *ctx, struct where at, const char *name, const char *attribute, double value);
	/* What is in no figure, each of them; NULL: nobody wants to know. */
	void (*state)(void *ctx, struct where at, const struct trace_object *object, const struct value *values,
		      size_t n_values);
	void (*instant)(void *ctx, struct where at, const char *name);
	void *ctx;
};

/* One series on the timeline. */
struct stats_attribute {
	char *name;
	char *unit; /* or NULL */
	uint64_t reports;
	uint64_t changes;            /* reports with another value than the one before */
	struct value min, max, last; /* INT or DOUBLE, without a key; the first one of those that are equal */

	/* Of a value times the ns for which it held: until the next report, or the end of the counter or trace. */
	double area;
	uint64_t time;
	uint64_t since; /* it holds since then, */
	bool holds;     /* if it does */
	struct stats_limits limits;
};

struct stats_counter {
	uint64_t serial; /* of trace_counter, lately */
	uint32_t pid;
	char *name;
	char *id;                   /* NULL, or tells counters of one name apart */
	struct stats_counter *next; /* of the same hash */
	struct stats_attribute *attributes;
	size_t n;
	uint64_t reports;
};

/* Calls that are over, or were when the trace ended; also asynchronous slices. Times in ns. */
struct stats_method {
	char *name;
	uint64_t total; /* of all calls: a recursive one counts as often as it is open */
	uint64_t self;  /* the same without slices inside of it */
	uint64_t open;  /* calls that are not over */
	struct histogram durations;
	struct stats_limits limits;
	struct stats_method *next; /* of the same hash */
};

/* Of one name and class. */
struct stats_object {
	char *name, *tag;
	size_t number; /* in the order in which they came, from 0 */
	uint64_t made;
	uint64_t found; /* were there before: the first that we know of is a report */
	uint64_t destroyed;
	uint64_t lives; /* of those destroyed: that have a life time, as their beginning was seen; ns */
	uint64_t life_total, life_max;
	struct stats_object *next; /* of the same hash */
};

struct stats_slice {
	char *name;
	uint32_t pid, tid;
	uint64_t ts, duration; /* ns */
};

/* What had no room. */
struct stats_beyond {
	uint64_t reports; /* of counters or attributes */
	uint64_t calls;   /* of methods */
	uint64_t objects; /* made, found or destroyed */
	uint64_t lives;   /* objects that are in the counts, but whose life time is not known */
};

struct stats {
	struct stats_counter **counters; /* after stats__close(): by name, process and id */
	struct stats_method **methods;   /* by total time, the largest first */
	struct stats_object **objects;   /* by how many there were, the largest number first */
	size_t n_counters, n_series, n_methods, n_objects;
	struct stats_slice longest[STATS_LONGEST]; /* the longest first; of equals the first that ended */
	size_t n_longest;
	struct stats_beyond beyond;
	uint64_t open_before;            /* slices that were open when we came: they are in nothing else */
	const struct stats_watch *watch; /* or NULL; set before anything is told */

	/* How they are found. */
	struct table counters_by_serial, counters_by_hash, methods_by_hash, objects_by_hash, lives;
	struct table threads; /* by process and number; and tracks of asynchronous slices */
};

int stats__new(struct stats **ret);
void stats__free(struct stats *s);

/* With a struct stats as the writer. They return 0 or -ENOMEM. */
extern const struct trace_ops stats_ops;

/* While it goes on: the watch waits for something else, of what has appeared already, too. */
void stats__limit_again(struct stats *s);

/* While it goes on: what that one is counted as; NULL: nothing so far. */
struct stats_object *stats__object(const struct stats *s, const struct trace_object *object);

/* The trace is over: all is in its order. */
void stats__close(struct stats *s);

/* The mean over the time for which there was a value; the last value if that is no time at all. */
double stats__mean(const struct stats_attribute *a);

/* Of its calls, and of the lives that are known; ns. 0 if there are none. */
double stats__call_mean(const struct stats_method *m);
double stats__life_mean(const struct stats_object *o);

/* Objects that are there in the end. */
uint64_t stats__alive(const struct stats_object *o);

/* bool is 0 or 1. */
double stats__number(const struct value *v);

#endif
