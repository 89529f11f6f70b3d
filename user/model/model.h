/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model: events in, sorted by time; calls of trace_ops out. It knows what objects, counters, slices and threads
 * are and what state they are in; it knows neither bytes nor JSON.
 */
#ifndef VIZTRACE_MODEL_H
#define VIZTRACE_MODEL_H

#include "../common/budget.h"
#include "trace.h"

#define MODEL_DEPTH 4096

/* Of a process that was there before. */
#define MODEL_FOUND \
	"attached to a running process: scopes that are open already are not shown, objects when they report"

/* Of one whose trace begins later than it does. */
#define MODEL_KEPT "the trace begins here: objects, counters and slices are as they were, and began before"

struct model;

struct model_stats {
	/* Each event of a probe is counted in one of these. Written: all that it says is in the trace, in whatever
	 * form; for a counter's beginning and end, and for an exit whose enter came before the tool, that is
	 * nothing. */
	uint64_t written[EVENT_PROBES];
	uint64_t rejected[EVENT_PROBES]; /* about an object that nobody introduced */
	uint64_t too_deep[EVENT_PROBES]; /* of a slice in more others than are shown */
	uint64_t unwanted[EVENT_PROBES]; /* ends that the filter did not want and that ended nothing: not written */
	uint64_t refused;                /* what the budget does not allow: these are among the rejected */
	uint64_t forgotten;              /* objects, to keep to the budget */

	uint64_t counters, objects;  /* seen in all; a counter is also each key of a value without an object */
	uint64_t methods;            /* different names of slices */
	uint64_t threads, processes; /* that did something */
	uint64_t not_finite;         /* counter samples with NaN or infinity: shown as an instant */
	uint64_t unreadable;         /* counter samples with a value that could not be read: shown as an instant */
	uint64_t unwound;            /* slices that were ended because their scope was gone (longjmp, lost exit) */
	uint64_t unmatched;          /* exits without an enter: it came before the tool, or was lost; no results */
	uint64_t unmatched_async;    /* the same of asynchronous slices, and of arrows that come in */
};

/* `start` is the time, on the events' clock, that becomes 0. */
int model__new(struct model **ret, const struct trace_ops *ops, void *writer, uint64_t start);
void model__free(struct model *m);

/* Slices inside of that many others, and more, are not shown. Before the first event; else MODEL_DEPTH. */
void model__limit_depth(struct model *m, uint64_t max_depth);

/* What it may keep from here on; they are also written to, and live longer. */
void model__set_budgets(struct model *m, struct budgets *budgets);

/* Let go of the object that has not been used for the longest time, more or less; it ends on the timeline, as it may
 * begin anew. False: there is none. */
bool model__forget_oldest(struct model *m, uint64_t ts, uint32_t *ret_pid, uint64_t *ret_address);

/* For who will have it retold: from here on it knows the last state of each object, which counts for the budget of
 * objects. Before the first event. */
void model__remember(struct model *m);

/* A writer to which a model speaks that nobody listens to. */
extern const struct trace_ops model_unheard;

/* A trace begins at `start` (events' clock): tell that writer all that there is now, at that time, and from then on
 * what is fed. `start` is not earlier than what was fed before. What is counted is so anew, but for methods. As
 * model__feed(). */
int model__retell(struct model *m, const struct trace_ops *ops, void *writer, uint64_t start);

/* The trace's first event. What other processes are called is said when they first do something. */
int model__process_name(struct model *m, uint32_t pid, const char *name);

/* 0 or the first error of the writer, or -ENOMEM; the same from then on. */
int model__feed(struct model *m, const struct event *e);

/* The end of the trace at `ts` (events' clock): ends what is open, writes each living counter's
 * last values once more. */
int model__finish(struct model *m, uint64_t ts);

/* The same, but what is still open when `enough` says so stays open: there may be millions. */
int model__finish_within(struct model *m, uint64_t ts, bool (*enough)(void *ctx), void *ctx);

/* Is there a slice that has begun and not ended, of a thread or asynchronous? */
bool model__has_open_slices(const struct model *m);

/* Something to be read at the end, when all is ended, on the first thread of `pid`. As model__feed(). */
int model__note_at_end(struct model *m, uint64_t ts, uint32_t pid, const char *text);

const struct model_stats *model__stats(const struct model *m);

#endif
