/* SPDX-License-Identifier: BSD-2-Clause */
/* rings: how many ring buffers, and how large. Knows numbers; asks nobody. */
#ifndef VIZTRACE_RINGS_H
#define VIZTRACE_RINGS_H

#include <stdint.h>

/* The default is RING_SIZES for all together within these: what it takes to lose nothing while a collector that shares
 * its CPU with others is not running (`make bench BENCH=rings`). */
#define RING_SIZES (64u << 20)
#define RING_SIZE_LEAST (8u << 20)
#define RING_SIZE_MOST (32u << 20)
#define RING_SIZE_MIN (64u << 10)
#define RINGS_MOST 512               /* how many */
#define RING_SIZES_MOST (512u << 20) /* of all together, by default: with more CPUs each gets less */

struct ring_plan {
	unsigned n;    /* for CPUs beyond them: the rings are shared */
	uint64_t size; /* of each, in bytes: a power of two */
};

/* For so many CPUs that are online, on a machine with so many bytes of memory, of which all rings together take a
 * quarter at most. `wanted`: the size of each, a power of two; 0: the default. 0, or -E2BIG: more than that is wanted;
 * then ret->size is the largest that there could be. */
int rings__plan(struct ring_plan *ret, unsigned cpus, uint64_t memory, uint64_t wanted);

#endif
