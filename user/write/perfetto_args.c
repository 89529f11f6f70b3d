// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_args: see perfetto_args.h. */
#include "perfetto_args.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "../common/utf8.h"
#include "jsontext.h"
#include "number.h"
#include "../common/perfetto_fields.h"

#define MAX_DEPTH 64 /* of values in each other: viewers recurse, and so do we */
#define TRUNCATED "\xe2\x80\xa6 (truncated)"

/* Some trees in preorder, one after the other. */
struct trees {
	const struct value *v;
	size_t n;
};

static void put_text(struct perfetto_args *a, const char *text)
{
	proto__string(a->to, ANNOTATION_STRING, text, strlen(text));
}

/* What would vanish, or crash who reads it, is shown as a word that no text of the target can be. */
static void put_word(struct perfetto_args *a, const char *word)
{
	uint64_t number = perfetto_names__number(a->names, INTERNED_WORD, word, strlen(word));

	if (number)
		proto__uint(a->to, ANNOTATION_WORD, number);
	else
		put_text(a, word);
}

static void put_key(struct perfetto_args *a, const char *key)
{
	size_t size = strlen(key);
	uint64_t number = perfetto_names__number(a->names, INTERNED_ANNOTATION_NAME, key, size);

	if (number)
		proto__uint(a->to, ANNOTATION_NAME_IID, number);
	else
		proto__string(a->to, ANNOTATION_NAME, key, size);
}

static void put_double(struct perfetto_args *a, double value)
{
	if (__builtin_isfinite(value))
		proto__double(a->to, ANNOTATION_DOUBLE, value);
	else
		put_text(a, __builtin_isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

/* Its arguments are signed: 2^64 - 1 would be -1. */
static void put_uint(struct perfetto_args *a, uint64_t value)
{
	char digits[NUMBER_UINT_MAX];

	if (value <= INT64_MAX)
		proto__uint(a->to, ANNOTATION_INT, value);
	else
		proto__string(a->to, ANNOTATION_STRING, digits, (size_t)(number__uint(digits, value) - digits));
}

static void put_string(struct perfetto_args *a, const struct value *v)
{
	if (!v->truncated) {
		proto__string(a->to, ANNOTATION_STRING, v->s, v->size);
		return;
	}
	json__clear(&a->text);
	json__raw(&a->text, v->s, utf8__whole(v->s, v->size));
	a->text.comma = false;
	JSON__RAW(&a->text, TRUNCATED);
	proto__string(a->to, ANNOTATION_STRING, a->text.data, a->text.size);
}

/* ---- JSON ---- */

static void put_parsed(struct perfetto_args *a, const json_t *parsed);

static void put_parsed_member(struct perfetto_args *a, uint32_t field, const char *key, const json_t *parsed)
{
	size_t begun = proto__begin(a->to, field);

	if (key)
		put_key(a, key);
	put_parsed(a, parsed);
	proto__end(a->to, begun);
}

static void put_parsed_members(struct perfetto_args *a, uint32_t field, const json_t *object)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)object, key, member)
	{
		put_parsed_member(a, field, key, member);
	}
}

/* No deeper than jsontext lets it be. */
static void put_parsed(struct perfetto_args *a, const json_t *parsed)
{
	json_t *element;
	size_t i;

	switch (json_typeof(parsed)) {
	case JSON_OBJECT:
		if (!json_object_size(parsed))
			put_word(a, "{}");
		put_parsed_members(a, ANNOTATION_DICT, parsed);
		break;
	case JSON_ARRAY:
		if (!json_array_size(parsed))
			put_word(a, "[]");
		json_array_foreach(parsed, i, element)
		{
			put_parsed_member(a, ANNOTATION_ARRAY, NULL, element);
		}
		break;
	case JSON_STRING:
		proto__string(a->to, ANNOTATION_STRING, json_string_value(parsed), json_string_length(parsed));
		break;
	case JSON_INTEGER: proto__int(a->to, ANNOTATION_INT, json_integer_value(parsed)); break;
	case JSON_REAL: put_double(a, json_real_value(parsed)); break;
	case JSON_TRUE: proto__uint(a->to, ANNOTATION_BOOL, 1); break;
	case JSON_FALSE: proto__uint(a->to, ANNOTATION_BOOL, 0); break;
	case JSON_NULL: put_word(a, "null"); break;
	}
}

