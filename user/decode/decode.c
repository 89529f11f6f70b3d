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

#include "../../bpf/record.h"
#include "../common/utf8.h"
#include "args.h"
#include "values.h"

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
_Static_assert((int)EVENT_PROBE_ASYNC == (int)PROBE_ASYNC, "async");
_Static_assert((int)EVENT_PROBES == (int)PROBE_COUNT, "count");
_Static_assert((int)ASYNC_BEGIN == (int)VIZ_ASYNC_BEGIN && (int)ASYNC_END == (int)VIZ_ASYNC_END, "slices");
_Static_assert((int)ASYNC_OUT == (int)VIZ_ASYNC_OUT && (int)ASYNC_IN == (int)VIZ_ASYNC_IN, "arrows");

struct text {
	char *data;
	size_t room;
};

struct decoder {
	struct decode_stats stats;
	struct classes classes;
	bool include_all;
	const char *keys[VIZ_ATTRS_MAX];
	struct values values;
	struct args args;
	struct text cut[2]; /* names that were cut, with a mark at their end */
};

int decoder__new(struct decoder **ret)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->values.room = VIZ_ATTRS_MAX;
	d->values.list = malloc(d->values.room * sizeof(*d->values.list));
	if (!d->values.list) {
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
	free(d->values.list);
	free(d->cut[0].data);
	free(d->cut[1].data);
	free(d);
}

void decoder__set_budget(struct decoder *d, struct budget *budget)
{
	d->classes.budget = budget;
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
	return classes__offer(&d->classes, pid, address, bytes, size);
}

void decoder__age(struct decoder *d, uint32_t pid)
{
	classes__age(&d->classes, pid);
}

void decoder__forget_old(struct decoder *d, uint32_t pid)
{
	classes__forget_old(&d->classes, pid);
}

void decoder__forget(struct decoder *d, uint32_t pid)
{
	classes__forget(&d->classes, pid);
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
		if (!text.size || text.offset > size || text.size > size - text.offset)
			return false;
		/* Bytes behind a pointer may end as they like: those of a char * are looked at where they are used. */
		if (!(text.word & REC_FOLLOWED) && record[text.offset + text.size - 1])
			return false;
	}
	return true;
}

/* Of the object, those in `mask`. 0 or -ENOMEM. */
static int read_attributes(struct reader *r, struct layout *layout, uint64_t mask, int32_t span_offset)
{
	r->values->n = 0;
	for (uint64_t left = mask; left; left &= left - 1) {
		struct layout_attr *a = &layout->attrs[__builtin_ctzll(left)];
		int64_t pos = (int64_t)a->offset - span_offset;

		if (a->scalar) {
			struct value *v = values__add(r->values, a->key, VALUE_UNREADABLE);

			if (!v)
				return -ENOMEM;
			reader__number(r, v, a->type, pos);
		} else {
			int err = reader__attribute(r, layout, a, pos);

			if (err)
				return err;
		}
	}
	return 0;
}

