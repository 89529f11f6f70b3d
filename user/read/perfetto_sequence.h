/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto_sequence: what a sequence of packets has said and its later packets refer to: names by their numbers, and
 * the tracks of a counter's series.
 */
#ifndef VIZTRACE_PERFETTO_SEQUENCE_H
#define VIZTRACE_PERFETTO_SEQUENCE_H

#include "../common/perfetto_fields.h"
#include "../common/table.h"
#include "wire.h"

/* Tracks in the order in which their values come. */
struct perfetto_tracks {
	uint64_t main;
	uint64_t ints[PERFETTO_CHUNK], doubles[PERFETTO_CHUNK];
	size_t n_ints, n_doubles;
};

struct perfetto_sequence {
	struct perfetto_tracks defaults;
	struct table names; /* by kind (a field of InternedData) and number */
};

/* All zeros is no sequence at all. NULL: no memory. */
struct perfetto_sequence *perfetto_sequence__of(struct table *all, uint32_t number);
void perfetto_sequences__free(struct table *all);

/* Nothing of what it said counts any longer. */
void perfetto_sequence__clear(struct perfetto_sequence *s);

/* A message of the packet: TracePacketDefaults, InternedData. 0, -EINVAL or -ENOMEM. */
int perfetto_sequence__on_defaults(struct perfetto_sequence *s, struct wire message);
int perfetto_sequence__on_interned(struct perfetto_sequence *s, struct wire message);

/* The field is one of a track, in defaults or in an event. -EINVAL: one too many. */
int perfetto_tracks__take(struct perfetto_tracks *t, const struct wire *field);

/* NULL: it was not said. */
const char *perfetto_sequence__name(const struct perfetto_sequence *s, uint32_t kind, uint64_t number);

#endif
