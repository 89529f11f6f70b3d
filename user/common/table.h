/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: a pair of 64-bit keys in, a pointer out. Open addressing by a hash with a secret seed (hash.h); owns nothing
 * that it points to.
 */
#ifndef VIZTRACE_TABLE_H
#define VIZTRACE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t a, b;
	void *value; /* NULL: empty */
};

/* All zeros is an empty table. */
struct table {
	struct table_slot *slots;
	size_t n_slots; /* 0 or a power of two */
	size_t used;
};

void *table__get(const struct table *t, uint64_t a, uint64_t b);

/* Insert or replace; `value` is not NULL. 0 or -ENOMEM. */
int table__put(struct table *t, uint64_t a, uint64_t b, void *value);

/* What was there, or NULL. */
void *table__remove(struct table *t, uint64_t a, uint64_t b);

/* Remove every value of which `gone` (which may free it) says so; gives memory back if few are left. */
void table__drop(struct table *t, bool (*gone)(void *value, void *ctx), void *ctx);

/* Every value once, in no useful order, until NULL; `*pos` starts at 0. Not across changes of the table. */
void *table__next(const struct table *t, size_t *pos);

/* Frees the slots, not the values; the table is empty then. */
void table__clear(struct table *t);

/* The values, too, each by free(). */
void table__free(struct table *t);

#endif
