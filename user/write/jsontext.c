/* SPDX-License-Identifier: BSD-2-Clause */
/* See jsontext.h. Reading is jansson's job, writing is json's; what stands between them is what jansson
 * cannot hold. */
#include "jsontext.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct rewrite {
	struct json *j;
	const struct jsontext_rules *rules;
	struct jsontext_stats stats;
};

static int write_value(struct rewrite *r, const json_t *value, int depth);

/* The name that `key` gets in `object`. *buffer is to be freed; NULL: no memory. */
static const char *key_for(struct rewrite *r, const json_t *object, const char *key, char **buffer)
{
	size_t size = 3;
	char *longer;

	*buffer = NULL;
	if (!r->rules->rename_id || strcmp(key, "id") != 0)
		return key;
	do {
		longer = realloc(*buffer, size + 1);
		if (!longer)
			return NULL;
		*buffer = longer;
		memset(longer, '_', size);
		memcpy(longer, "id", 2);
		longer[size++] = '\0';
	} while (json_object_get(object, longer));
	r->stats.renamed++;
	return longer;
}

static int write_object(struct rewrite *r, const json_t *object, int depth)
{
	json_t *unconst = (json_t *)object;
	const char *key, *name;
	json_t *member;
	char *buffer;
	int err;

	json__object(r->j);
	json_object_foreach(unconst, key, member)
	{
		name = key_for(r, object, key, &buffer);
		if (name)
			json__key(r->j, name, strlen(name));
		free(buffer);
		if (!name)
			return -ENOMEM;
		err = write_value(r, member, depth + 1);
		if (err)
			return err;
	}
	json__object_end(r->j);
	return 0;
}

static int write_list(struct rewrite *r, const json_t *list, int depth)
{
	const json_t *item;
	size_t i;
	int err;

	json__list(r->j);
	json_array_foreach(list, i, item)
	{
		err = write_value(r, item, depth + 1);
		if (err)
			return err;
	}
	json__list_end(r->j);
	return 0;
}

static int write_value(struct rewrite *r, const json_t *value, int depth)
{
	bool as_text = r->rules->empty_as_text;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		if (as_text && !json_object_size(value))
			JSON__RAW(r->j, "\"{}\"");
		else
			return depth < JSONTEXT_MAX_DEPTH ? write_object(r, value, depth) : -EINVAL;
		return 0;
	case JSON_ARRAY:
		if (as_text && !json_array_size(value))
			JSON__RAW(r->j, "\"[]\"");
		else
			return depth < JSONTEXT_MAX_DEPTH ? write_list(r, value, depth) : -EINVAL;
		return 0;
	case JSON_NULL:
		if (as_text)
			JSON__RAW(r->j, "\"null\"");
		else
			json__null(r->j);
		return 0;
	case JSON_STRING: json__string(r->j, json_string_value(value), json_string_length(value)); return 0;
	case JSON_INTEGER: json__int(r->j, json_integer_value(value)); return 0;
	case JSON_REAL: json__double(r->j, json_real_value(value)); return 0;
	case JSON_TRUE: json__bool(r->j, true); return 0;
	case JSON_FALSE: json__bool(r->j, false); return 0;
	}
	return -EINVAL;
}

static bool is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static size_t skip_digits(const char *s, size_t size, size_t i)
{
	while (i < size && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

static bool is_number(const char *s, size_t size)
{
	size_t i = size && s[0] == '-', digits = i;

	i = skip_digits(s, size, i);
	if (i == digits || (s[digits] == '0' && i > digits + 1))
		return false;
	if (i < size && s[i] == '.') {
		digits = ++i;
		i = skip_digits(s, size, i);
		if (i == digits)
			return false;
	}
	if (i < size && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		if (i < size && (s[i] == '-' || s[i] == '+'))
			i++;
		digits = i;
		i = skip_digits(s, size, i);
		if (i == digits)
			return false;
	}
	return i == size;
}

/* Is the token a number that jansson has no type for? */
static bool is_too_large(const char *token, size_t size)
{
	json_error_t error;
	json_t *value;

	/* The shortest one is 1e309. */
	if (size < 5 || !is_number(token, size))
		return false;
	value = json_loadb(token, size, JSON_DECODE_ANY, &error);
	json_decref(value);
	return !value && json_error_code(&error) == json_error_numeric_overflow;
}

static bool is_key(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'))
		s++;
	return s < end && *s == ':';
}

/* Copy the text with quotes around each number that is too large, so that it keeps its digits. What is not
 * JSON does not become JSON by that: a number has no place where a string has none, but for a key. */
static char *quote_large_numbers(const char *text, size_t size, size_t *ret_size, uint64_t *quoted)
{
	const char *end = text + size, *s = text, *start;
	char *copy = malloc(size * 3 + 1), *p = copy;
	bool large;

	if (!copy)
		return NULL;
	while (s < end) {
		start = s;
		if (*s == '"') {
			for (s++; s < end && *s != '"'; s++) {
				if (*s == '\\' && s + 1 < end)
					s++;
			}
			if (s < end)
				s++;
		} else if (is_number_char(*s)) {
			while (s < end && is_number_char(*s))
				s++;
		} else {
			s++;
		}
		large = is_too_large(start, (size_t)(s - start)) && !is_key(s, end);
		if (large)
			*p++ = '"';
		memcpy(p, start, (size_t)(s - start));
		p += s - start;
		if (large)
			*p++ = '"';
		*quoted += large;
	}
	*ret_size = (size_t)(p - copy);
	return copy;
}

static json_t *parse(const char *text, size_t size, uint64_t *quoted)
{
	const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_error_t error;
	json_t *root = json_loadb(text, size, flags, &error);
	char *copy;

	if (root || json_error_code(&error) != json_error_numeric_overflow)
		return root;
	copy = quote_large_numbers(text, size, &size, quoted);
	if (!copy)
		return NULL;
	root = json_loadb(copy, size, flags, &error);
	free(copy);
	return root;
}

int jsontext__write(struct json *j, const char *text, size_t size, const struct jsontext_rules *rules,
		    struct jsontext_stats *stats)
{
	struct rewrite r = { .j = j, .rules = rules };
	const size_t begin = j->size;
	const bool comma = j->comma;
	json_t *root;
	int err;

	if (size > JSONTEXT_MAX_SIZE)
		return -EINVAL;
	root = parse(text, size, &r.stats.quoted);
	if (!root)
		return -EINVAL;
	err = write_value(&r, root, 0);
	json_decref(root);
	if (err) {
		j->size = begin;
		j->comma = comma;
		return err;
	}
	stats->renamed += r.stats.renamed;
	stats->quoted += r.stats.quoted;
	return 0;
}
