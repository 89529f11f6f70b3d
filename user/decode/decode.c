/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In: raw records (bpf/record.h), untrusted: nothing is used before its offset and size are checked.
 * Out: events. Must not know: where records come from, what becomes of events.
 *
 * Nothing is allocated per event once the buffers have grown to what the events need.
 */
#include "decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE /* the types, no probes */
#include "viztrace.h"
#include "../../bpf/record.h"
#include "../common/utf8.h"
#include "classes.h"

#define DICT_DEPTH_MAX 8

/* Nodes of one snapshot. What does not overlap needs at most one leaf per byte of the span, each inside of a
 * list and a dict per level; a descriptor made to explode stops here. */
#define NODES_MAX 65536

/* Entries of a snapshot's table of texts: one for each 8 bytes of the span. */
#define TEXTS_MAX (VIZ_SPAN_MAX / 8)

_Static_assert((int)EVENT_PROBE_INIT == (int)PROBE_INIT, "init");
_Static_assert((int)EVENT_PROBE_DESTROY == (int)PROBE_DESTROY, "destroy");
_Static_assert((int)EVENT_PROBE_SET == (int)PROBE_SET, "set");
_Static_assert((int)EVENT_PROBE_LOG == (int)PROBE_LOG, "log");
_Static_assert((int)EVENT_PROBE_ENTER == (int)PROBE_ENTER, "enter");
_Static_assert((int)EVENT_PROBE_EXIT == (int)PROBE_EXIT, "exit");
_Static_assert((int)EVENT_PROBE_VALUE == (int)PROBE_VALUE, "value");
_Static_assert((int)EVENT_PROBE_INSTANT == (int)PROBE_INSTANT, "instant");
_Static_assert((int)EVENT_PROBE_QUIET == (int)PROBE_QUIET, "quiet");
_Static_assert((int)EVENT_PROBES == (int)PROBE_COUNT, "count");

struct text {
	char *data;
	size_t room;
};

struct decoder {
	struct decode_stats stats;
	struct classes classes;
	bool include_all;
	const char *keys[VIZ_ATTRS_MAX];
	struct value *values;
	size_t n_values, room;
	struct text cut[2]; /* names that were cut, with a mark at their end */
};

int decoder__new(struct decoder **ret)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->room = VIZ_ATTRS_MAX;
	d->values = malloc(d->room * sizeof(*d->values));
	if (!d->values) {
		free(d);
		return -ENOMEM;
	}
	*ret = d;
	return 0;
}

void decoder__free(struct decoder *d)
{
	if (!d)
		return;
	classes__clear(&d->classes);
	free(d->values);
	free(d->cut[0].data);
	free(d->cut[1].data);
	free(d);
}

void decoder__include_all(struct decoder *d, bool on)
{
	d->include_all = on;
}

const struct decode_stats *decoder__stats(const struct decoder *d)
{
	return &d->stats;
}

int decoder__add_class(struct decoder *d, uint32_t pid, uint64_t address, const void *bytes, size_t size)
{
	return classes__add(&d->classes, pid, address, bytes, size);
}

void decoder__forget(struct decoder *d, uint32_t pid)
{
	classes__forget(&d->classes, pid);
}

/* ---- Values ---- */

/* A snapshot while it is taken apart. Positions count from the span's start. */
struct reader {
	struct decoder *d;
	const uint8_t *record; /* all of it */
	const uint8_t *span;
	uint64_t readable; /* bytes of the span that are there */
	uint32_t texts, n_texts;
	uint32_t next_text; /* texts come in the order of their words, as a rule */
	uint32_t nodes;     /* made so far, also those thrown away */
};

/* The pointer is good until the next node. NULL: no memory. */
static struct value *add_node(struct decoder *d, const char *key, enum value_type type)
{
	struct value *v;

	if (__builtin_expect(d->n_values == d->room, 0)) {
		struct value *more = realloc(d->values, 2 * d->room * sizeof(*more));

		if (!more)
			return NULL;
		d->values = more;
		d->room *= 2;
	}
	v = &d->values[d->n_values++];
	*v = (struct value){ .key = key, .type = type };
	return v;
}

/* Are `size` bytes at `pos` in what could be read? */
static inline bool is_readable(const struct reader *r, int64_t pos, uint64_t size)
{
	return pos >= 0 && size <= r->readable && (uint64_t)pos <= r->readable - size;
}

static inline void unreadable(struct reader *r, struct value *v)
{
	v->type = VALUE_UNREADABLE;
	r->d->stats.unreadable++;
}