static int feed_snapshot(struct decoder *d, const uint8_t *record, size_t size, struct event *ret)
{
	struct reader r = {
		.values = &d->values,
		.classes = &d->classes,
		.stats = &d->stats,
		.record = record,
	};
	uint64_t base_at, include, exclude, mask;
	struct rec_snapshot rec;
	struct layout *layout;
	int err;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	if (rec.probe != PROBE_SET && rec.probe != PROBE_QUIET && rec.probe != PROBE_LOG)
		return -EINVAL;
	if (rec.span_read > rec.span_size || rec.span_read > size - sizeof(rec))
		return -EINVAL;
	layout = classes__find(&d->classes, rec.head.tgid, rec.cls);
	if (!layout || !layout__is_of_objects(layout))
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
	reader__bound(&r, rec.span_size, size);
	include = LOAD(uint64_t, r.span + base_at + offsetof(struct viz_base, include));
	exclude = LOAD(uint64_t, r.span + base_at + offsetof(struct viz_base, exclude));
	mask = layout->visible & (d->include_all ? ~0ull : include ? include : ~exclude);

	err = read_attributes(&r, layout, mask, rec.span_offset);
	if (err)
		return err;

	begin_event(ret, &rec.head, EVENT_SNAPSHOT, (enum probe)rec.probe);
	ret->address = rec.address;
	ret->cls = rec.cls;
	ret->tag = layout->tag;
	ret->is_counter = layout->kind == VIZ_KIND_COUNTER;
	ret->values = d->values.list;
	ret->n_values = d->values.n;
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
	if (!layout || !layout__is_of_objects(layout))
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
	struct args_text name = { .text = (const char *)record + sizeof(struct rec_slice) };
	struct rec_slice rec;
	bool has_args;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, record, sizeof(rec));
	has_args = rec.head.flags & REC_ARGS;
	name.size = rec.name_size;
	name.truncated = rec.head.flags & REC_TRUNCATED;
	if (!has_args && !check_name(name.text, name.size, size - sizeof(rec)))
		return -EINVAL;
	d->values.n = 0;
	if (has_args) {
		int err = args__read(&d->args, &d->values, &d->stats, record + sizeof(rec), size - sizeof(rec), &name);

		if (err)
			return err;
	}

	if (rec.head.kind == REC_INSTANT) {
		begin_event(ret, &rec.head, EVENT_INSTANT, EVENT_PROBE_INSTANT);
	} else if (rec.head.kind == REC_ASYNC) {
		uint32_t step = rec.flags & ~(uint32_t)VIZ_ASYNC_POINTER;

		if (step < ASYNC_BEGIN || step >= ASYNC_STEPS)
			return -EINVAL;
		begin_event(ret, &rec.head, EVENT_ASYNC, EVENT_PROBE_ASYNC);
		ret->step = (enum async_step)step;
		ret->id = rec.frame;
		ret->id_is_pointer = rec.flags & VIZ_ASYNC_POINTER;
	} else {
		bool enter = rec.head.kind == REC_ENTER;

		begin_event(ret, &rec.head, enter ? EVENT_ENTER : EVENT_EXIT,
			    enter ? EVENT_PROBE_ENTER : EVENT_PROBE_EXIT);
		ret->frame = rec.frame;
		ret->scoped = rec.flags & VIZ_SLICE_SCOPED;
		ret->site = enter && ret->scoped ? VIZ_SLICE_SITE(rec.flags) : 0;
		ret->pretty = rec.flags & VIZ_SLICE_PRETTY;
		ret->is_result = !enter && rec.flags & VIZ_SLICE_RESULT;
	}
	ret->values = d->values.n ? d->values.list : NULL;
	ret->n_values = d->values.n;
	ret->name = name.size ? name.text : NULL;
	if (!name.size) {
		d->stats.unreadable++;
	} else if (name.truncated) {
		ret->name = marked(&d->cut[0], name.text, name.size);
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

	d->values.n = 0;
	v = values__add(&d->values, rec.attr_size ? attr : EVENT_UNREADABLE_NAME, VALUE_INT);
	if (!v)
		return -ENOMEM;
	if (rec.type == VIZ_TYPE_U64)
		v->type = VALUE_UINT;
	else if (rec.type == VIZ_TYPE_F64)
		v->type = VALUE_DOUBLE;
	v->u = rec.bits;

	begin_event(ret, &rec.head, EVENT_VALUE, EVENT_PROBE_VALUE);
	ret->name = rec.name_size ? name : NULL;
	ret->values = d->values.list;
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
	d->stats.classes_beyond += err == -ENOSPC;
	if (err)
		return err == -EPROTO ? -EINVAL : err; /* the eBPF programs know no later version, either */
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
	case REC_ASYNC: return PROBE_ASYNC;
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
		case REC_INSTANT:
		case REC_ASYNC: err = feed_slice(d, record, head.size, ret_event); break;
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
