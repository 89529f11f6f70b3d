/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_sample: packets of a counter in, its samples out: what lies in several packets is one. */
#ifndef VIZTRACE_PERFETTO_SAMPLE_H
#define VIZTRACE_PERFETTO_SAMPLE_H

#include "../model/trace.h"
#include "perfetto_sequence.h"
#include "perfetto_track.h"
#include "values.h"

/* All zeros is none. */
struct perfetto_sample {
	struct perfetto_track *of; /* NULL: there is none */
	struct where at;
	bool closing;
	uint32_t last;   /* the series of the latest value */
	uint64_t series; /* a hash of all of them */
	struct values values;
};

/* The packet's fields that are about one. */
struct perfetto_sample_packet {
	uint64_t ts;
	const struct table *tracks;
	const struct perfetto_tracks *defaults;
	struct wire event;
	uint32_t tid;   /* 0: it does not say */
	uint64_t zeros; /* PACKET_OUR_ZEROS */
};

/*
 * The first sample of a packet, or what goes on with the one that is there. *ret_done: it does not, and nothing has
 * been done: that one is to be told first. 0; -EINVAL: we write no such packet; -ENOMEM.
 */
int perfetto_sample__add(struct perfetto_sample *s, const struct perfetto_sample_packet *p, bool *ret_done);

/* Tell it, if there is one; there is none then. 0 or what the other side returned. */
int perfetto_sample__tell(struct perfetto_sample *s, const struct trace_ops *ops, void *writer);

void perfetto_sample__free(struct perfetto_sample *s);

#endif
