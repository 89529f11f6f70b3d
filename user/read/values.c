// SPDX-License-Identifier: BSD-2-Clause
/* values: see values.h. */
#include "values.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK (64u << 10)

struct text_block {
	struct text_block *before;
	size_t size, room;
	char text[];
};

static void free_texts(struct text_block *b)
{
	while (b) {
		struct text_block *before = b->before;

		free(b);
		b = before;
	}
}

void values__clear(struct values *v)
{
	v->n = 0;
	if (!v->texts)
		return;
	free_texts(v->texts->before);
	v->texts->before = NULL;
	v->texts->size = 0;
	if (v->texts->room > BLOCK) {
		free(v->texts);
		v->texts = NULL;
	}
}

void values__free(struct values *v)
{
	free_texts(v->texts);
	free(v->list);
	*v = (struct values){ 0 };
}

struct value *values__add(struct values *v, const char *key)
{
	if (v->n == v->room) {
		size_t room = v->room ? 2 * v->room : 64;
		struct value *list = realloc(v->list, room * sizeof(*list));

		if (!list)
			return NULL;
		v->list = list;
		v->room = room;
	}
	v->list[v->n] = (struct value){ .key = key, .type = VALUE_NULL };
	return &v->list[v->n++];
}

char *values__text(struct values *v, const char *text, size_t size)
{
	struct text_block *b = v->texts;
	char *copy;

	if (!b || size + 1 > b->room - b->size) {
		size_t room = size + 1 > BLOCK ? size + 1 : BLOCK;

		b = malloc(sizeof(*b) + room);
		if (!b)
			return NULL;
		*b = (struct text_block){ .before = v->texts, .room = room };
		v->texts = b;
	}
	copy = b->text + b->size;
	memcpy(copy, text, size);
	copy[size] = 0;
	b->size += size + 1;
	return copy;
}

const struct value *values__member(const struct value *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i += values__tree(list + i, n - i))
		if (list[i].key && !strcmp(list[i].key, key))
			return &list[i];
	return NULL;
}
