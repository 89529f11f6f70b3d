// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_names: see perfetto_names.h. */
#include "perfetto_names.h"

#include <stdlib.h>
#include <string.h>

#include "../common/hash.h"
#include "../common/perfetto_fields.h"

struct interned {
	uint64_t number;
	size_t size;
	char text[];
};

static struct interned *add(struct perfetto_names *n, uint64_t hash, uint32_t kind, const char *text, size_t size)
{
	struct interned *name = malloc(sizeof(*name) + size);
	size_t message;

	if (!name)
		return NULL;
	*name = (struct interned){ .number = n->last + 1, .size = size };
	memcpy(name->text, text, size);
	if (table__put(&n->by_hash, hash, kind, name)) {
		free(name);
		return NULL;
	}
	n->last++;
	message = proto__begin(&n->new, kind);
	proto__uint(&n->new, INTERNED_IID, name->number);
	proto__string(&n->new, INTERNED_TEXT, text, size);
	proto__end(&n->new, message);
	return name;
}

uint64_t perfetto_names__number(struct perfetto_names *n, uint32_t kind, const char *text, size_t size)
{
	const struct interned *name;
	uint64_t hash;

	if (size > PERFETTO_NAMES_LONGEST)
		return 0;
	hash = hash__text(text, size);
	name = table__get(&n->by_hash, hash, kind);
	if (!name)
		name = perfetto_names__full(n) && kind != INTERNED_WORD ? NULL : add(n, hash, kind, text, size);
	/* Another one of the same hash keeps the place. */
	return name && name->size == size && !memcmp(name->text, text, size) ? name->number : 0;
}

bool perfetto_names__full(const struct perfetto_names *n)
{
	return n->by_hash.used >= PERFETTO_NAMES_MAX;
}

void perfetto_names__clear(struct perfetto_names *n)
{
	table__free(&n->by_hash);
	proto__clear(&n->new);
	n->last = 0;
}

void perfetto_names__free(struct perfetto_names *n)
{
	perfetto_names__clear(n);
	proto__free(&n->new);
}
