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
