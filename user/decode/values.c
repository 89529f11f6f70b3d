// SPDX-License-Identifier: BSD-2-Clause
/* values: see values.h. */
#include "values.h"

#include <errno.h>

#include "../../bpf/record.h"

#define DICT_DEPTH_MAX 8

/* Nodes of one snapshot, lists and dicts included; a descriptor made to explode stops here, */
#define NODES_MAX 65536

/* or here: what does not overlap shows each byte once, and a union maybe twice. */
void reader__bound(struct reader *r, uint64_t span_size, uint64_t record_size)
{
	r->span_left = 2 * span_size;
	r->text_left = 2 * record_size;
}

static bool take(uint64_t *left, uint64_t size)
{
	if (size > *left)
		return false;
	*left -= size;
	return true;
}

static void put_string(struct reader *r, struct value *v, enum value_type type, const void *s, size_t size,
		       bool truncated)
{
	v->type = type;
	v->s = s;
	v->size = (uint32_t)size;
	v->truncated = truncated;
	r->stats->truncated += truncated;
}

/* char[size]: up to its NUL. Without one inside of what could be read, the rest is missing. */
static void put_array(struct reader *r, struct value *v, enum value_type type, int64_t pos, uint32_t size)
{
	uint64_t there;
	const void *nul;

	if (!reader__can_read(r, pos, 1)) {
		reader__unreadable(r, v);
		return;
	}
	there = r->readable - (uint64_t)pos;
	if (there > size)
		there = size;
	nul = memchr(r->span + pos, 0, there);
	if (nul)
		there = (size_t)((const uint8_t *)nul - (r->span + pos));
	put_string(r, v, type, r->span + pos, there, !nul && there < size);
}

static bool find_text(struct reader *r, uint32_t word, struct rec_text *ret)
{
	for (uint32_t i = 0; i < r->n_texts; i++) {
		uint32_t at = (r->next_text + i) % r->n_texts;

		memcpy(ret, r->record + r->texts + at * sizeof(*ret), sizeof(*ret));
		if (ret->word != word)
			continue;
		r->next_text = at + 1;
		return true;
	}
	return false;
}

/* What the pointer at `pos` leads to is elsewhere in the record. False: it is nothing, which `v` says. */
static bool put_behind(struct reader *r, struct value *v, int64_t pos, uint32_t word, struct rec_text *ret)
{
	if (!reader__can_read(r, pos, 8)) {
		reader__unreadable(r, v);
		return false;
	}
	if (!find_text(r, word, ret))
		ret->status = LOAD(uint64_t, r->span + pos) ? REC_TEXT_UNREADABLE : REC_TEXT_NULL;
	if (ret->status == REC_TEXT_NULL)
		v->type = VALUE_NULL;
	else if (ret->status == REC_TEXT_UNREADABLE)
		reader__unreadable(r, v);
	else
		return true;
	return false;
}

/* char *: the characters. */
static void put_pointer(struct reader *r, struct value *v, enum value_type type, int64_t pos, uint32_t word)
{
	struct rec_text text;

	if (put_behind(r, v, pos, word, &text))
		put_string(r, v, type, r->record + text.offset, text.size ? text.size - 1 : 0,
			   text.status == REC_TEXT_TRUNCATED);
}

static int put_attr(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos, unsigned depth);

static int put_dict(struct reader *r, const char *key, struct layout *owner, struct layout_attr *a, int64_t pos,
		    unsigned depth)
{
	struct layout *dict = depth < DICT_DEPTH_MAX ? classes__dict(r->classes, owner, a) : NULL;
	struct value *v = values__add(r->values, key, VALUE_DICT);
	uint32_t n = 0;
	unsigned i;
	int err;

	if (!v)
		return -ENOMEM;
	if (!dict) {
		reader__unreadable(r, v);
		return 0;
	}
	for (i = 0; i < dict->n_attrs; i++)
		n += dict->visible >> i & 1;
	v->n_children = n;
	for (i = 0; i < dict->n_attrs; i++) {
		struct layout_attr *child = &dict->attrs[i];

		if (!(dict->visible >> i & 1))
			continue;
		err = put_attr(r, dict, child, pos + child->offset, depth + 1);
		if (err)
			return err;
	}
	return 0;
}

/* By what its characters are found. */
static uint32_t word_of(const struct layout *layout, const struct layout_attr *a, int64_t pos)
{
	return a->followed ? REC_FOLLOWED | (uint32_t)(a - layout->attrs) : (uint32_t)(pos / 8);
}

static void put_number(struct reader *r, const struct layout *layout, struct layout_attr *a, struct value *v,
		       int64_t pos)
{
	const char *name = NULL;

	reader__number(r, v, a->type, pos);
	if (!a->note || v->type == VALUE_UNREADABLE)
		return;
	v->unit = classes__unit(r->classes, layout, a);
	if (v->type != VALUE_DOUBLE)
		name = classes__value_name(r->classes, layout, a, v->u);
	if (name)
		put_string(r, v, VALUE_STRING, name, strlen(name), false);
}

