/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tracks: which (name, id) a counter's samples go to, and what was written there last.
 *
 * Viewers freeze a counter's series at its first sample, and merge counters of one (name, id). So a track
 * has one set of series for all of the trace, and one counter at a time, which reports all or some of them; when
 * that is gone the track may go to another one of the same name. The first track of a name has no id; the others
 * have the address of the object that they belong to, and to no other.
 *
 * Memory: one track for each address of counters that are alive at the same time as others of their name, and for each
 * set of series. A track is never forgotten: viewers do not forget it either.
 */
#ifndef VIZTRACE_TRACKS_H
#define VIZTRACE_TRACKS_H

#include "../common/budget.h"
#include "../common/crowd.h"
#include "names.h"
#include "trace.h"

struct track_group;

struct track {
	struct trace_counter counter; /* the id is NULL or unique among the tracks of this (pid, name) */
	uint64_t address;             /* of whom it belongs to; 0: the first of its name, or a value's */
	uint32_t pid, tid;
	bool sampled;
	bool is_value; /* of no object */
	bool told;     /* the writer knows all of its series */
	size_t n_values;
	struct value *last;        /* the last sample, with the series' keys; zeros for what is not shown */
	uint64_t cost;             /* of the budget */
	uint64_t shown;            /* bit i: series i was in the last sample */
	struct track *prev, *next; /* in the order in which they were made */
	struct crowd_link by_process;
	struct track *next_free;
	struct track_group *group;
};

/* All zeros is an empty set; `names` must be set and live longer. */
struct tracks {
	struct names *names;
	struct budget *budget; /* or NULL */
	struct table groups;
	struct crowd crowd, group_crowd; /* tracks and groups, of each process */
	struct track *first, *end;
	uint64_t made;
};

/* A track with these series, and perhaps more, for a counter, until it is released. 0 or -ENOMEM. */
int tracks__claim(struct tracks *t, uint32_t pid, struct name *name, uint64_t address, const struct value *values,
		  size_t n_values, struct track **ret);

/* The track of values reported by name and key, without an object: one for each key, never released. */
int tracks__value(struct tracks *t, uint32_t pid, struct name *name, const struct value *value, struct track **ret);

void track__release(struct track *track);

/* The process is over: all its tracks are freed. */
void tracks__forget(struct tracks *t, uint32_t pid);

/* Of a sample with all of the track's series, as most are. */
static inline uint64_t track__all(const struct track *track)
{
	return track->n_values < 64 ? (1ull << track->n_values) - 1 : UINT64_MAX;
}

static inline bool track__is_series(const struct value *series, const struct value *v)
{
	if (__builtin_strcmp(series->key, v->key) != 0)
		return false;
	return series->unit == v->unit || (series->unit && v->unit && !__builtin_strcmp(series->unit, v->unit));
}

/* Are these series of the track, in its order? *ret_mask: bit i: series i is one of them. */
static inline bool track__covers(const struct track *track, const struct value *values, size_t n_values,
				 uint64_t *ret_mask)
{
	uint64_t mask = 0;
	size_t i, k = 0;

	if (track->n_values < n_values)
		return false;
	if (track->n_values == n_values) {
		while (k < n_values && track__is_series(&track->last[k], &values[k]))
			k++;
		*ret_mask = track__all(track);
		return k == n_values;
	}
	for (i = 0; i < track->n_values && k < n_values; i++) {
		if (!track__is_series(&track->last[i], &values[k]))
			continue;
		mask |= 1ull << (i & 63);
		k++;
	}
	*ret_mask = mask;
	return k == n_values;
}

/* `values`, the series in `mask`, are what the track shows from here on. They are numbers: nothing of theirs is
 * pointed to. */
static inline void track__remember(struct track *track, uint32_t tid, const struct value *values, uint64_t mask)
{
	const bool all = mask == track__all(track);

	for (size_t i = 0; i < track->n_values; i++) {
		if (!all && !(mask >> (i & 63) & 1)) {
			track->last[i].u = 0;
			continue;
		}
		track->last[i].type = values->type;
		track->last[i].u = values->u;
		values++;
	}
	track->tid = tid;
	track->sampled = true;
	track->counter.set += track->shown != mask;
	track->shown = mask;
}

void tracks__clear(struct tracks *t);

#endif
