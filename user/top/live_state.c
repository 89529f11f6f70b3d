// SPDX-License-Identifier: BSD-2-Clause
/* live_state: see live_state.h. Each report is copied, few are looked at: so texts are made then. */
#include "live_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/escape.h"

/* A copy of `size` bytes; SIZE_MAX: no room. */
static size_t keep(struct live_state *s, const char *text, size_t size)
{
	size_t at = s->size;

	if (size > LIVE_STATE_MAX - at)
		return SIZE_MAX;
	memcpy(s->texts + at, text, size);
	s->size += size;
	return at;
}

static int make_room(struct live_state *s, size_t n)
{
	struct value *values;
	size_t *keys;

	if (!s->texts)
		s->texts = malloc(LIVE_STATE_MAX);
	if (!s->texts)
		return -ENOMEM;
	if (n <= s->room)
		return 0;
	values = realloc(s->values, n * sizeof(*values));
	if (values)
		s->values = values;
	keys = realloc(s->keys, n * sizeof(*keys));
	if (keys)
		s->keys = keys;
	if (!values || !keys)
		return -ENOMEM;
	s->room = n;
	return 0;
}

int live_state__set(struct live_state *s, const struct value *values, size_t n)
{
	size_t wanted = n < LIVE_VALUES_MAX ? n : LIVE_VALUES_MAX;
	int err = make_room(s, wanted);

	s->n = s->size = 0;
	if (err)
		return err;
	s->is_cut = wanted < n;
	for (; s->n < wanted; s->n++) {
		const struct value *from = &values[s->n];
		struct value *to = &s->values[s->n];
		bool is_text = from->type == VALUE_STRING || from->type == VALUE_JSON;
		size_t size = from->size, key = SIZE_MAX, at = 0;

		if (from->key)
			key = keep(s, from->key, strlen(from->key) + 1);
		if (is_text && size > LIVE_STATE_MAX - s->size)
			size = LIVE_STATE_MAX - s->size;
		if (is_text)
			at = keep(s, from->s, size);
		if (from->key && key == SIZE_MAX) {
			s->is_cut = true;
			break;
		}
		*to = *from;
		s->keys[s->n] = key;
		if (is_text) {
			to->truncated |= size < from->size;
			to->size = (uint32_t)size;
			to->u = at;
		}
	}
	return 0;
}

void live_state__clear(struct live_state *s)
{
	free(s->values);
	free(s->keys);
	free(s->texts);
	*s = (struct live_state){ 0 };
}

static void put_leaf(FILE *to, const struct live_state *s, const struct value *v)
{
	const char *quote = v->type == VALUE_STRING ? "\"" : "";

	switch (v->type) {
	case VALUE_INT: escape__print(to, "%" PRId64, v->i); break;
	case VALUE_UINT: escape__print(to, "%" PRIu64, v->u); break;
	case VALUE_DOUBLE: escape__print(to, "%.6g", v->d); break;
	case VALUE_BOOL: escape__print(to, "%s", v->u ? "true" : "false"); break;
	case VALUE_STRING:
	case VALUE_JSON:
		escape__print(to, "%s", quote);
		escape__put(to, s->texts + v->u, v->size);
		escape__print(to, "%s%s", v->truncated ? "..." : "", quote);
		break;
	case VALUE_NULL: escape__print(to, "null"); break;
	default: escape__print(to, EVENT_UNREADABLE_NAME); break;
	}
}

/* The tree that begins at `i`; where the next one does. Its depth is that of a class, which is bounded. */
static size_t put_tree(FILE *to, const struct live_state *s, size_t i)
{
	const struct value *v = &s->values[i];
	bool is_list = v->type == VALUE_LIST;

	if (s->keys[i] != SIZE_MAX)
		escape__print(to, "%s: ", s->texts + s->keys[i]);
	i++;
	if (!is_list && v->type != VALUE_DICT) {
		put_leaf(to, s, v);
		return i;
	}
	escape__print(to, is_list ? "[" : "{");
	for (uint32_t k = 0; k < v->n_children && i < s->n; k++) {
		escape__print(to, k ? ", " : "");
		i = put_tree(to, s, i);
	}
	escape__print(to, is_list ? "]" : "}");
	return i;
}

char *live_state__text(const struct live_state *s)
{
	char *text = NULL;
	size_t size;
	FILE *to = s->n ? open_memstream(&text, &size) : NULL;

	if (!to)
		return NULL;
	for (size_t i = 0; i < s->n;) {
		escape__print(to, "%s", i ? ", " : "");
		i = put_tree(to, s, i);
	}
	if (s->is_cut)
		escape__print(to, ", ...");
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}
