/* SPDX-License-Identifier: BSD-2-Clause */
/* See attributes.h. */
#include "attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h;
}

uint64_t attributes__hash(const struct event *e)
{
	uint64_t h = 0xcbf29ce484222325ull ^ e->mask;

	for (size_t i = 0; i < e->n_values; i++) {
		const struct value *v = &e->values[i];
		unsigned char type = (unsigned char)v->type;

		h = hash_bytes(h, &type, 1);
		if (v->type == VALUE_STRING || v->type == VALUE_JSON)
			h = hash_bytes(hash_bytes(h, &v->size, sizeof(v->size)), v->s, v->size);
		else if (v->type == VALUE_LIST || v->type == VALUE_DICT)
			h = hash_bytes(h, &v->n_children, sizeof(v->n_children));
		else if (v->type != VALUE_NULL && v->type != VALUE_UNREADABLE)
			h = hash_bytes(h, &v->u, sizeof(v->u));
	}
	return h;
}

static size_t tree_size(const struct value *v)
{
	size_t n = 1;

	for (uint32_t left = v->n_children; left; left--)
		n += tree_size(v + n);
	return n;
}

int attributes__restrict(struct attributes_room *r, struct event *e, uint64_t allowed)
{
	size_t from = 0, to = 0;

	if (!(e->mask & ~allowed))
		return 0;
	if (e->n_values > r->room) {
		struct value *bigger = realloc(r->values, e->n_values * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		r->values = bigger;
		r->room = e->n_values;
	}
	for (uint64_t left = e->mask; left && from < e->n_values; left &= left - 1) {
		size_t size = tree_size(&e->values[from]);

		if (left & -left & allowed) {
			memcpy(&r->values[to], &e->values[from], size * sizeof(*r->values));
			to += size;
		}
		from += size;
	}
	e->values = r->values;
	e->n_values = to;
	e->mask &= allowed;
	return 0;
}
