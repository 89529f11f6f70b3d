/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tenants: which processes with batches there are, and whose pools are where in them at the moment. The books of slots
 * (laps.h) of pools that are no more, and what is known of the memory of processes that are no more, are dropped once
 * nothing of theirs is on its way: programs may map, unmap, exec and end for ever. A part of batches.
 */
#ifndef VIZTRACE_TENANTS_H
#define VIZTRACE_TENANTS_H

#include <sys/types.h>

#include "../../bpf/record.h"
#include "../common/table.h"
#include "laps.h"
#include "memory.h"

#define TENANTS_SLOTS_MOST (32u << 10) /* of which there may be books */

/* All zeros, but for the maps, are none. */
struct tenants {
	pid_t *processes;
	size_t n;
	struct table lives;       /* of pools at the last look, with their processes and these's generation */
	struct table needed;      /* processes that have any */
	uint64_t looked;          /* ns */
	size_t kept;              /* books that were left when others were dropped */
	bool has_looked;          /* and nothing has been dropped since */
	int batched, losses;      /* the kernel's maps */
	struct rec_batched entry; /* for a moment */
};

void tenants__clear(struct tenants *t);

/* 0 or -ENOMEM. */
int tenants__add(struct tenants *t, pid_t pid);

/*
 * Looks, if it is time for that, which pools there are. Later, when all laps that the kernel had copied before that
 * look have been seen: drops what was left of others. 0 or -ENOMEM.
 */
int tenants__look(struct tenants *t, const struct laps *l, uint64_t now);
void tenants__drop_others(struct tenants *t, struct laps *l, struct memory *m);

/* All that the kernel's books have of laps that there was no room for. */
void tenants__take_losses(const struct tenants *t, struct laps *l);

#endif
