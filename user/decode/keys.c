/* SPDX-License-Identifier: BSD-2-Clause */
/* See keys.h. */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

bool keys__are(const struct keys *k, const char *const *names, size_t n)
{
	if (k->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(k->names[i], names[i]))
			return false;
	return true;
}

/* In one piece: the texts behind the pointers. */
static struct keys *copy(const char *const *names, size_t n)
{
	size_t size = sizeof(struct keys) + n * sizeof(char *);
	struct keys *k;
	char *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(names[i]) + 1;
	k = calloc(1, size);
	if (!k)
		return NULL;
	k->n = n;
	k->cost = size + BUDGET_SLOT;
	text = (char *)&k->names[n];
	for (size_t i = 0; i < n; i++) {
		k->names[i] = text;
		text = stpcpy(text, names[i]) + 1;
	}
	return k;
}

struct keys *keys__take(struct key_sets *s, uint64_t process, uint64_t cls, const char *const *names, size_t n)
{
	struct keys *k = table__get(&s->by_class, process, cls);

	if (!k || !keys__are(k, names, n)) {
		k = copy(names, n);
		if (!k || table__put(&s->by_class, process, cls, k)) {
			free(k);
			return NULL;
		}
		k->process = process;
		k->cls = cls;
		budget__take(s->budget, k->cost);
	}
	k->uses++;
	return k;
}

void keys__drop(struct key_sets *s, struct keys *k)
{
	if (!k || --k->uses)
		return;
	if (table__get(&s->by_class, k->process, k->cls) == k)
		table__remove(&s->by_class, k->process, k->cls);
	budget__give(s->budget, k->cost);
	free(k);
}

void keys__clear(struct key_sets *s)
{
	table__clear(&s->by_class);
}
