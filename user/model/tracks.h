/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tracks: which (name, id) a counter's samples go to, and what was written there last.
 *
 * Viewers freeze a counter's series at its first sample, and merge counters of one (name, id). So a track
 * belongs to one set of series for all of the trace, and to one counter at a time; when that is gone the
 * track may go to another one with the same name and series. The first track of a name has no id.
 *
 * Memory: one track for each counter that is alive at the same time as others of its name, and for each set
 * of series. A track is never forgotten: viewers do not forget it either.
 */
#ifndef VIZTRACE_TRACKS_H
#define VIZTRACE_TRACKS_H

#include "names.h"
#include "trace.h"

struct track_group;

struct track {
	struct trace_counter counter; /* the id is NULL or unique among the tracks of this (pid, name) */
	uint32_t pid, tid;
	bool sampled;
	size_t n_values;
	struct value *last; /* the last sample, with the series' keys */
	struct track *next; /* in the order in which they were made */
	struct track *next_free;
	struct track_group *group;
};

/* All zeros is an empty set; `names` must be set and live longer. */
struct tracks {
	struct names *names;
	struct table groups;
	struct track *first, *end;
	uint64_t made;
};

/* A track with these series for a counter, until it is released. 0 or -ENOMEM. */
int tracks__claim(struct tracks *t, uint32_t pid, struct name *name, const struct value *values, size_t n_values,
		  struct track **ret);

/* The track of values reported by name and key, without an object: one for each key, never released. */
int tracks__value(struct tracks *t, uint32_t pid, struct name *name, const struct value *value, struct track **ret);

void track__release(struct track *track);

/* The process is over: all its tracks are freed. */
void tracks__forget(struct tracks *t, uint32_t pid);

/* Are these the track's series? */
static inline bool track__fits(const struct track *track, const struct value *values, size_t n_values)
{
	size_t i;

	if (track->n_values != n_values)
		return false;
	for (i = 0; i < n_values; i++)
		if (__builtin_strcmp(track->last[i].key, values[i].key) != 0)
			return false;
	return true;
}

/* `values` are what the track shows from here on. They are numbers: nothing of theirs is pointed to. */
static inline void track__remember(struct track *track, uint32_t tid, const struct value *values)
{
	size_t i;

	for (i = 0; i < track->n_values; i++) {
		track->last[i].type = values[i].type;
		track->last[i].u = values[i].u;
	}
	track->tid = tid;
	track->sampled = true;
}

void tracks__clear(struct tracks *t);

#endif
