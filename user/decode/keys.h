/* SPDX-License-Identifier: BSD-2-Clause */
/* keys: the names of a class's attributes, one copy for all groups of objects of that class. */
#ifndef VIZTRACE_KEYS_H
#define VIZTRACE_KEYS_H

#include "../common/budget.h"
#include "../common/table.h"

struct keys {
	uint64_t process, cls; /* whose, with its generation */
	uint32_t uses;
	uint64_t cost;
	size_t n;
	char *names[];
};

/* All zeros is an empty set. */
struct key_sets {
	struct table by_class;
	struct budget *budget; /* or NULL */
};

/* Used once more; NULL: no memory. Another class may have been at that address: its keys live as long as they are used.
 */
struct keys *keys__take(struct key_sets *s, uint64_t process, uint64_t cls, const char *const *names, size_t n);

/* Used once less. Takes NULL. */
void keys__drop(struct key_sets *s, struct keys *k);

bool keys__are(const struct keys *k, const char *const *names, size_t n);

/* All have been dropped. */
void keys__clear(struct key_sets *s);

#endif
