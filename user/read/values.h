/* SPDX-License-Identifier: BSD-2-Clause */
/* values: trees of values (event.h) that are being read, and room for the texts that they point to. */
#ifndef VIZTRACE_READ_VALUES_H
#define VIZTRACE_READ_VALUES_H

#include "../common/event.h"

#define VALUES_DEPTH 100 /* of them in each other: deeper ones we do not write */

struct text_block;

/* All zeros is an empty set. */
struct values {
	struct value *list;
	size_t n, room;
	struct text_block *texts; /* the one that is filled, and those before it */
};

/* Forget them, keep most of the memory. */
void values__clear(struct values *v);
void values__free(struct values *v);

/* One more at the end, which is NULL to everybody so far, until the next one is added. NULL: no memory. */
struct value *values__add(struct values *v, const char *key);

/* A copy with a NUL behind it, until they are cleared. NULL: no memory. */
char *values__text(struct values *v, const char *text, size_t size);

/* The member of a dict with that key, among the `n` trees; NULL: there is none. */
const struct value *values__member(const struct value *list, size_t n, const char *key);

#endif
