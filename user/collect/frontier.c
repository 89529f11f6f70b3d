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

static struct frontier_goal *goal(struct frontier_ring *ring, unsigned i)
{
	return &ring->goals[(ring->first + i) % FRONTIER_GOALS];
}

void frontier__aim(struct frontier *f, size_t i, uint64_t produced, uint64_t now)
{
	struct frontier_ring *ring = &f->rings[i];

	if (!ring->n_goals)
		ring->moved = now;
	/* With nothing new the last look's end is this one's. */
	if (!ring->n_goals || (ring->n_goals < FRONTIER_GOALS && goal(ring, ring->n_goals - 1)->position != produced))
		ring->n_goals++;
	*goal(ring, ring->n_goals - 1) = (struct frontier_goal){ produced, now };
}

void frontier__reach(struct frontier *f, size_t i, uint64_t consumed, bool asked)
{
	struct frontier_ring *ring = &f->rings[i];

	if (ring->n_goals && (consumed != ring->consumed || !asked))
		ring->moved = goal(ring, ring->n_goals - 1)->ts;
	ring->consumed = consumed;
	while (ring->n_goals && goal(ring, 0)->position <= consumed) {
		ring->read_until = goal(ring, 0)->ts;
		ring->first = (ring->first + 1) % FRONTIER_GOALS;
		ring->n_goals--;
	}
}

static bool is_waited_for(const struct frontier_ring *ring, uint64_t now)
{
	return !ring->n_goals || now - ring->moved <= FRONTIER_PATIENCE;
}

uint64_t frontier__until(struct frontier *f, uint64_t now)
{
	uint64_t least = now;

	for (size_t i = 0; i < f->n; i++)
		if (is_waited_for(&f->rings[i], now) && f->rings[i].read_until < least)
			least = f->rings[i].read_until;
	if (least > f->until)
		f->until = least;
	return f->until;
}

bool frontier__is_behind(const struct frontier *f, size_t i)
{
	return f->rings[i].read_until <= f->until;
}