/* One value that is no list. 0, -ENOMEM, or -E2BIG for more than there can be. */
static int put_element(struct reader *r, const char *key, struct layout *layout, struct layout_attr *a, int64_t pos,
		       unsigned depth)
{
	struct value *v;

	if (++r->nodes > NODES_MAX)
		return -E2BIG;
	if (a->type == VIZ_TYPE_DICT)
		return put_dict(r, key, layout, a, pos, depth);
	if (!take(&r->span_left, a->stride))
		return -E2BIG;
	v = values__add(r->values, key, VALUE_UNREADABLE);
	if (!v)
		return -ENOMEM;
	if (a->optional && !reader__can_read(r, pos + a->stride, 1)) {
		reader__unreadable(r, v);
		return 0;
	}
	if (a->optional && !r->span[pos + a->stride]) {
		v->type = VALUE_NULL;
		return 0;
	}
	switch (a->type) {
	case VIZ_TYPE_STR: put_array(r, v, VALUE_STRING, pos, a->stride); break;
	case VIZ_TYPE_JSON: put_array(r, v, VALUE_JSON, pos, a->stride); break;
	case VIZ_TYPE_STRP:
	case VIZ_TYPE_JSONP:
		put_pointer(r, v, a->type == VIZ_TYPE_STRP ? VALUE_STRING : VALUE_JSON, pos, word_of(layout, a, pos));
		return take(&r->text_left, v->size) ? 0 : -E2BIG;
	default: put_number(r, layout, a, v, pos);
	}
	return 0;
}

/* `cut`: there were more, which the last one says. */
static int put_list(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos, uint32_t n, bool cut,
		    unsigned depth)
{
	struct value *v;
	uint32_t i;
	int err;

	if (++r->nodes > NODES_MAX)
		return -E2BIG;
	v = values__add(r->values, a->key, VALUE_LIST);
	if (!v)
		return -ENOMEM;
	v->n_children = n + cut;
	for (i = 0; i < n; i++) {
		err = put_element(r, NULL, layout, a, pos + (int64_t)i * a->stride, depth);
		if (err)
			return err;
	}
	if (!cut)
		return 0;
	v = values__add(r->values, NULL, VALUE_STRING);
	if (!v)
		return -ENOMEM;
	put_string(r, v, VALUE_STRING, "", 0, true);
	return 0;
}

static int put_attr(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos, unsigned depth)
{
	if (a->list)
		return put_list(r, layout, a, pos, a->count, false, depth);
	return put_element(r, a->key, layout, a, pos, depth);
}

/* What says itself how much there is of it: these bytes. */
static int put_range(struct reader *r, struct layout *layout, struct layout_attr *a, const struct rec_text *bytes)
{
	const enum value_type type = a->type == VIZ_TYPE_JSON ? VALUE_JSON : VALUE_STRING;
	const bool cut = bytes->status == REC_TEXT_TRUNCATED;
	struct value *v;

	if (a->list)
		return put_list(r, layout, a, 0, bytes->size / a->stride, cut, 0);
	v = values__add(r->values, a->key, VALUE_UNREADABLE);
	if (!v)
		return -ENOMEM;
	if (!bytes->size)
		put_string(r, v, type, "", 0, cut);
	else
		put_array(r, v, type, 0, bytes->size + cut);
	return 0;
}

/* Nothing is there, and nothing ought to be: the end is the beginning, or the size is 0. */
static bool is_empty(const struct reader *r, const struct layout_attr *a, int64_t pos)
{
	uint64_t first, second;

	if (!a->range || !reader__can_read(r, pos, 16))
		return false;
	first = LOAD(uint64_t, r->span + pos);
	second = LOAD(uint64_t, r->span + pos + 8);
	return a->range == VIZ_RANGE_END ? first == second : !(a->range == VIZ_RANGE_SIZE ? second : first);
}

/* Bytes behind a pointer: for a while they are what is read. A char * is one of the record's strings like others. */
static int put_followed(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos)
{
	struct reader whole = *r;
	struct rec_text bytes;
	struct value *v;
	int err;

	if (a->type == VIZ_TYPE_STRP || a->type == VIZ_TYPE_JSONP)
		return put_attr(r, layout, a, pos, 0);
	v = values__add(r->values, a->key, VALUE_UNREADABLE);
	if (!v)
		return -ENOMEM;
	if (is_empty(r, a, pos))
		bytes = (struct rec_text){ .status = REC_TEXT_OK };
	else if (!put_behind(r, v, pos, word_of(layout, a, pos), &bytes))
		return 0;
	r->values->n--;
	r->span = r->record + bytes.offset;
	r->readable = bytes.status == REC_TEXT_OK || a->range ? bytes.size : 0;
	r->span_left = 2 * VIZ_SPAN_MAX;
	err = a->range ? put_range(r, layout, a, &bytes) : put_attr(r, layout, a, 0, 0);
	r->span = whole.span;
	r->readable = whole.readable;
	r->span_left = whole.span_left;
	return err;
}

int reader__attribute(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos)
{
	size_t before = r->values->n;
	int err = a->followed ? put_followed(r, layout, a, pos) : put_attr(r, layout, a, pos, 0);

	if (err != -E2BIG)
		return err;
	r->values->n = before;
	reader__unreadable(r, values__add(r->values, a->key, VALUE_UNREADABLE));
	return 0;
}
