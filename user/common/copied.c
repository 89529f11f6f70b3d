// SPDX-License-Identifier: BSD-2-Clause
/* copied: see copied.h. */
#include "copied.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t text_size(const struct value *v)
{
	return v->type == VALUE_STRING || v->type == VALUE_JSON ? v->size : 0;
}

static char *put(char *to, const char *from, size_t size, const char **ret)
{
	*ret = memcpy(to, from, size);
	return to + size;
}

int copied__set(struct copied *c, const struct value *values, size_t n)
{
	size_t size = n * sizeof(*values);
	char *to;

	for (size_t i = 0; i < n; i++)
		size += (values[i].key ? strlen(values[i].key) + 1 : 0) + text_size(&values[i]);
	/* Most are as large as the ones before. */
	if (size > c->room || size < c->room / 4) {
		copied__clear(c);
		c->values = malloc(size);
		if (!c->values && size)
			return -ENOMEM;
		c->room = size;
	}
	to = (char *)(c->values + n);
	c->n = n;
	for (size_t i = 0; i < n; i++) {
		struct value *v = &c->values[i];

		*v = values[i];
		if (v->key)
			to = put(to, v->key, strlen(v->key) + 1, &v->key);
		if (text_size(v))
			to = put(to, v->s, v->size, &v->s);
	}
	return 0;
}

void copied__clear(struct copied *c)
{
	free(c->values);
	*c = (struct copied){ 0 };
}

/* Copies a text to *to, which goes on behind it. */
static const char *keep_text(char **to, const char *text, size_t size)
{
	const char *copy;

	if (!text)
		return NULL;
	*to = put(*to, text, size, &copy);
	return copy;
}

static size_t string_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

void *copied__event(const struct event *e, size_t at)
{
	size_t size = at + sizeof(*e) + e->n_values * sizeof(struct value) + string_size(e->name) + string_size(e->tag);
	struct value *values;
	struct event *copy;
	char *block, *to;

	for (size_t i = 0; i < e->n_values; i++)
		size += string_size(e->values[i].key) + text_size(&e->values[i]);
	block = malloc(size);
	if (!block)
		return NULL;
	copy = (struct event *)(block + at);
	*copy = *e;
	values = (struct value *)(copy + 1);
	to = (char *)(values + e->n_values);
	for (size_t i = 0; i < e->n_values; i++) {
		values[i] = e->values[i];
		values[i].key = keep_text(&to, values[i].key, string_size(values[i].key));
		if (text_size(&values[i]))
			values[i].s = keep_text(&to, values[i].s, values[i].size);
	}
	copy->values = values;
	copy->name = keep_text(&to, e->name, string_size(e->name));
	copy->tag = keep_text(&to, e->tag, string_size(e->tag));
	copy->keys = NULL;
	copy->n_keys = 0;
	return block;
}