/* What is not JSON, or cut, is shown as the text that it is. */
static void put_json_text(struct perfetto_args *a, const struct value *v)
{
	const struct jsontext_rules rules = { 0 };
	struct jsontext_stats stats = { 0 };
	json_t *parsed = NULL;

	if (!v->truncated) {
		json__clear(&a->text);
		if (!jsontext__write(&a->text, v->s, v->size, &rules, &stats) && !a->text.error)
			parsed = json_loadb(a->text.data, a->text.size, JSON_DECODE_ANY, NULL);
		a->invalid_json += !parsed;
	}
	if (parsed)
		put_parsed(a, parsed);
	else
		put_string(a, v);
	json_decref(parsed);
}

void perfetto_args__put_members(struct perfetto_args *a, uint32_t field, const char *object, size_t size)
{
	json_t *parsed = json_loadb(object, size, 0, NULL);

	if (parsed)
		put_parsed_members(a, field, parsed);
	else
		a->to->error = a->to->error ? a->to->error : -EINVAL;
	json_decref(parsed);
}

/* ---- values ---- */

static struct trees put_tree(struct perfetto_args *a, uint32_t field, bool has_key, struct trees trees, int depth);

/* All but the first tree. */
static struct trees next_tree(struct trees trees)
{
	size_t size = values__tree(trees.v, trees.n);

	return (struct trees){ trees.v + size, trees.n - size };
}

static struct trees put_children(struct perfetto_args *a, struct trees trees, int depth)
{
	const struct value *v = trees.v;
	const bool is_dict = v->type == VALUE_DICT;

	if (v->n_children && depth > MAX_DEPTH) {
		put_text(a, "<too deep>");
		return next_tree(trees);
	}
	trees = (struct trees){ trees.v + 1, trees.n - 1 };
	if (!v->n_children)
		put_word(a, is_dict ? "{}" : "[]");
	for (uint32_t i = 0; i < v->n_children && trees.n; i++)
		trees = put_tree(a, is_dict ? ANNOTATION_DICT : ANNOTATION_ARRAY, is_dict, trees, depth + 1);
	return trees;
}

static struct trees put_value(struct perfetto_args *a, struct trees trees, int depth)
{
	const struct value *v = trees.v;

	switch (v->type) {
	case VALUE_INT: proto__int(a->to, ANNOTATION_INT, v->i); break;
	case VALUE_UINT: put_uint(a, v->u); break;
	case VALUE_DOUBLE: put_double(a, v->d); break;
	case VALUE_BOOL: proto__uint(a->to, ANNOTATION_BOOL, v->u != 0); break;
	case VALUE_STRING: put_string(a, v); break;
	case VALUE_JSON: put_json_text(a, v); break;
	case VALUE_NULL: put_word(a, "null"); break;
	case VALUE_UNREADABLE: put_text(a, EVENT_UNREADABLE_NAME); break;
	case VALUE_LIST:
	case VALUE_DICT: return put_children(a, trees, depth);
	}
	return (struct trees){ trees.v + 1, trees.n - 1 };
}

/* The first of them; what comes after it. */
static struct trees put_tree(struct perfetto_args *a, uint32_t field, bool has_key, struct trees trees, int depth)
{
	size_t begun = proto__begin(a->to, field);

	if (has_key)
		put_key(a, trees.v->key ? trees.v->key : EVENT_UNREADABLE_NAME);
	trees = put_value(a, trees, depth);
	proto__end(a->to, begun);
	return trees;
}

void perfetto_args__put(struct perfetto_args *a, uint32_t field, const struct value *values, size_t n_values)
{
	struct trees trees = { values, n_values };

	while (trees.n)
		trees = put_tree(a, field, true, trees, 1);
}

void perfetto_args__put_address(struct perfetto_args *a, uint32_t field, const char *key, uint64_t address)
{
	size_t begun = proto__begin(a->to, field);

	put_key(a, key);
	proto__uint(a->to, ANNOTATION_POINTER, address);
	proto__end(a->to, begun);
}
