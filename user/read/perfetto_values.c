// SPDX-License-Identifier: BSD-2-Clause
/* perfetto_values: see perfetto_values.h. */
#include "perfetto_values.h"

#include <errno.h>
#include <string.h>

struct reading {
	struct values *to;
	const struct perfetto_sequence *sequence;
	bool *is_address;
};

static int read_annotation(const struct reading *r, struct wire message, bool has_key, int depth);

/* "null", "{}", "[]": what they stand for. */
static int read_word(struct value *v, const char *word)
{
	if (!word)
		return -EINVAL;
	if (!strcmp(word, "null"))
		v->type = VALUE_NULL;
	else if (!strcmp(word, "{}"))
		v->type = VALUE_DICT;
	else if (!strcmp(word, "[]"))
		v->type = VALUE_LIST;
	else
		return -EINVAL;
	return 0;
}

static bool has_wire(const struct wire *field)
{
	switch (field->field) {
	case ANNOTATION_NAME:
	case ANNOTATION_STRING:
	case ANNOTATION_DICT:
	case ANNOTATION_ARRAY: return field->type == WIRE_LENGTH;
	case ANNOTATION_DOUBLE: return field->type == WIRE_FIXED64;
	default: return field->type == WIRE_VARINT;
	}
}

/* One field of an annotation, into value number `at`. */
static int on_field(const struct reading *r, size_t at, const struct wire *field, int depth)
{
	struct value *v = &r->to->list[at];
	bool is_dict = field->field == ANNOTATION_DICT;
	int err;

	if (!has_wire(field))
		return -EINVAL;
	switch (field->field) {
	case ANNOTATION_NAME: return (v->key = values__text(r->to, field->data, field->size)) ? 0 : -ENOMEM;
	case ANNOTATION_NAME_IID:
		v->key = perfetto_sequence__name(r->sequence, INTERNED_ANNOTATION_NAME, field->number);
		return v->key ? 0 : -EINVAL;
	case ANNOTATION_BOOL:
		v->type = VALUE_BOOL;
		v->u = field->number;
		return 0;
	case ANNOTATION_INT:
		v->type = VALUE_INT;
		v->u = field->number;
		return 0;
	case ANNOTATION_DOUBLE:
		v->type = VALUE_DOUBLE;
		v->d = wire__double(field);
		return 0;
	case ANNOTATION_STRING:
		v->type = VALUE_STRING;
		v->s = field->data;
		v->size = (uint32_t)field->size;
		return 0;
	case ANNOTATION_POINTER: *r->is_address = true; return 0;
	case ANNOTATION_WORD: return read_word(v, perfetto_sequence__name(r->sequence, INTERNED_WORD, field->number));
	case ANNOTATION_DICT:
	case ANNOTATION_ARRAY:
		err = read_annotation(r, wire__of(field->data, field->size), is_dict, depth + 1);
		v = &r->to->list[at];
		v->type = is_dict ? VALUE_DICT : VALUE_LIST;
		v->n_children++;
		return err;
	}
	return -EINVAL;
}

static int read_annotation(const struct reading *r, struct wire message, bool has_key, int depth)
{
	size_t at = r->to->n;
	int got, err = 0;

	if (depth > VALUES_DEPTH)
		return -EINVAL;
	if (!values__add(r->to, NULL))
		return -ENOMEM;
	while (!err && (got = wire__next(&message)) > 0)
		err = on_field(r, at, &message, depth);
	if (err || got)
		return err ? err : got;
	return (r->to->list[at].key != NULL) == has_key ? 0 : -EINVAL;
}

int perfetto_values__read(struct values *ret, const struct perfetto_sequence *s, struct wire message, bool *ret_address)
{
	const struct reading r = { .to = ret, .sequence = s, .is_address = ret_address };

	return read_annotation(&r, message, true, 1);
}
