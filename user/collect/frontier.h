/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frontier: up to which time the records of several ring buffers are all there. Knows positions and times, no records.
 *
 * A record gets its time after its place in its ring. So when all that was reserved before a certain moment has been
 * read, all that is still to come is younger than that. Each look at a ring makes such a moment, so that one that is
 * read piece by piece is complete up to the time of the look that saw the end of this piece.
 *
 * A program that is interrupted between the two holds up its ring, and thereby all others: for a moment, as a rule. A
 * ring that gives nothing for longer than FRONTIER_PATIENCE is not waited for: its records come late then, and behind
 * younger ones.
 */
#ifndef VIZTRACE_FRONTIER_H
#define VIZTRACE_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRONTIER_PATIENCE 1000000000u /* ns */
#define FRONTIER_GOALS 64             /* of a ring; more looks than that are told apart less finely */

/* Up to `position` a ring was reserved at `ts`. */
struct frontier_goal {
	uint64_t position, ts;
};

struct frontier_ring {
	/* That have not been reached: oldest first, from `first` on, in a circle. */
	struct frontier_goal goals[FRONTIER_GOALS];
	unsigned first, n_goals;
	uint64_t consumed, moved; /* up to there; when it last gave something, or was not asked */
	uint64_t read_until;      /* all that was reserved before has been read */
};

struct frontier {
	struct frontier_ring *rings;
	size_t n;
	uint64_t until;
};

int frontier__init(struct frontier *f, size_t n_rings); /* 0 or -ENOMEM */
void frontier__clear(struct frontier *f);

/* Before ring `i` is read: up to `produced` it is reserved, `now` or a little later. */
void frontier__aim(struct frontier *f, size_t i, uint64_t produced, uint64_t now);

/* And after that: up to `consumed` it has been read; `asked`: an attempt was made. */
void frontier__reach(struct frontier *f, size_t i, uint64_t consumed, bool asked);

/* Do others wait for this ring? So it does not have to be read now if not. */
bool frontier__is_behind(const struct frontier *f, size_t i);

/* All records older than this are there, but for rings that have kept us waiting for too long. Never runs backwards. */
uint64_t frontier__until(struct frontier *f, uint64_t now);

#endif
