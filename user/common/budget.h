/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * budget: how much memory what a target invents may take. Whoever keeps something for it says so, to within some ten
 * bytes for each; nothing is refused here.
 *
 * In two halves: what can be forgotten, as it is introduced anew when it fires again, must not be pushed out for good
 * by what has to be kept, as viewers keep it.
 */
#ifndef VIZTRACE_BUDGET_H
#define VIZTRACE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
	uint64_t limit; /* bytes; 0: none */
	uint64_t used;
};

struct budgets {
	struct budget objects; /* and what goes with them: groups of the filter */
	struct budget kept;    /* tracks, threads, processes, classes */
};

#define BUDGET_SLOT 48       /* of a table, of which half are free */
#define BUDGET_ALLOCATION 16 /* bytes that one takes beside its own */

/* Of something of that size in a table. */
static inline uint64_t budget__entry(size_t size)
{
	return size + BUDGET_ALLOCATION + BUDGET_SLOT;
}

/* These take NULL. */
static inline void budget__take(struct budget *b, uint64_t size)
{
	if (b)
		b->used += size;
}

static inline void budget__give(struct budget *b, uint64_t size)
{
	if (b)
		b->used -= size;
}

static inline bool budget__is_spent(const struct budget *b)
{
	return b && b->limit && b->used >= b->limit;
}

#endif
