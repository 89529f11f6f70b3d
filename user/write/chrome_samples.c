/* SPDX-License-Identifier: BSD-2-Clause */
/* See chrome_samples.h. */
#include "chrome_samples.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chrome_args.h"

/* "key":value in the text, without the comma before it. */
struct member {
	uint64_t bits; /* of the value, as its type has them */
	enum value_type type;
	uint32_t start, key_end, end;
};

struct kept_text {
	uint64_t counter;
	uint32_t set;
	size_t n_members; /* 0: nothing is kept */
	struct member *members;
	size_t capacity, members_capacity;
	char *text; /* what is between the braces */
};

static void free_text(struct kept_text *text)
{
	if (!text)
		return;
	free(text->members);
	free(text->text);
	free(text);
}

void chrome_samples__clear(struct chrome_samples *s)
{
	for (size_t i = 0; i < CHROME_SAMPLES_KEPT; i++)
		free_text(s->kept[i]);
	*s = (struct chrome_samples){ 0 };
}

/* Where this counter's text is or will be; NULL: it is not kept. Who was there before has to go. */
static struct kept_text *place_of(struct chrome_samples *s, uint64_t counter, uint32_t set, size_t n_values)
{
	struct kept_text **place = &s->kept[counter % CHROME_SAMPLES_KEPT], *text = *place;
	struct member *members;

	/* A single value is the one that changes. */
	if (n_values < 2)
		return NULL;
	if (!text)
		text = *place = calloc(1, sizeof(*text));
	if (!text || (text->counter == counter && text->set == set && text->n_members == n_values))
		return text;
	text->counter = counter;
	text->set = set;
	text->n_members = 0;
	if (n_values > text->members_capacity) {
		members = realloc(text->members, n_values * sizeof(*members));
		if (!members)
			return NULL;
		text->members = members;
		text->members_capacity = n_values;
	}
	return text;
}

static bool is_as_before(const struct member *m, const struct value *v)
{
	return m->bits == v->u && m->type == v->type;
}

/* No viewer takes anything but a number in a counter. */
static int put_value(struct json *j, const struct value *v)
{
	switch (v->type) {
	case VALUE_INT: json__int(j, v->i); return 0;
	case VALUE_BOOL: json__uint(j, v->u != 0); return 0;
	case VALUE_UINT:
		/* Perfetto would show -1 for 2^64 - 1. */
		if (v->u <= INT64_MAX)
			json__uint(j, v->u);
		else
			json__double(j, (double)v->u);
		return 0;
	case VALUE_DOUBLE:
		if (!__builtin_isfinite(v->d))
			return -EINVAL;
		json__double(j, v->d);
		return 0;
	default: return -EINVAL;
	}
}

/* Append the members from `first` on that are as they were, and say where they are now; returns how many. */
static size_t put_kept(struct json *j, size_t base, struct kept_text *text, size_t first, const struct value *values,
		       size_t n_values)
{
	struct member *members = text->members;
	uint32_t start, size, moved;
	size_t end = first;

	while (end < n_values && is_as_before(&members[end], &values[end]))
		end++;
	if (end == first)
		return 0;
	start = members[first].start;
	size = members[end - 1].end - start;
	json__raw(j, text->text + start, size);
	moved = (uint32_t)(j->size - base) - size - start;
	for (size_t i = first; moved && i < end; i++) {
		members[i].start += moved;
		members[i].key_end += moved;
		members[i].end += moved;
	}
	return end - first;
}

/* Append member i as it is now; `known`: its key is in the text. */
static int put_anew(struct json *j, size_t base, struct kept_text *text, bool known, size_t i, const struct value *v)
{
	struct member m = { .bits = v->u, .type = v->type, .start = (uint32_t)(j->size - base + j->comma) };
	const char *key = v->key ? v->key : CHROME_ARGS_UNREADABLE;
	int err;

	if (known)
		json__raw_key(j, text->text + text->members[i].start,
			      text->members[i].key_end - text->members[i].start);
	else
		json__key(j, key, strlen(key));
	m.key_end = (uint32_t)(j->size - base);
	err = put_value(j, v);
	m.end = (uint32_t)(j->size - base);
	if (text)
		text->members[i] = m;
	return err;
}

/* Keep what was appended from `base` on. */
static void keep(struct kept_text *text, const struct json *j, size_t base, size_t n_values)
{
	const size_t size = j->size - base;
	char *copy;

	if (j->error || size > UINT32_MAX)
		return;
	if (size > text->capacity) {
		copy = realloc(text->text, 2 * size);
		if (!copy)
			return;
		text->text = copy;
		text->capacity = 2 * size;
	}
	memcpy(text->text, j->data + base, size);
	text->n_members = n_values;
}

int chrome_samples__put(struct chrome_samples *s, struct json *j, uint64_t counter, uint32_t set,
			const struct value *values, size_t n_values)
{
	struct kept_text *text = place_of(s, counter, set, n_values);
	bool known = text && text->n_members;
	size_t base, i = 0;
	int err = 0;

	/* While it is made anew it is of no use. */
	if (text)
		text->n_members = 0;
	json__object(j);
	base = j->size;
	while (!err && i < n_values) {
		if (known)
			i += put_kept(j, base, text, i, values, n_values);
		if (i < n_values) {
			err = put_anew(j, base, text, known, i, &values[i]);
			i++;
		}
	}
	if (!err && text)
		keep(text, j, base, n_values);
	json__object_end(j);
	return err;
}
