/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * laps: what is in the slots of batches (viztrace.h), looked at again and again, in; each record of it, once, out.
 *
 * A slot's lap is seen when it is full, by the kernel (flushed), and before that, by ourselves (drained): then what is
 * new is only what is behind the part that was seen. What is passed in for one slot has to be in order, but for this:
 * what was drained may be passed in after what was flushed later. All of it is untrusted.
 *
 * A record that is being written stops a look at its lap, as those behind it in time may not be passed on before it;
 * unless it takes too long (the program may be stopped in the midst of it, or have left it for good): then it is a
 * hole, which is looked at again as long as its lap is there.
 */
#ifndef VIZTRACE_LAPS_H
#define VIZTRACE_LAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/table.h"

#define LAPS_KINDS 8  /* enum viz_record is below that */
#define LAPS_HOLES 16 /* in one lap: each is a signal handler on top of another one */

/* Of a lap that there was no room for: from which byte on, and records of each kind. All zeros: of none. */
struct laps_part {
	uint32_t lap, from;
	uint32_t records[LAPS_KINDS];
};

struct laps_slot {
	uint64_t address;
	uint32_t pid, generation, life; /* see laps__slot() */
	uint32_t file; /* whose it is, and where that is mapped: for who made it known; 0: nobody did */
	uint64_t bias;
	uint64_t owner; /* the thread pointer */
	uint32_t tid;   /* of who had its last lap copied; 0: nobody yet */
	bool known;     /* has been looked at */
	uint32_t lap, lost_lap;
	uint32_t lost;    /* bytes of lap `lost_lap`, the last of which it says that it had no room for them; 0: none */
	uint32_t flushed; /* bytes of this lap that the kernel has passed on */
	uint32_t taken;   /* bytes */
	uint32_t complete; /* of those, in records that were passed on */
	uint32_t n_holes;
	uint32_t holes[LAPS_HOLES];
	uint64_t drained[LAPS_KINDS]; /* records of this lap that we have, and that it has not passed on */
	struct laps_part part;
	uint64_t waiting; /* its records that still need it: for who made it known */
	struct laps_slot *next;
};

/* All zeros are books without a slot. */
struct laps {
	uint64_t from, until; /* by the records' own clock: the kernel counts those lost in between; until 0: not yet */
	struct table by_address;
	struct laps_slot *first;
	size_t n;
	/* Records that the kernel counts as lost with their lap, but that we have. */
	uint64_t had[LAPS_KINDS];
	uint64_t lost[LAPS_KINDS]; /* and those that it does not count, but that nobody has */
	uint64_t malformed;        /* laps that were given up where they contradict themselves */
};

struct laps_look {
	const uint64_t *data;
	const uint64_t *before; /* the same, read before: what is complete there is complete in `data`. NULL: all is */
	uint32_t lap, size;     /* size: bytes of it */
	uint32_t complete;      /* bytes in records that are complete, or UINT32_MAX: nobody knows */
	bool flushed;
	bool impatient; /* what is being written has been for too long, or will never be complete */
};

/* `n` bytes, a multiple of 8, at least the three words that each record has. 0 or an error, which ends the look. */
typedef int (*laps_cb)(void *ctx, struct laps_slot *slot, const uint64_t *record, uint32_t n);

/* Which one: memory at an address may be another one's later. */
struct laps_key {
	uint64_t address;
	uint32_t pid;
	uint32_t generation; /* of the process's memory */
	uint32_t life;       /* of its pool: a number that no other pool has; 0: nobody knows */
};

/* The books of a slot, if there are any yet; made if need be (NULL: no memory). */
const struct laps_slot *laps__find(const struct laps *l, const struct laps_key *key);
struct laps_slot *laps__slot(struct laps *l, const struct laps_key *key);

/* 0, 1 if there is something being written before the end, or the callback's error. */
int laps__look(struct laps *l, struct laps_slot *s, const struct laps_look *look, laps_cb cb, void *ctx);

/* There was no room for so much of the lap. It may be looked at all the same, as long as it is there. */
void laps__lose(struct laps_slot *s, uint32_t lap, uint32_t bytes);

/* There was none for what is in it so far. It is lost if the lap never comes. */
void laps__lose_part(struct laps_slot *s, const struct laps_part *part);

/* Those that `gone` says so of are settled as they are, and freed. */
void laps__drop(struct laps *l, bool (*gone)(void *ctx, struct laps_slot *slot), void *ctx);

/* No more looks: settles the books. */
void laps__close(struct laps *l);

void laps__clear(struct laps *l);

#endif
