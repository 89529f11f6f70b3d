/* SPDX-License-Identifier: BSD-2-Clause */
/* packets: a stream of a trace's packets, one by one. Memory: one packet, of STREAM_MAX at most. */
#ifndef VIZTRACE_PACKETS_H
#define VIZTRACE_PACKETS_H

#include <stdint.h>

#include "stream.h"

struct packets {
	struct stream *from;
	uint64_t offset; /* of the packet that was returned last, or of what is none; bytes, unpacked */
	uint64_t next;   /* where the one after it begins */
	bool is_cut;     /* the end of the last one is missing; to be asked when there are no more */
};

/*
 * 1: *ret is the next packet without its tag and length, until the next call. 0: there is no whole one. -EINVAL: what
 * comes next is none. -errno: see stream__more(); -E2BIG: it is longer than STREAM_MAX.
 */
int packets__next(struct packets *p, const char **ret, size_t *ret_size);

#endif
