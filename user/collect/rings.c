// SPDX-License-Identifier: BSD-2-Clause
/* rings: see rings.h. */
#include "rings.h"

#include <errno.h>

/* The largest power of two of at most `most` bytes for all of them. */
static uint64_t fitting(uint64_t size, unsigned n, uint64_t most)
{
	while (size > RING_SIZE_MIN && size * n > most)
		size /= 2;
	return size;
}

int rings__plan(struct ring_plan *ret, unsigned cpus, uint64_t memory, uint64_t wanted)
{
	uint64_t most = memory / 4;

	ret->n = cpus < 1 ? 1 : cpus > RINGS_MOST ? RINGS_MOST : cpus;
	if (wanted) {
		ret->size = fitting(wanted, ret->n, most);
		return ret->size < wanted ? -E2BIG : 0;
	}
	/* Few CPUs get larger rings: there the collector is more likely to wait for its turn. */
	ret->size = fitting(RING_SIZE_MOST, ret->n, RING_SIZES);
	if (ret->size < RING_SIZE_LEAST)
		ret->size = fitting(RING_SIZE_LEAST, ret->n, RING_SIZES_MOST);
	ret->size = fitting(ret->size, ret->n, most);
	return 0;
}
