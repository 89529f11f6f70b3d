/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto_counters: samples of counters in, packets out. A counter is a track with one track for each series below it.
 *
 * A packet holds a sample of up to nine series. Which these are is said once, in the defaults of a sequence that is
 * theirs alone, so what is left is the time and the values:
 *
 *	defaults of sequence 7	track 100, further integers 101 102, further doubles 103
 *	a packet of it		time, -3, further integers 5 7, further doubles 0.5
 */
#ifndef VIZTRACE_PERFETTO_COUNTERS_H
#define VIZTRACE_PERFETTO_COUNTERS_H

#include "../common/table.h"
#include "../model/trace.h"
#include "perfetto_packets.h"

#define PERFETTO_COUNTERS_KEPT 16384 /* and as many again as were used lately */

/* All zeros is an empty set. */
struct perfetto_counters {
	struct table known;
	size_t limit;
	uint64_t tracks; /* made so far */
	struct proto defaults;
};

/* `process` is the track that they belong to, and was described. 0 or -errno; -EINVAL: one is no finite number. */
int perfetto_counters__put(struct perfetto_counters *c, struct perfetto_packets *to, struct where at, uint64_t process,
			   const struct trace_counter *counter, const struct value *values, size_t n_values,
			   bool closing);

void perfetto_counters__free(struct perfetto_counters *c);

#endif
