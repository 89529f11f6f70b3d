// SPDX-License-Identifier: BSD-2-Clause
/* order: see order.h. What arrives consists of few sorted runs (one for each ring, nearly): a natural merge
 * sort is linear on that. */
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MIN 1024
#define BYTES_MIN (1u << 18)

struct entry {
	uint64_t ts;
	size_t offset, size; /* in the bytes */
};

struct order {
	struct entry *entries, *spare; /* both of `room` */
	size_t n, room;
	char *bytes, *spare_bytes;
	size_t used, bytes_room, spare_bytes_room;
};

int order__new(struct order **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void order__free(struct order *o)
{
	if (!o)
		return;
	free(o->entries);
	free(o->spare);
	free(o->bytes);
	free(o->spare_bytes);
	free(o);
}

/* Bounded by what its caller adds, and by little more than that. */
static size_t more(size_t room)
{
	return room + room / 8;
}

static int grow_entries(struct order *o)
{
	size_t room = o->room ? more(o->room) : ENTRIES_MIN;
	struct entry *entries = realloc(o->entries, room * sizeof(*entries)), *spare;

	if (!entries)
		return -ENOMEM;
	o->entries = entries;
	spare = realloc(o->spare, room * sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	o->spare = spare;
	o->room = room;
	return 0;
}

static int grow_bytes(char **bytes, size_t *room, size_t need)
{
	size_t bigger = more(*room);
	char *p;

	if (need <= *room)
		return 0;
	if (bigger < need)
		bigger = need;
	if (bigger < BYTES_MIN)
		bigger = BYTES_MIN;
	p = realloc(*bytes, bigger);
	if (!p)
		return -ENOMEM;
	*bytes = p;
	*room = bigger;
	return 0;
}

int order__add(struct order *o, uint64_t ts, const void *record, size_t size)
{
	size_t padded = (size + 7) & ~(size_t)7; /* records are read in place */

	if ((o->n == o->room && grow_entries(o)) || grow_bytes(&o->bytes, &o->bytes_room, o->used + padded))
		return -ENOMEM;
	memcpy(o->bytes + o->used, record, size);
	o->entries[o->n++] = (struct entry){ ts, o->used, size };
	o->used += padded;
	return 0;
}

size_t order__bytes(const struct order *o)
{
	return o->used;
}

static size_t run_end(const struct entry *e, size_t from, size_t n)
{
	while (++from < n && e[from - 1].ts <= e[from].ts)
		;
	return from < n ? from : n;
}

static void merge(struct entry *to, const struct entry *a, size_t n_a, const struct entry *b, size_t n_b)
{
	while (n_a && n_b) {
		if (a->ts <= b->ts)
			*to++ = *a++, n_a--;
		else
			*to++ = *b++, n_b--;
	}
	memcpy(to, n_a ? a : b, (n_a + n_b) * sizeof(*to));
}

static void sort(struct order *o)
{
	while (run_end(o->entries, 0, o->n) < o->n) {
		struct entry *e = o->entries;
		size_t at = 0;

		while (at < o->n) {
			size_t middle = run_end(e, at, o->n);
			size_t end = middle < o->n ? run_end(e, middle, o->n) : middle;

			merge(o->spare + at, e + at, middle - at, e + middle, end - middle);
			at = end;
		}
		o->entries = o->spare;
		o->spare = e;
	}
}

/* What is too young to be passed on moves to the front of fresh memory. */
static int keep_from(struct order *o, size_t first)
{
	size_t used = 0, n = o->n - first, bytes_room = o->bytes_room;
	char *bytes = o->bytes;
	int err;

	for (size_t i = first; i < o->n; i++)
		used += (o->entries[i].size + 7) & ~(size_t)7;
	err = grow_bytes(&o->spare_bytes, &o->spare_bytes_room, used);
	if (err)
		return err;
	used = 0;
	for (size_t i = 0; i < n; i++) {
		struct entry e = o->entries[first + i];

		memcpy(o->spare_bytes + used, o->bytes + e.offset, e.size);
		o->entries[i] = (struct entry){ e.ts, used, e.size };
		used += (e.size + 7) & ~(size_t)7;
	}
	o->bytes = o->spare_bytes;
	o->bytes_room = o->spare_bytes_room;
	o->spare_bytes = bytes;
	o->spare_bytes_room = bytes_room;
	o->used = used;
	o->n = n;
	return 0;
}

int order__drain(struct order *o, uint64_t until, int (*cb)(void *ctx, const void *record, size_t size), void *ctx)
{
	size_t i;
	int err = 0;

	if (!o->n)
		return 0;
	sort(o);
	for (i = 0; i < o->n && o->entries[i].ts < until; i++) {
		err = cb(ctx, o->bytes + o->entries[i].offset, o->entries[i].size);
		if (err == -ECANCELED)
			break;
		if (err) {
			o->n = o->used = 0;
			return err;
		}
	}
	if (i) {
		int kept = keep_from(o, i);

		err = kept ? kept : err;
	}
	return err;
}
