/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * histogram: durations in, percentiles out, in a memory that does not grow with their number. Log-linear, as HDR
 * histograms are: each power of two has 64 buckets of one width.
 *
 *	0 ... 127		a bucket for each
 *	128 ... 255		64 buckets of 2
 *	256 ... 511		64 buckets of 4, and so on to 2^64 - 1
 *
 * A bucket is at most 1/64 of its lower bound wide and stands for its middle, so that what comes out is off by 1/128 of
 * it, 0.8 %, at most. Memory: 512 bytes for each power of two that came in, 30 KB for all that there are.
 */
#ifndef VIZTRACE_HISTOGRAM_H
#define VIZTRACE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 64 /* of a power of two */
#define HISTOGRAM_OCTAVES 59 /* the first one is 0 to 63 */

/* All zeros is an empty one. */
struct histogram {
	uint64_t count;
	uint64_t min, max;
	uint64_t *octaves[HISTOGRAM_OCTAVES]; /* counts; NULL: none of these yet */
};

/* 0 or -ENOMEM; then it was not added. */
int histogram__add(struct histogram *h, uint64_t value);

/* By nearest rank: the smallest value that `percent` (1 to 100) of all are not above, to 1/128 of it; never outside of
 * min to max, and the maximum itself if it is that one. 0 for an empty one. */
uint64_t histogram__percentile(const struct histogram *h, unsigned percent);

/* All that is in `from`, too. 0 or -ENOMEM; then not all of it. */
int histogram__merge(struct histogram *to, const struct histogram *from);

void histogram__clear(struct histogram *h);

#endif
