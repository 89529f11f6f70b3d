// SPDX-License-Identifier: BSD-2-Clause
/* frontier: see frontier.h. */
#include "frontier.h"

#include <errno.h>
#include <stdlib.h>

int frontier__init(struct frontier *f, size_t n_rings)
{
	f->rings = calloc(n_rings, sizeof(*f->rings));
	f->n = n_rings;
	f->until = 0;
	return f->rings ? 0 : -ENOMEM;
}

void frontier__clear(struct frontier *f)
{
	free(f->rings);
	*f = (struct frontier){ 0 };
}

void frontier__aim(struct frontier *f, size_t i, uint64_t produced, uint64_t now)
{
	struct frontier_ring *ring = &f->rings[i];

	ring->last = (struct frontier_goal){ produced, now };
	if (!ring->aims)
		ring->first = ring->last;
	ring->aims = true;
}

void frontier__reach(struct frontier *f, size_t i, uint64_t consumed)
{
	struct frontier_ring *ring = &f->rings[i];

	if (!ring->aims || consumed < ring->first.position)
		return;
	ring->aims = consumed < ring->last.position;
	ring->read_until = ring->aims ? ring->first.ts : ring->last.ts;
	ring->first = ring->last;
}

uint64_t frontier__until(struct frontier *f, uint64_t now)
{
	uint64_t least = now;

	for (size_t i = 0; i < f->n; i++) {
		const struct frontier_ring *ring = &f->rings[i];
		bool late = ring->aims && now - ring->first.ts > FRONTIER_PATIENCE;

		if (!late && ring->read_until < least)
			least = ring->read_until;
	}
	if (least > f->until)
		f->until = least;
	return f->until;
}
