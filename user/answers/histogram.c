// SPDX-License-Identifier: BSD-2-Clause
/* histogram: see histogram.h. */
#include "histogram.h"

#include <errno.h>
#include <stdlib.h>

struct place {
	unsigned octave, bucket;
};

static struct place place_of(uint64_t value)
{
	unsigned power;

	if (value < HISTOGRAM_BUCKETS)
		return (struct place){ 0, (unsigned)value };
	power = 63 - (unsigned)__builtin_clzll(value); /* 6 at least */
	return (struct place){ power - 5, (unsigned)(value >> (power - 6)) - HISTOGRAM_BUCKETS };
}

/* The middle of a bucket. */
static uint64_t value_of(struct place at)
{
	uint64_t width;

	if (!at.octave)
		return at.bucket;
	width = 1ull << (at.octave - 1);
	return (HISTOGRAM_BUCKETS + at.bucket) * width + (width - 1) / 2;
}

int histogram__add(struct histogram *h, uint64_t value)
{
	struct place at = place_of(value);
	uint64_t **octave = &h->octaves[at.octave];

	if (!*octave)
		*octave = calloc(HISTOGRAM_BUCKETS, sizeof(**octave));
	if (!*octave)
		return -ENOMEM;
	(*octave)[at.bucket]++;
	if (!h->count || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count++;
	return 0;
}

uint64_t histogram__percentile(const struct histogram *h, unsigned percent)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t rank = (uint64_t)(((wide)h->count * percent + 99) / 100), value = h->max, seen = 0;
	struct place at;

	if (rank == h->count)
		return h->max;
	for (at.octave = 0; at.octave < HISTOGRAM_OCTAVES && seen < rank; at.octave++) {
		for (at.bucket = 0; h->octaves[at.octave] && at.bucket < HISTOGRAM_BUCKETS; at.bucket++) {
			seen += h->octaves[at.octave][at.bucket];
			if (seen < rank)
				continue;
			value = value_of(at);
			break;
		}
	}
	return value < h->min ? h->min : value > h->max ? h->max : value;
}

int histogram__merge(struct histogram *to, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_OCTAVES; i++) {
		if (!from->octaves[i])
			continue;
		if (!to->octaves[i])
			to->octaves[i] = calloc(HISTOGRAM_BUCKETS, sizeof(**to->octaves));
		if (!to->octaves[i])
			return -ENOMEM;
		for (unsigned k = 0; k < HISTOGRAM_BUCKETS; k++)
			to->octaves[i][k] += from->octaves[i][k];
	}
	if (from->count && (!to->count || from->min < to->min))
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
	to->count += from->count;
	return 0;
}

void histogram__clear(struct histogram *h)
{
	for (unsigned i = 0; i < HISTOGRAM_OCTAVES; i++)
		free(h->octaves[i]);
	*h = (struct histogram){ 0 };
}
