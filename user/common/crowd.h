/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd: what belongs to each process, in the order in which it came, so that the end of a process takes as long as it
 * has things, however many others have. What belongs to one has a `struct crowd_link` in it. Owns nothing of that.
 */
#ifndef VIZTRACE_CROWD_H
#define VIZTRACE_CROWD_H

#include <stddef.h>
#include <stdint.h>

#include "table.h"

struct crowd_link {
	struct crowd_link *prev, *next; /* in its process; NULL at the ends */
	struct crowd_process *process;
};

/* All zeros is an empty crowd. */
struct crowd {
	struct table processes;
	struct crowd_process *recent; /* most calls are about the one of the last call */
};

/* 0 or -ENOMEM. */
int crowd__add(struct crowd *c, uint32_t pid, struct crowd_link *link);

void crowd__remove(struct crowd *c, struct crowd_link *link);

/* Or NULL: it has nothing. */
struct crowd_link *crowd__first(const struct crowd *c, uint32_t pid);

/* All links are forgotten. */
void crowd__clear(struct crowd *c);

/* What the link is in. */
#define CROWD_OF(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