#define LOAD(T, p) \
	__extension__({ \
		T load_value; \
		memcpy(&load_value, p, sizeof(load_value)); \
		load_value; \
	})

#define NUMBER(T, value_type, field) \
	if (!is_readable(r, pos, sizeof(T))) \
		break; \
	v->type = value_type; \
	v->field = LOAD(T, r->span + pos); \
	return

static inline void put_number(struct reader *r, struct value *v, unsigned type, int64_t pos)
{
	switch (type) {
	case VIZ_TYPE_I8: NUMBER(int8_t, VALUE_INT, i);
	case VIZ_TYPE_U8: NUMBER(uint8_t, VALUE_UINT, u);
	case VIZ_TYPE_I16: NUMBER(int16_t, VALUE_INT, i);
	case VIZ_TYPE_U16: NUMBER(uint16_t, VALUE_UINT, u);
	case VIZ_TYPE_I32: NUMBER(int32_t, VALUE_INT, i);
	case VIZ_TYPE_U32: NUMBER(uint32_t, VALUE_UINT, u);
	case VIZ_TYPE_I64: NUMBER(int64_t, VALUE_INT, i);
	case VIZ_TYPE_U64: NUMBER(uint64_t, VALUE_UINT, u);
	case VIZ_TYPE_F32: NUMBER(float, VALUE_DOUBLE, d);
	case VIZ_TYPE_F64: NUMBER(double, VALUE_DOUBLE, d);
	case VIZ_TYPE_BOOL:
		if (!is_readable(r, pos, 1))
			break;
		v->type = VALUE_BOOL;
		v->u = r->span[pos] != 0;
		return;
	}
	unreadable(r, v);
}

static void put_string(struct reader *r, struct value *v, enum value_type type, const void *s, size_t size,
		       bool truncated)
{
	v->type = type;
	v->s = s;
	v->size = (uint32_t)size;
	v->truncated = truncated;
	r->d->stats.truncated += truncated;
}

