/* SPDX-License-Identifier: BSD-2-Clause */
/* arguments: see arguments.h. */
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/array.h"

#define MARK " (end)"

static int set(struct arguments **a, bool is_result, const struct value *values, size_t n)
{
	if (!n)
		return 0;
	if (!*a)
		*a = calloc(1, sizeof(**a));
	return *a ? copied__set(is_result ? &(*a)->result : &(*a)->begun, values, n) : -ENOMEM;
}

int arguments__begin(struct arguments **ret, const struct value *values, size_t n)
{
	return set(ret, false, values, n);
}

int arguments__result(struct arguments **a, const struct value *values, size_t n)
{
	return set(a, true, values, n);
}

size_t arguments__size(const struct arguments *a)
{
	return a ? sizeof(*a) + a->begun.room + a->result.room : 0;
}

void arguments__free(struct arguments *a)
{
	if (!a)
		return;
	copied__clear(&a->begun);
	copied__clear(&a->result);
	free(a);
}

/* ---- At the end ---- */

static bool has_key(const struct value *values, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(values[i].key, key))
			return true;
	return false;
}

/* With as many marks as it may take until a key is like no other one. */
static size_t text_size(const struct value *values, size_t n, size_t marks)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(values[i].key) + marks * (sizeof(MARK) - 1) + 1;
	return size;
}

static bool is_known(const struct ending *e, const struct copied *begun, const char *key)
{
	return has_key(begun->values, begun->n, key) || has_key(e->values, e->n, key);
}

int ending__make(struct ending *e, const struct arguments *a, const struct value *values, size_t n)
{
	const struct copied *begun = &a->begun, *result = &a->result;
	const size_t marks = begun->n + result->n + n;
	const size_t wanted = text_size(result->values, result->n, marks) + text_size(values, n, marks);
	char *to;

	if (array__make_room(&e->values, &e->room, result->n + n, sizeof(*e->values)) ||
	    array__make_room(&e->text, &e->text_room, wanted, 1))
		return -ENOMEM;
	to = e->text;
	e->n = 0;
	for (size_t i = 0; i < result->n + n; i++) {
		struct value *v = &e->values[i];

		*v = i < result->n ? result->values[i] : values[i - result->n];
		if (is_known(e, begun, v->key)) {
			char *end = stpcpy(to, v->key);

			while (is_known(e, begun, to))
				end = stpcpy(end, MARK);
			v->key = to;
			to = end + 1;
		}
		e->n++;
	}
	return 0;
}

void ending__clear(struct ending *e)
{
	free(e->values);
	free(e->text);
	*e = (struct ending){ 0 };
}
