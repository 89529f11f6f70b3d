// SPDX-License-Identifier: BSD-2-Clause
/* chrome_values: see chrome_values.h. */
#include "chrome_values.h"

#include <errno.h>

static int read_value(struct values *ret, const char *key, const json_t *json, const json_t *named, int depth);

static int read_members(struct values *ret, const json_t *object, const json_t *named, int depth)
{
	/* One has a member less: they are not the same. */
	bool same = json_object_size(named) == json_object_size(object);
	void *name = same ? json_object_iter((json_t *)named) : NULL;
	const char *key;
	json_t *member;
	int err = 0;

	json_object_foreach((json_t *)object, key, member)
	{
		const char *plain = name ? json_object_iter_key(name) : key;

		err = read_value(ret, plain, member, name ? json_object_iter_value(name) : NULL, depth);
		if (err)
			return err;
		name = name ? json_object_iter_next((json_t *)named, name) : NULL;
	}
	return 0;
}

static int read_elements(struct values *ret, const json_t *list, const json_t *named, int depth)
{
	json_t *element;
	size_t i;
	int err;

	json_array_foreach(list, i, element)
	{
		err = read_value(ret, NULL, element, json_array_get(named, i), depth);
		if (err)
			return err;
	}
	return 0;
}

/* The pointers are those of the parsed JSON. */
static void read_scalar(struct value *v, const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_STRING:
		v->type = VALUE_STRING;
		v->s = json_string_value(json);
		v->size = (uint32_t)json_string_length(json);
		break;
	case JSON_INTEGER:
		v->type = VALUE_INT;
		v->i = json_integer_value(json);
		break;
	case JSON_REAL:
		v->type = VALUE_DOUBLE;
		v->d = json_real_value(json);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		v->type = VALUE_BOOL;
		v->u = json_is_true(json);
		break;
	default: v->type = VALUE_NULL; break;
	}
}

static int read_value(struct values *ret, const char *key, const json_t *json, const json_t *named, int depth)
{
	struct value *v = values__add(ret, key);

	if (!v)
		return -ENOMEM;
	if (!json_is_object(json) && !json_is_array(json)) {
		read_scalar(v, json);
		return 0;
	}
	if (depth == VALUES_DEPTH)
		return -EINVAL;
	v->type = json_is_object(json) ? VALUE_DICT : VALUE_LIST;
	v->n_children = (uint32_t)(json_is_object(json) ? json_object_size(json) : json_array_size(json));
	return (json_is_object(json) ? read_members : read_elements)(ret, json, named, depth + 1);
}

int chrome_values__read(struct values *ret, const json_t *object, const json_t *named)
{
	return json_is_object(object) ? read_members(ret, object, named, 1) : -EINVAL;
}
