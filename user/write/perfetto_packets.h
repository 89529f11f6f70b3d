/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_packets: fields in, whole packets of a trace out, one at a time. Knows no tracks. */
#ifndef VIZTRACE_PERFETTO_PACKETS_H
#define VIZTRACE_PERFETTO_PACKETS_H

#include <stdbool.h>

#include "output.h"
#include "../common/perfetto_fields.h"
#include "proto.h"

struct perfetto_packets {
	struct output *out;
	uint64_t start;         /* CLOCK_MONOTONIC where the trace's times begin */
	uint32_t last_sequence; /* that was given to anybody */
	struct proto fields;    /* of the packet that is being made */
	size_t begun;
};

/* A packet of `sequence`; fields may be added to it until perfetto_packets__end(). */
struct proto *perfetto_packets__begin(struct perfetto_packets *p, uint32_t sequence);

/* The same for an event at `ts`, ns since the beginning of the trace. */
struct proto *perfetto_packets__begin_at(struct perfetto_packets *p, uint32_t sequence, uint64_t ts);

/* The first one of a sequence, or the first after which nothing that came before counts: its times are those of
 * CLOCK_MONOTONIC. `event`: defaults of its events, or NULL. Whole. */
int perfetto_packets__sequence(struct perfetto_packets *p, uint32_t sequence, bool first, const struct proto *event);

/* Into the output. 0 or -errno. */
int perfetto_packets__end(struct perfetto_packets *p);

/* For output__without_head(). */
void perfetto_packets__fill(char *to, size_t size);

#endif
