/* SPDX-License-Identifier: BSD-2-Clause */
/* See chrome_args.h. */
#include "chrome_args.h"

#include <string.h>

#include "../common/utf8.h"
#include "jsontext.h"

#define MAX_DEPTH 64 /* of values in each other: viewers recurse, and so do we */
#define TRUNCATED "\xe2\x80\xa6 (truncated)"

struct args {
	struct json *j;
	struct chrome_args_stats *stats;
	enum chrome_args_place place;
};

/* Some trees in preorder, one after the other. */
struct trees {
	const struct value *v;
	size_t n;
};

/* All but the first tree. */
static struct trees next_tree(struct trees trees)
{
	size_t size = values__tree(trees.v, trees.n);

	return (struct trees){ trees.v + size, trees.n - size };
}

static const char *key_of(const struct value *v)
{
	return v->key ? v->key : CHROME_ARGS_UNREADABLE;
}

static bool has_key(struct trees dict, size_t n_members, const char *key, size_t size)
{
	const char *other;

	for (; n_members && dict.n; n_members--) {
		other = key_of(dict.v);
		if (strlen(other) == size && !memcmp(other, key, size))
			return true;
		dict = next_tree(dict);
	}
	return false;
}

/* chrome://tracing refuses a file with a key "id" in a snapshot, and removes "cat" and "base_type" from
 * its top. */
static bool is_taken(const char *key, int depth)
{
	if (!strcmp(key, "id"))
		return true;
	return depth == 0 && (!strcmp(key, "cat") || !strcmp(key, "base_type"));
}

/* The new name must not be that of another member of the same dict. */
static void put_renamed_key(struct args *a, const char *key, struct trees dict, size_t n_members)
{
	size_t size = strlen(key);
	char name[256];

	memcpy(name, key, size);
	do {
		name[size++] = '_';
	} while (size < sizeof(name) && has_key(dict, n_members, name, size));
	json__key(a->j, name, size);
	a->stats->renamed++;
}

static void put_string(struct args *a, const struct value *v)
{
	if (!v->truncated) {
		json__string(a->j, v->s, v->size);
		return;
	}
	json__string_begin(a->j);
	json__piece(a->j, v->s, utf8__whole(v->s, v->size));
	json__piece(a->j, TRUNCATED, sizeof(TRUNCATED) - 1);
	json__string_end(a->j);
}

static void put_json_text(struct args *a, const struct value *v)
{
	const struct jsontext_rules rules = {
		.rename_id = a->place == CHROME_ARGS_SNAPSHOT,
		.empty_as_text = a->place == CHROME_ARGS_PLAIN,
	};
	struct jsontext_stats stats = { 0 };

	/* What is cut is no JSON any more, and is counted as truncated already. */
	if (v->truncated) {
		put_string(a, v);
		return;
	}
	if (jsontext__write(a->j, v->s, v->size, &rules, &stats)) {
		put_string(a, v);
		a->stats->invalid_json++;
	}
	a->stats->renamed += stats.renamed;
	a->stats->quoted += stats.quoted;
}

static void put_value(struct args *a, struct trees trees, int depth);

static void put_members(struct args *a, const struct trees dict, const size_t n_members, int depth)
{
	struct trees left = dict;
	const char *key;

	for (size_t i = 0; i < n_members && left.n; i++) {
		key = key_of(left.v);
		if (a->place == CHROME_ARGS_SNAPSHOT && is_taken(key, depth))
			put_renamed_key(a, key, dict, n_members);
		else
			json__key(a->j, key, strlen(key));
		put_value(a, left, depth + 1);
		left = next_tree(left);
	}
}

static void put_container(struct args *a, struct trees trees, int depth)
{
	const struct value *v = trees.v;
	const bool is_dict = v->type == VALUE_DICT;

	if (!v->n_children && a->place == CHROME_ARGS_PLAIN) {
		json__string(a->j, is_dict ? "{}" : "[]", 2);
		return;
	}
	if (depth > MAX_DEPTH) {
		JSON__RAW(a->j, "\"<too deep>\"");
		return;
	}
	trees = (struct trees){ trees.v + 1, trees.n - 1 };
	if (is_dict) {
		json__object(a->j);
		put_members(a, trees, v->n_children, depth);
		json__object_end(a->j);
		return;
	}
	json__list(a->j);
	for (uint32_t i = 0; i < v->n_children && trees.n; i++) {
		put_value(a, trees, depth + 1);
		trees = next_tree(trees);
	}
	json__list_end(a->j);
}

static void put_uint(struct args *a, uint64_t value)
{
	if (value <= INT64_MAX) {
		json__uint(a->j, value);
		return;
	}
	/* Perfetto would show -1 for 2^64 - 1. */
	json__string_begin(a->j);
	json__piece_uint(a->j, value);
	json__string_end(a->j);
	a->stats->quoted++;
}

/* The first of the trees. */
static void put_value(struct args *a, struct trees trees, int depth)
{
	const struct value *v = trees.v;

	switch (v->type) {
	case VALUE_INT: json__int(a->j, v->i); break;
	case VALUE_UINT: put_uint(a, v->u); break;
	case VALUE_DOUBLE:
		json__double(a->j, v->d);
		a->stats->quoted += !__builtin_isfinite(v->d);
		break;
	case VALUE_BOOL: json__bool(a->j, v->u != 0); break;
	case VALUE_STRING: put_string(a, v); break;
	case VALUE_JSON: put_json_text(a, v); break;
	case VALUE_NULL:
		if (a->place == CHROME_ARGS_PLAIN)
			JSON__RAW(a->j, "\"null\"");
		else
			json__null(a->j);
		break;
	case VALUE_UNREADABLE: JSON__RAW(a->j, "\"" CHROME_ARGS_UNREADABLE "\""); break;
	case VALUE_LIST:
	case VALUE_DICT: put_container(a, trees, depth); break;
	}
}

void chrome_args__put(struct json *j, const struct value *values, size_t n_values, enum chrome_args_place place,
		      struct chrome_args_stats *stats)
{
	struct args a = { .j = j, .stats = stats, .place = place };

	json__object(j);
	put_members(&a, (struct trees){ values, n_values }, SIZE_MAX, 0);
	json__object_end(j);
}
