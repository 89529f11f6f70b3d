/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#include "hash.h"

#define SLOTS_MIN 16

static size_t home(const struct table *t, uint64_t a, uint64_t b)
{
	return hash__pair(a, b) & (t->n_slots - 1);
}

static struct table_slot *slot(const struct table *t, uint64_t a, uint64_t b)
{
	size_t i = home(t, a, b);

	while (t->slots[i].value && (t->slots[i].a != a || t->slots[i].b != b))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

void *table__get(const struct table *t, uint64_t a, uint64_t b)
{
	return t->n_slots ? slot(t, a, b)->value : NULL;
}

/* To `n_slots`, a power of two that has room for all. At once: in a table that grows while another one is gone through,
 * whatever has its place near the beginning there would crowd. */
static int resize(struct table *t, size_t n_slots)
{
	struct table other = { .n_slots = n_slots, .used = t->used };
	size_t i;

	other.slots = calloc(n_slots, sizeof(*other.slots));
	if (!other.slots)
		return -ENOMEM;
	for (i = 0; i < t->n_slots; i++)
		if (t->slots[i].value)
			*slot(&other, t->slots[i].a, t->slots[i].b) = t->slots[i];
	free(t->slots);
	*t = other;
	return 0;
}

int table__put(struct table *t, uint64_t a, uint64_t b, void *value)
{
	struct table_slot *s;

	if ((t->used + 1) * 4 > t->n_slots * 3) {
		int err = resize(t, t->n_slots ? t->n_slots * 2 : SLOTS_MIN);

		if (err)
			return err;
	}
	s = slot(t, a, b);
	t->used += !s->value;
	*s = (struct table_slot){ a, b, value };
	return 0;
}

static void remove_at(struct table *t, size_t hole)
{
	size_t i, mask = t->n_slots - 1;

	/* Close the gap with what had to move past it, so that no tombstones pile up in a long trace. */
	for (i = (hole + 1) & mask; t->slots[i].value; i = (i + 1) & mask) {
		size_t from_home = (i - home(t, t->slots[i].a, t->slots[i].b)) & mask;

		if (from_home < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole].value = NULL;
	t->used--;
}

void *table__remove(struct table *t, uint64_t a, uint64_t b)
{
	struct table_slot *s;
	void *value;

	if (!t->n_slots)
		return NULL;
	s = slot(t, a, b);
	value = s->value;
	if (value)
		remove_at(t, (size_t)(s - t->slots));
	return value;
}

/* One that is nearly empty gives its room back; if there is none for a smaller one, it stays. */
static void shrink(struct table *t)
{
	size_t n_slots = t->n_slots;

	while (n_slots > SLOTS_MIN && t->used * 4 < n_slots)
		n_slots /= 2;
	if (n_slots < t->n_slots)
		resize(t, n_slots);
}

void table__drop(struct table *t, bool (*gone)(void *value, void *ctx), void *ctx)
{
	size_t i = 0;

	/* What closes a gap comes from behind it: to be looked at here, or seen already at the table's beginning. */
	while (i < t->n_slots) {
		if (t->slots[i].value && gone(t->slots[i].value, ctx))
			remove_at(t, i);
		else
			i++;
	}
	shrink(t);
}

void *table__next(const struct table *t, size_t *pos)
{
	while (*pos < t->n_slots) {
		void *value = t->slots[(*pos)++].value;

		if (value)
			return value;
	}
	return NULL;
}

void table__clear(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}

void table__free(struct table *t)
{
	for (size_t i = 0; i < t->n_slots; i++)
		free(t->slots[i].value);
	table__clear(t);
}
