// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_states: see perfetto_states.h. */
#include "perfetto_states.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/hash.h"
#include "../common/utf8.h"
#include "number.h"

#define VALUE_LONGEST 32 /* bytes of a text in a name */
#define ELLIPSIS "\xe2\x80\xa6"

struct perfetto_life *perfetto_states__find(const struct perfetto_states *s, uint64_t life)
{
	return table__get(&s->lives, life, 0);
}

struct perfetto_life *perfetto_states__add(struct perfetto_states *s, uint64_t life)
{
	struct perfetto_life *added = calloc(1, sizeof(*added));

	if (added && table__put(&s->lives, life, 0, added)) {
		free(added);
		return NULL;
	}
	return added;
}

static void free_life(struct perfetto_life *life)
{
	if (life)
		free(life->attributes);
	free(life);
}

void perfetto_states__remove(struct perfetto_states *s, uint64_t life)
{
	free_life(table__remove(&s->lives, life, 0));
}

void perfetto_states__free(struct perfetto_states *s)
{
	size_t pos = 0;
	void *life;

	while ((life = table__next(&s->lives, &pos)))
		free_life(life);
	table__clear(&s->lives);
}

static bool has_text(const struct value *v)
{
	return v->type == VALUE_STRING || v->type == VALUE_JSON;
}

static uint64_t hash_of(const struct value *tree, size_t n)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < n; i++) {
		const struct value *v = &tree[i];
		bool container = v->type == VALUE_LIST || v->type == VALUE_DICT;
		uint64_t bits = has_text(v) ? hash__text(v->s, v->size) : container ? v->n_children : v->u;

		if (v->type == VALUE_NULL || v->type == VALUE_UNREADABLE)
			bits = 0;
		if (v->key && container + i)
			bits ^= hash__text(v->key, strlen(v->key));
		hash = hash__pair(hash ^ (uint64_t)v->type, bits);
	}
	return hash;
}

static void add(struct perfetto_states *s, const char *text, size_t size)
{
	size_t room = PERFETTO_STATE_LONGEST - s->size;

	if (size > room)
		size = utf8__whole(text, room);
	memcpy(s->name + s->size, text, size);
	s->size += size;
}

static void add_text(struct perfetto_states *s, const struct value *v)
{
	if (v->size <= VALUE_LONGEST) {
		add(s, v->s, v->size);
		return;
	}
	add(s, v->s, utf8__whole(v->s, VALUE_LONGEST));
	add(s, ELLIPSIS, sizeof(ELLIPSIS) - 1);
}

static void add_value(struct perfetto_states *s, const struct value *v)
{
	char digits[NUMBER_UINT_MAX + 1], *p = digits;

	switch (v->type) {
	case VALUE_INT:
		if (v->i < 0)
			*p++ = '-';
		p = number__uint(p, v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i);
		add(s, digits, (size_t)(p - digits));
		break;
	case VALUE_UINT: add(s, digits, (size_t)(number__uint(digits, v->u) - digits)); break;
	case VALUE_DOUBLE: add(s, digits, (size_t)snprintf(digits, sizeof(digits), "%g", v->d)); break;
	case VALUE_BOOL: add(s, v->u ? "true" : "false", v->u ? 4 : 5); break;
	case VALUE_STRING:
	case VALUE_JSON: add_text(s, v); break;
	case VALUE_NULL: add(s, "NULL", 4); break;
	case VALUE_UNREADABLE: add(s, EVENT_UNREADABLE_NAME, sizeof(EVENT_UNREADABLE_NAME) - 1); break;
	case VALUE_LIST: add(s, v->n_children ? "[" ELLIPSIS "]" : "[]", v->n_children ? 5 : 2); break;
	case VALUE_DICT: add(s, v->n_children ? "{" ELLIPSIS "}" : "{}", v->n_children ? 5 : 2); break;
	}
}

/* balance=3 */
static void add_attribute(struct perfetto_states *s, const struct value *v)
{
	const char *key = v->key ? v->key : EVENT_UNREADABLE_NAME;

	if (s->size)
		add(s, ", ", 2);
	add(s, key, strlen(key));
	add(s, "=", 1);
	add_value(s, v);
}

static int make_room(struct perfetto_life *life, size_t n)
{
	uint64_t *attributes;

	if (n == life->n)
		return 0;
	attributes = realloc(life->attributes, (n + 1) * sizeof(*attributes));
	if (!attributes)
		return -ENOMEM;
	life->attributes = attributes;
	life->n = n;
	return 0;
}

int perfetto_states__name(struct perfetto_states *s, struct perfetto_life *life, const struct value *values,
			  size_t n_values, bool *ret_same)
{
	size_t n = 0, i, at;
	bool compare;
	uint64_t hash;

	for (i = 0; i < n_values; i += values__tree(values + i, n_values - i))
		n++;
	/* Another number of them: others are left out than before. */
	compare = life->name && life->n == n;
	if (make_room(life, n))
		return -ENOMEM;
	s->size = 0;
	for (i = 0, at = 0; i < n_values; at++) {
		size_t size = values__tree(values + i, n_values - i);

		hash = hash_of(values + i, size);
		if ((!compare || hash != life->attributes[at]) && s->size < PERFETTO_STATE_LONGEST)
			add_attribute(s, &values[i]);
		life->attributes[at] = hash;
		i += size;
	}
	if (!s->size && n_values)
		add_attribute(s, values);
	if (!s->size)
		add(s, n_values ? "?" : "new", n_values ? 1 : 3);
	hash = hash__text(s->name, s->size) | 1;
	*ret_same = hash == life->name;
	life->name = hash;
	return 0;
}