/* char[size]: up to its NUL. Without one inside of what could be read, the rest is missing. */
static void put_array(struct reader *r, struct value *v, enum value_type type, int64_t pos, uint32_t size)
{
	uint64_t there;
	const void *nul;

	if (!is_readable(r, pos, 1)) {
		unreadable(r, v);
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

/* char *: its characters are elsewhere in the record, found by the pointer's place in the span. */
static void put_pointer(struct reader *r, struct value *v, enum value_type type, int64_t pos)
{
	uint32_t i;

	if (!is_readable(r, pos, 8)) {
		unreadable(r, v);
		return;
	}
	for (i = 0; i < r->n_texts; i++) {
		uint32_t at = (r->next_text + i) % r->n_texts;
		struct rec_text text;

		memcpy(&text, r->record + r->texts + at * sizeof(text), sizeof(text));
		if (text.word * 8 != pos)
			continue;
		r->next_text = at + 1;
		if (text.status == REC_TEXT_NULL)
			v->type = VALUE_NULL;
		else if (text.status == REC_TEXT_UNREADABLE)
			unreadable(r, v);
		else
			put_string(r, v, type, r->record + text.offset, text.size ? text.size - 1 : 0,
				   text.status == REC_TEXT_TRUNCATED);
		return;
	}
	if (LOAD(uint64_t, r->span + pos))
		unreadable(r, v);
	else
		v->type = VALUE_NULL;
}

static int put_attr(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos, unsigned depth);

static int put_dict(struct reader *r, const char *key, struct layout *owner, struct layout_attr *a, int64_t pos,
		    unsigned depth)
{
	struct layout *dict = depth < DICT_DEPTH_MAX ? classes__dict(&r->d->classes, owner, a) : NULL;
	struct value *v = add_node(r->d, key, VALUE_DICT);
	uint32_t n = 0;
	unsigned i;
	int err;

	if (!v)
		return -ENOMEM;
	if (!dict) {
		unreadable(r, v);
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

/* One value that is no list. 0, -ENOMEM, or -E2BIG for more than NODES_MAX. */
static int put_element(struct reader *r, const char *key, struct layout *layout, struct layout_attr *a, int64_t pos,
		       unsigned depth)
{
	struct value *v;

	if (++r->nodes > NODES_MAX)
		return -E2BIG;
	if (a->type == VIZ_TYPE_DICT)
		return put_dict(r, key, layout, a, pos, depth);
	v = add_node(r->d, key, VALUE_UNREADABLE);
	if (!v)
		return -ENOMEM;
	switch (a->type) {
	case VIZ_TYPE_STR: put_array(r, v, VALUE_STRING, pos, a->stride); break;
	case VIZ_TYPE_JSON: put_array(r, v, VALUE_JSON, pos, a->stride); break;
	case VIZ_TYPE_STRP: put_pointer(r, v, VALUE_STRING, pos); break;
	case VIZ_TYPE_JSONP: put_pointer(r, v, VALUE_JSON, pos); break;
	default: put_number(r, v, a->type, pos);
	}
	return 0;
}

static int put_attr(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos, unsigned depth)
{
	struct value *list;
	unsigned i;
	int err;

	if (!a->list)
		return put_element(r, a->key, layout, a, pos, depth);
	if (++r->nodes > NODES_MAX)
		return -E2BIG;
	list = add_node(r->d, a->key, VALUE_LIST);
	if (!list)
		return -ENOMEM;
	list->n_children = a->count;
	for (i = 0; i < a->count; i++) {
		err = put_element(r, NULL, layout, a, pos + (int64_t)i * a->stride, depth);
		if (err)
			return err;
	}
	return 0;
}

/* An attribute of the object itself; one that is too large becomes a single unreadable value. */
static int put_root(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos)
{
	size_t before = r->d->n_values;
	int err = put_attr(r, layout, a, pos, 0);

	if (err != -E2BIG)
		return err;
	r->d->n_values = before;
	unreadable(r, add_node(r->d, a->key, VALUE_UNREADABLE));
	return 0;
}

/* ---- Records ---- */

/* Written in place: to copy an event costs as much as to make one. */
static void begin_event(struct event *ret, const struct rec_head *head, enum event_kind kind, enum probe probe)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = kind;
	ret->probe = probe;
	ret->ts = head->ts;
	ret->pid = head->tgid;
	ret->tid = head->tid;
	memcpy(ret->comm, head->comm, sizeof(ret->comm) - 1);
}

/* Do the texts lie in the record, and end where they say? */
static bool check_texts(const struct rec_snapshot *rec, const uint8_t *record)
{
	uint32_t i, size = rec->head.size;

	if (rec->n_texts > TEXTS_MAX)
		return false;
	if (rec->n_texts && (rec->texts > size || rec->n_texts * sizeof(struct rec_text) > size - rec->texts))
		return false;
	for (i = 0; i < rec->n_texts; i++) {
		struct rec_text text;

		memcpy(&text, record + rec->texts + i * sizeof(text), sizeof(text));
		if (text.status > REC_TEXT_NULL)
			return false;
		if (text.status == REC_TEXT_UNREADABLE || text.status == REC_TEXT_NULL)
			continue;
		/* No room was left for it: cut to nothing, and without a NUL. */
		if (!text.size && text.status == REC_TEXT_TRUNCATED)
			continue;
		if (!text.size || text.offset > size || text.size > size - text.offset ||
		    record[text.offset + text.size - 1])
			return false;
	}
	return true;
}

static int feed_snapshot(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	struct reader r = { .d = d, .record = record };
	uint64_t base_at, include, exclude, mask, left;
	struct rec_snapshot rec;
	struct layout *layout;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	if (rec.probe != PROBE_SET && rec.probe != PROBE_QUIET && rec.probe != PROBE_LOG)
		return -EINVAL;
	if (rec.span_read > rec.span_size || rec.span_read > size - sizeof(rec))
		return -EINVAL;
	layout = classes__find(&d->classes, rec.head.tgid, rec.cls);
	if (!layout || layout->kind == VIZ_KIND_DICT)
		return -EINVAL;

	/* Without the base nobody knows what the program excluded. */
	base_at = (uint64_t) - (int64_t)rec.span_offset;
	if (rec.span_offset > 0 || base_at + sizeof(struct viz_base) > rec.span_read)
		return -EINVAL;
	if (rec.n_texts && !check_texts(&rec, record))
		return -EINVAL;

	r.span = record + sizeof(rec);
	r.readable = rec.span_read;
	r.texts = rec.texts;
	r.n_texts = rec.n_texts;
	include = LOAD(uint64_t, r.span + base_at + offsetof(struct viz_base, include));
	exclude = LOAD(uint64_t, r.span + base_at + offsetof(struct viz_base, exclude));
	mask = layout->visible & (d->include_all ? ~0ull : include ? include : ~exclude);

	d->n_values = 0;
	for (left = mask; left; left &= left - 1) {
		struct layout_attr *a = &layout->attrs[__builtin_ctzll(left)];
		int64_t pos = (int64_t)a->offset - rec.span_offset;

		if (a->scalar) {
			struct value *v = add_node(d, a->key, VALUE_UNREADABLE);

			if (!v)
				return -ENOMEM;
			put_number(&r, v, a->type, pos);
		} else {
			int err = put_root(&r, layout, a, pos);

			if (err)
				return err;
		}
	}

	begin_event(ret, &rec.head, EVENT_SNAPSHOT, (enum probe)rec.probe);
	ret->address = rec.address;
	ret->cls = rec.cls;
	ret->tag = layout->tag;
	ret->is_counter = layout->kind == VIZ_KIND_COUNTER;
	ret->values = d->values;
	ret->n_values = d->n_values;
	ret->mask = mask;
	ret->index = rec.index;
	ret->epoch = rec.epoch;
	return 0;
}

/* A name that was cut gets a mark at its end. It is a name nevertheless: without memory for that it goes
 * unmarked. */
static const char *marked(struct text *room, const char *name, size_t size)
{
	if (room->room < size + 3) {
		char *more = realloc(room->data, size + 3);

		if (!more)
			return name;
		room->data = more;
		room->room = size + 3;
	}
	size = utf8__whole(name, size - 1);
	memcpy(room->data, name, size);
	memcpy(room->data + size, "...", 4);
	return room->data;
}

/* `size` includes the NUL, which must be there. 0 bytes: no name. */
static bool check_name(const char *name, size_t size, size_t room)
{
	return size <= room && (!size || !name[size - 1]);
}

static int feed_object(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	const char *name = (const char *)record + sizeof(struct rec_object);
	struct rec_object rec;
	struct layout *layout;
	bool found;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	if (!check_name(name, rec.name_size, size - sizeof(rec)))
		return -EINVAL;
	layout = classes__find(&d->classes, rec.head.tgid, rec.cls);
	if (!layout || layout->kind == VIZ_KIND_DICT)
		return -EINVAL;

	found = rec.head.kind == REC_OBJECT;
	begin_event(ret, &rec.head, found ? EVENT_FOUND : EVENT_INIT, EVENT_PROBE_INIT);
	ret->address = rec.address;
	ret->cls = rec.cls;
	ret->tag = layout->tag;
	ret->is_counter = layout->kind == VIZ_KIND_COUNTER;
	ret->is_new = found && rec.head.flags & REC_NEW;
	ret->name_hash = rec.name_hash;
	ret->generation = rec.generation;
	for (unsigned i = 0; i < layout->n_attrs; i++)
		d->keys[i] = layout->visible >> i & 1 ? layout->attrs[i].key : "";
	ret->keys = d->keys;
	ret->n_keys = layout->n_attrs;
	ret->name = rec.name_size ? name : NULL;
	if (!rec.name_size && rec.head.flags & REC_UNREADABLE) {
		ret->name = EVENT_UNREADABLE_NAME;
		d->stats.unreadable++;
	} else if (rec.name_size && rec.head.flags & REC_TRUNCATED) {
		ret->name = marked(&d->cut[0], name, rec.name_size);
		d->stats.truncated++;
	}
	return 0;
}

static int feed_destroy(const uint8_t *record, size_t size, struct event *ret)
{
	struct rec_destroy rec;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	begin_event(ret, &rec.head, EVENT_DESTROY, EVENT_PROBE_DESTROY);
	ret->address = rec.address;
	return 0;
}

static int feed_slice(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	const char *name = (const char *)record + sizeof(struct rec_slice);
	struct rec_slice rec;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	if (!check_name(name, rec.name_size, size - sizeof(rec)))
		return -EINVAL;

	if (rec.head.kind == REC_INSTANT) {
		begin_event(ret, &rec.head, EVENT_INSTANT, EVENT_PROBE_INSTANT);
	} else {
		bool enter = rec.head.kind == REC_ENTER;

		begin_event(ret, &rec.head, enter ? EVENT_ENTER : EVENT_EXIT,
			    enter ? EVENT_PROBE_ENTER : EVENT_PROBE_EXIT);
		ret->frame = rec.frame;
		ret->scoped = rec.flags & VIZ_SLICE_SCOPED;
		ret->pretty = rec.flags & VIZ_SLICE_PRETTY;
	}
	ret->name = rec.name_size ? name : NULL;
	if (!rec.name_size) {
		d->stats.unreadable++;
	} else if (rec.head.flags & REC_TRUNCATED) {
		ret->name = marked(&d->cut[0], name, rec.name_size);
		d->stats.truncated++;
	}
	return 0;
}

static int feed_value(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	const char *name = (const char *)record + sizeof(struct rec_value);
	struct rec_value rec;
	const char *attr;
	struct value *v;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	if (!check_name(name, rec.name_size, size - sizeof(rec)))
		return -EINVAL;
	attr = name + rec.name_size;
	if (!check_name(attr, rec.attr_size, size - sizeof(rec) - rec.name_size))
		return -EINVAL;
	if (rec.type != VIZ_TYPE_I64 && rec.type != VIZ_TYPE_U64 && rec.type != VIZ_TYPE_F64)
		return -EINVAL;

	/* One flag for two names with one limit: what was cut is the longer one, or both. */
	if (rec.head.flags & REC_TRUNCATED && (rec.name_size || rec.attr_size)) {
		if (rec.name_size >= rec.attr_size)
			name = marked(&d->cut[0], name, rec.name_size);
		if (rec.attr_size >= rec.name_size)
			attr = marked(&d->cut[1], attr, rec.attr_size);
		d->stats.truncated++;
	}
	d->stats.unreadable += !rec.name_size + !rec.attr_size;

	d->n_values = 0;
	v = add_node(d, rec.attr_size ? attr : EVENT_UNREADABLE_NAME, VALUE_INT);
	if (!v)
		return -ENOMEM;
	if (rec.type == VIZ_TYPE_U64)
		v->type = VALUE_UINT;
	else if (rec.type == VIZ_TYPE_F64)
		v->type = VALUE_DOUBLE;
	v->u = rec.bits;

	begin_event(ret, &rec.head, EVENT_VALUE, EVENT_PROBE_VALUE);
	ret->name = rec.name_size ? name : NULL;
	ret->values = d->values;
	ret->n_values = 1;
	return 0;
}

static int feed_class(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	struct rec_class rec;
	int err;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	err = classes__add(&d->classes, rec.head.tgid, rec.address, record + sizeof(rec), size - sizeof(rec));
	if (err)
		return err;
	begin_event(ret, &rec.head, EVENT_IGNORE, EVENT_PROBE_INIT);
	return 0;
}

/* Which probe lost its event, -1 for a definition. A snapshot that does not say so counts as SET. */
static int probe_of(const struct rec_head *head, const uint8_t *record, size_t size)
{
	switch (head->kind) {
	case REC_INIT: return PROBE_INIT;
	case REC_DESTROY: return PROBE_DESTROY;
	case REC_ENTER: return PROBE_ENTER;
	case REC_EXIT: return PROBE_EXIT;
	case REC_VALUE: return PROBE_VALUE;
	case REC_INSTANT: return PROBE_INSTANT;
	case REC_SNAPSHOT:
		if (size >= sizeof(struct rec_snapshot) &&
		    LOAD(uint32_t, record + offsetof(struct rec_snapshot, probe)) == PROBE_LOG)
			return PROBE_LOG;
		if (size >= sizeof(struct rec_snapshot) &&
		    LOAD(uint32_t, record + offsetof(struct rec_snapshot, probe)) == PROBE_QUIET)
			return PROBE_QUIET;
		return PROBE_SET;
	default: return -1;
	}
}

int decoder__feed(struct decoder *d, const void *record, size_t size, struct event *ret_event)
{
	struct rec_head head;
	int err, probe;

	if (size < sizeof(head)) {
		d->stats.rejected++;
		return -EINVAL;
	}
	memcpy(&head, record, sizeof(head));
	if (head.size >= sizeof(head) && head.size <= size) {
		switch (head.kind) {
		case REC_CLASS: err = feed_class(d, record, head.size, ret_event); break;
		case REC_OBJECT:
		case REC_INIT: err = feed_object(d, record, head.size, ret_event); break;
		case REC_DESTROY: err = feed_destroy(record, head.size, ret_event); break;
		case REC_SNAPSHOT: err = feed_snapshot(d, record, head.size, ret_event); break;
		case REC_ENTER:
		case REC_EXIT:
		case REC_INSTANT: err = feed_slice(d, record, head.size, ret_event); break;
		case REC_VALUE: err = feed_value(d, record, head.size, ret_event); break;
		default: d->stats.unknown++; return -EINVAL;
		}
	} else {
		err = -EINVAL;
	}
	if (!err)
		return 0;

	d->stats.rejected++;
	probe = probe_of(&head, record, size);
	if (probe >= 0)
		d->stats.rejected_by_probe[probe]++;
	return err;
}
