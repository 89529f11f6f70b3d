/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_track: what a track's descriptor says, and what is to be known of it while events come. */
#ifndef VIZTRACE_PERFETTO_TRACK_H
#define VIZTRACE_PERFETTO_TRACK_H

#include <stdbool.h>

#include "../common/table.h"
#include "wire.h"

enum perfetto_track_kind {
	TRACK_IS_PROCESS,
	TRACK_IS_THREAD,
	TRACK_IS_COUNTER, /* the one above its series */
	TRACK_IS_SERIES,
	TRACK_IS_OBJECT,
	TRACK_IS_SLICE, /* of one that was open before */
	TRACK_IS_ASYNC, /* of asynchronous slices */
};

struct perfetto_track {
	enum perfetto_track_kind kind;
	uint64_t uuid;
	uint32_t pid, tid; /* `tid`: of whom its events are, from here on */
	char *name;        /* of a process or a thread it may be NULL */

	char *id;          /* COUNTER: or NULL */
	uint32_t n_series; /* COUNTER: so far */
	bool sampled;

	struct perfetto_track *above; /* SERIES */
	uint32_t index;
	bool is_double;
	char *unit; /* or NULL */

	uint64_t address; /* OBJECT */
	char *class;
	bool in_state;

	uint64_t since; /* SLICE: when it began; 0 or */
	bool begun;

	bool goes_on; /* ASYNC: with what has ended for now */

	char *open; /* THREAD, ASYNC: names of its slices, outermost first, each with its NUL */
	size_t size, room;
	size_t n; /* of them */
};

/* What the packet of a descriptor has beside it. */
struct perfetto_track_extra {
	uint64_t address;
	const char *class, *id; /* or NULL; not NUL-terminated */
	size_t class_size, id_size;
};

/* A TrackDescriptor; *ret_named: it says how the process or the thread is called. A track that is known stays so. 0;
 * -EINVAL: we write no such one; -ENOMEM. */
int perfetto_track__describe(struct table *all, struct wire message, const struct perfetto_track_extra *extra,
			     struct perfetto_track **ret, bool *ret_named);

/* NULL: it was not described, or is none of that kind. */
struct perfetto_track *perfetto_track__find(const struct table *all, uint64_t uuid, enum perfetto_track_kind kind);

void perfetto_track__forget(struct table *all, struct perfetto_track *track);
void perfetto_tracks__free(struct table *all);

/* A slice begins: 0 or -ENOMEM. It ends: its name, until the next call, or NULL if none is open. */
int perfetto_track__push(struct perfetto_track *track, const char *name);
const char *perfetto_track__pop(struct perfetto_track *track);

#endif
