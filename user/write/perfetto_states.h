/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto_states: what an object's state is called: what has changed since the one before, as "balance=3", or all of
 * it if there was none. Knows objects, not packets.
 */
#ifndef VIZTRACE_PERFETTO_STATES_H
#define VIZTRACE_PERFETTO_STATES_H

#include <stdbool.h>

#include "../common/event.h"
#include "../common/table.h"

#define PERFETTO_STATE_LONGEST 96 /* bytes of a name */

/* An object that has a track. */
struct perfetto_life {
	uint32_t tid;         /* who wrote its latest state */
	bool replaces;        /* it ended one, whose end was not told yet */
	size_t n;             /* attributes in it */
	uint64_t *attributes; /* a hash of each */
	uint64_t name;        /* a hash of its name; 0: it has no state yet */
};

/* All zeros is an empty set. */
struct perfetto_states {
	struct table lives;
	char name[PERFETTO_STATE_LONGEST + 8];
	size_t size;
};

/* NULL: there is no such one, or no memory for it. */
struct perfetto_life *perfetto_states__find(const struct perfetto_states *s, uint64_t life);
struct perfetto_life *perfetto_states__add(struct perfetto_states *s, uint64_t life);
void perfetto_states__remove(struct perfetto_states *s, uint64_t life);
void perfetto_states__free(struct perfetto_states *s);

/* The name of the state that begins, in s->name, never empty; `*ret_same`: it may be that of the state before.
 * 0 or -ENOMEM. */
int perfetto_states__name(struct perfetto_states *s, struct perfetto_life *life, const struct value *values,
			  size_t n_values, bool *ret_same);

#endif
