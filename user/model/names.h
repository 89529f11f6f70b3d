/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: one copy of each text that is in use, so that equal names are equal pointers.
 *
 * Memory: the names in use, and a quarter as many again (NAMES_IDLE at least): those that nobody uses any more are kept
 * for the next time, until they are more than that.
 */
#ifndef VIZTRACE_NAMES_H
#define VIZTRACE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/table.h"

#define NAMES_IDLE 4096

struct name {
	struct name *next; /* of the same hash and size */
	uint64_t hash;
	char *pretty; /* of a C++ signature, made when it was first asked for */
	uint32_t uses;
	bool seen_slice; /* for the caller: a slice had that name */
	char text[];
};

/* All zeros is an empty set. */
struct names {
	struct table by_hash;
	uint64_t count, limit;
};

/* The name, used once more; NULL: no memory. */
struct name *names__take(struct names *n, const char *text);

/* The name if it is known, as it is. */
struct name *names__find(const struct names *n, const char *text);

/* Used once less. Takes NULL. */
void names__drop(struct name *name);

/* The name of the function whose C++ signature this is; the signature itself if there is no memory. */
const char *name__pretty(struct name *name);

void names__clear(struct names *n);

#endif
