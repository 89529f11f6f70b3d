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

/* With all that they point to. */
static size_t values_size(const struct value *values, size_t n)
{
	size_t size = n * sizeof(*values);

	for (size_t i = 0; i < n; i++)
		size += event__text_size(values[i].key) + event__text_size(values[i].unit) + text_size(&values[i]);
	return size;
}

/* Copies a text to *to, which goes on behind it. */
static const char *put(char **to, const char *text, size_t size)
{
	char *copy = *to;

	if (!size)
		return text;
	*to += size;
	return memcpy(copy, text, size);
}

/* Returns what is behind them. */
static char *put_values(struct value *copies, const struct value *values, size_t n)
{
	char *to = (char *)(copies + n);

	for (size_t i = 0; i < n; i++) {
		copies[i] = values[i];
		copies[i].key = put(&to, values[i].key, event__text_size(values[i].key));
		copies[i].unit = put(&to, values[i].unit, event__text_size(values[i].unit));
		if (text_size(&values[i]))
			copies[i].s = put(&to, values[i].s, values[i].size);
	}
	return to;
}

int copied__set(struct copied *c, const struct value *values, size_t n)
{
	size_t size = values_size(values, n);

	/* Most are as large as the ones before. */
	if (size > c->room || size < c->room / 4) {
		copied__clear(c);
		c->values = malloc(size);
		if (!c->values && size)
			return -ENOMEM;
		c->room = size;
	}
	c->n = n;
	put_values(c->values, values, n);
	return 0;
}

void copied__clear(struct copied *c)
{
	free(c->values);
	*c = (struct copied){ 0 };
}

void *copied__event(const struct event *e, size_t at)
{
	char *block = malloc(at + sizeof(*e) + values_size(e->values, e->n_values) + event__text_size(e->name) +
			     event__text_size(e->tag));
	struct event *copy;
	char *to;

	if (!block)
		return NULL;
	copy = (struct event *)(block + at);
	*copy = *e;
	copy->values = (struct value *)(copy + 1);
	to = put_values((struct value *)(copy + 1), e->values, e->n_values);
	copy->name = put(&to, e->name, event__text_size(e->name));
	copy->tag = put(&to, e->tag, event__text_size(e->tag));
	copy->keys = NULL;
	copy->n_keys = 0;
	return block;
}
