/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "../common/hash.h"
#include "../common/pretty.h"

static struct name *find(const struct names *n, const char *text, size_t size, uint64_t hash)
{
	struct name *name = table__get(&n->by_hash, hash, size);

	while (name && memcmp(name->text, text, size) != 0)
		name = name->next;
	return name;
}

struct name *names__find(const struct names *n, const char *text)
{
	size_t size = strlen(text);

	return find(n, text, size, hash__text(text, size));
}

static void name__free(struct name *name)
{
	free(name->pretty);
	free(name);
}

/* A chain of which one name is in use stays whole: there are hardly any of two. */
static bool is_unused(void *value, void *ctx)
{
	struct names *n = ctx;
	struct name *name = value, *next;

	for (struct name *c = name; c; c = c->next)
		if (c->uses)
			return false;
	for (; name; name = next) {
		next = name->next;
		name__free(name);
		n->count--;
	}
	return true;
}

/* Forget the names that nobody uses. */
static void sweep(struct names *n)
{
	table__drop(&n->by_hash, is_unused, n);
	n->limit = n->count + (n->count / 4 > NAMES_IDLE ? n->count / 4 : NAMES_IDLE);
}

struct name *names__take(struct names *n, const char *text)
{
	size_t size = strlen(text);
	uint64_t hash = hash__text(text, size);
	struct name *name = find(n, text, size, hash);

	if (!name) {
		if (n->count >= n->limit)
			sweep(n);
		name = calloc(1, sizeof(*name) + size + 1);
		if (!name)
			return NULL;
		memcpy(name->text, text, size);
		name->hash = hash;
		name->next = table__get(&n->by_hash, hash, size);
		if (table__put(&n->by_hash, hash, size, name)) {
			free(name);
			return NULL;
		}
		n->count++;
	}
	name->uses++;
	return name;
}

void names__drop(struct name *name)
{
	if (name)
		name->uses--;
}

const char *name__pretty(struct name *name)
{
	if (!name->pretty) {
		char pretty[PRETTY_MAX];

		pretty__name(name->text, pretty);
		name->pretty = strdup(pretty);
	}
	return name->pretty ? name->pretty : name->text;
}

void names__clear(struct names *n)
{
	struct name *name, *next;
	size_t pos = 0;

	while ((name = table__next(&n->by_hash, &pos))) {
		for (; name; name = next) {
			next = name->next;
			name__free(name);
		}
	}
	table__clear(&n->by_hash);
	*n = (struct names){ 0 };
}
