// SPDX-License-Identifier: BSD-2-Clause
/* pack: see pack.h. What is read was written here by the same process: it is trusted. */
#include "pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/array.h"
#include "../common/hash.h"

#define VARINT_MAX 10
#define HEAD_MAX (4 * VARINT_MAX) /* shape, thread, time, and one more */
#define THREAD_MAX (2 * VARINT_MAX + 1 + 16)

/* In a shape, as a number: most have none of the last ones. */
enum {
	HAS_NAME = 1,
	HAS_TAG = 2,
	IS_COUNTER = 4,
	IS_NEW = 8,
	IS_SCOPED = 16,
	IS_PRETTY = 32,
	IS_UNWANTED = 64,
	ID_IS_POINTER = 128,
	IS_RESULT = 256,
};
enum { VALUE_HAS_UNIT = 32, VALUE_HAS_KEY = 64, VALUE_IS_TRUNCATED = 128 }; /* besides its type */

/* ---- Bytes ---- */

static uint8_t *put_uint(uint8_t *to, uint64_t n)
{
	for (; n >= 128; n >>= 7)
		*to++ = (uint8_t)(n | 128);
	*to++ = (uint8_t)n;
	return to;
}

static uint64_t get_uint(const uint8_t **from)
{
	const uint8_t *at = *from;
	uint64_t n = *at & 127;

	for (unsigned shift = 7; *at++ & 128; shift += 7)
		n |= (uint64_t)(*at & 127) << shift;
	*from = at;
	return n;
}

/* Small ones of either sign are small. */
static uint64_t fold(int64_t n)
{
	return (uint64_t)n << 1 ^ (uint64_t)(n >> 63);
}

static int64_t unfold(uint64_t n)
{
	return (int64_t)(n >> 1 ^ -(n & 1));
}

/* Most that people measure have a short fraction: their last bytes are zeros. */
static uint8_t *put_double(uint8_t *to, uint64_t bits)
{
	unsigned n = bits ? 8 - (unsigned)__builtin_ctzll(bits) / 8 : 0;

	*to++ = (uint8_t)n;
	for (unsigned i = 0; i < n; i++)
		*to++ = (uint8_t)(bits >> (56 - 8 * i));
	return to;
}

static uint64_t get_double(const uint8_t **from)
{
	unsigned n = *(*from)++;
	uint64_t bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits |= (uint64_t) * (*from)++ << (56 - 8 * i);
	return bits;
}

/* With its NUL, so that it can be read where it is. */
static uint8_t *put_text(uint8_t *to, const char *text)
{
	size_t size = strlen(text) + 1;

	memcpy(to, text, size);
	return to + size;
}

static const char *get_text(const uint8_t **from)
{
	const char *text = (const char *)*from;

	*from += strlen(text) + 1;
	return text;
}

/* ---- Events to bytes ---- */

void packer__init(struct packer *p)
{
	memset(p, 0, sizeof(*p));
}

void packer__clear(struct packer *p)
{
	free(p->shape);
	packer__init(p);
}

void packer__begin(struct packer *p, uint8_t *block, size_t room)
{
	memset(p->shapes, 0, sizeof(p->shapes));
	memset(p->threads, 0, sizeof(p->threads));
	p->n_shapes = p->n_threads = 0;
	p->to = block;
	p->size = 0;
	p->room = room;
	p->ts = 0;
}

static bool has_text(enum value_type type)
{
	return type == VALUE_STRING || type == VALUE_JSON;
}

/* Is there one more number, and which? */
static bool number_of(const struct event *e, uint64_t *ret)
{
	switch (e->kind) {
	case EVENT_FOUND:
	case EVENT_INIT:
	case EVENT_DESTROY:
	case EVENT_SNAPSHOT:
	case EVENT_FORGOTTEN: *ret = e->address; return true;
	case EVENT_ENTER:
	case EVENT_EXIT: *ret = e->frame; return true;
	case EVENT_ASYNC:
	case EVENT_LOST: *ret = e->id; return true;
	default: return false;
	}
}

static size_t shape_bound(const struct event *e)
{
	size_t size = 8 + 3 * VARINT_MAX + event__text_size(e->name) + event__text_size(e->tag);

	for (size_t i = 0; i < e->n_values; i++)
		size += 1 + VARINT_MAX + event__text_size(e->values[i].key) + event__text_size(e->values[i].unit);
	return size;
}

static size_t values_bound(const struct event *e)
{
	size_t size = 0;

	for (size_t i = 0; i < e->n_values; i++)
		size += VARINT_MAX + (has_text(e->values[i].type) ? e->values[i].size : 0);
	return size;
}

size_t pack__bound(const struct event *e)
{
	return HEAD_MAX + THREAD_MAX + shape_bound(e) + values_bound(e);
}

static unsigned flags_of(const struct event *e)
{
	return (e->name ? HAS_NAME : 0) | (e->tag ? HAS_TAG : 0) | (e->is_counter ? IS_COUNTER : 0) |
	       (e->is_new ? IS_NEW : 0) | (e->scoped ? IS_SCOPED : 0) | (e->pretty ? IS_PRETTY : 0) |
	       (e->unwanted ? IS_UNWANTED : 0) | (e->id_is_pointer ? ID_IS_POINTER : 0) |
	       (e->is_result ? IS_RESULT : 0);
}

static size_t make_shape(uint8_t *shape, const struct event *e)
{
	uint8_t *to = shape;

	*to++ = (uint8_t)e->kind;
	*to++ = (uint8_t)e->probe;
	*to++ = (uint8_t)e->step;
	to = put_uint(to, flags_of(e));
	to = put_uint(to, e->cls);
	to = put_uint(to, e->site);
	to = put_uint(to, e->n_values);
	if (e->name)
		to = put_text(to, e->name);
	if (e->tag)
		to = put_text(to, e->tag);
	for (size_t i = 0; i < e->n_values; i++) {
		const struct value *v = &e->values[i];

		*to++ = (uint8_t)((unsigned)v->type | (v->key ? VALUE_HAS_KEY : 0) | (v->unit ? VALUE_HAS_UNIT : 0) |
				  (v->truncated ? VALUE_IS_TRUNCATED : 0));
		to = put_uint(to, v->n_children);
		if (v->key)
			to = put_text(to, v->key);
		if (v->unit)
			to = put_text(to, v->unit);
	}
	return (size_t)(to - shape);
}

/* Where it is, or is to be. Too many are all forgotten: they are written once more. */
static struct packed_shape *find_shape(struct packer *p, uint64_t hash, size_t size)
{
	size_t i = hash % PACK_SHAPES;

	if (p->n_shapes % (PACK_SHAPES / 2) == PACK_SHAPES / 2 - 1 && p->n_shapes)
		memset(p->shapes, 0, sizeof(p->shapes));
	for (; p->shapes[i].at; i = (i + 1) % PACK_SHAPES)
		if (p->shapes[i].hash == hash && p->shapes[i].size == size && !memcmp(p->shapes[i].at, p->shape, size))
			break;
	return &p->shapes[i];
}

static uint8_t *put_shape(struct packer *p, uint8_t *to, size_t size)
{
	uint64_t hash = hash__text((const char *)p->shape, size);
	struct packed_shape *s = find_shape(p, hash, size);

	if (s->at)
		return put_uint(to, s->number);
	to = put_uint(to, 0);
	memcpy(to, p->shape, size);
	*s = (struct packed_shape){ .hash = hash, .at = to, .size = size, .number = ++p->n_shapes };
	return to + size;
}

static uint8_t *put_thread(struct packer *p, uint8_t *to, const struct event *e)
{
	struct packed_thread *t = &p->threads[e->tid % PACK_THREADS];
	size_t size = strnlen(e->comm, sizeof(e->comm));

	if (t->number && t->pid == e->pid && t->tid == e->tid && !strncmp(t->comm, e->comm, sizeof(t->comm)))
		return put_uint(to, t->number);
	*t = (struct packed_thread){ .pid = e->pid, .tid = e->tid, .number = ++p->n_threads };
	memcpy(t->comm, e->comm, size);
	to = put_uint(to, 0);
	to = put_uint(to, e->pid);
	to = put_uint(to, e->tid);
	*to++ = (uint8_t)size;
	memcpy(to, e->comm, size);
	return to + size;
}

static uint8_t *put_value(uint8_t *to, const struct value *v)
{
	switch (v->type) {
	case VALUE_INT: return put_uint(to, fold(v->i));
	case VALUE_UINT:
	case VALUE_BOOL: return put_uint(to, v->u);
	case VALUE_DOUBLE: return put_double(to, v->u);
	case VALUE_STRING:
	case VALUE_JSON:
		to = put_uint(to, v->size);
		memcpy(to, v->s, v->size);
		return to + v->size;
	default: return to;
	}
}

int packer__add(struct packer *p, const struct event *e)
{
	uint8_t *to = p->to + p->size;
	size_t size = shape_bound(e);
	uint64_t number;

	if (array__make_room(&p->shape, &p->shape_room, size, 1))
		return -ENOMEM;
	if (HEAD_MAX + THREAD_MAX + size + values_bound(e) > p->room - p->size)
		return -ENOSPC;
	to = put_shape(p, to, make_shape(p->shape, e));
	to = put_thread(p, to, e);
	to = put_uint(to, fold((int64_t)(e->ts - p->ts)));
	p->ts = e->ts;
	if (number_of(e, &number))
		to = put_uint(to, number);
	for (size_t i = 0; i < e->n_values; i++)
		to = put_value(to, &e->values[i]);
	p->size = (size_t)(to - p->to);
	return 0;
}

/* ---- And back ---- */

void unpacker__begin(struct unpacker *u, const uint8_t *block, size_t size)
{
	u->at = block;
	u->end = block + size;
	u->ts = 0;
	u->n_shapes = u->n_threads = u->n_templates = 0;
}

void unpacker__clear(struct unpacker *u)
{
	free(u->shapes);
	free(u->threads);
	free(u->templates);
	free(u->values);
	*u = (struct unpacker){ 0 };
}

static int get_shape(struct unpacker *u)
{
	const uint8_t *at = u->at;
	struct event e = { .kind = (enum event_kind)at[0], .probe = (enum probe)at[1], .step = (enum async_step)at[2] };
	unsigned flags;

	at += 3;
	flags = (unsigned)get_uint(&at);
	e.is_counter = flags & IS_COUNTER;
	e.is_new = flags & IS_NEW;
	e.scoped = flags & IS_SCOPED;
	e.pretty = flags & IS_PRETTY;
	e.unwanted = flags & IS_UNWANTED;
	e.id_is_pointer = flags & ID_IS_POINTER;
	e.is_result = flags & IS_RESULT;
	e.cls = get_uint(&at);
	e.site = (uint16_t)get_uint(&at);
	e.n_values = get_uint(&at);
	if (flags & HAS_NAME)
		e.name = get_text(&at);
	if (flags & HAS_TAG)
		e.tag = get_text(&at);
	if (array__make_room(&u->shapes, &u->shapes_room, u->n_shapes + 1, sizeof(*u->shapes)) ||
	    array__make_room(&u->templates, &u->templates_room, u->n_templates + e.n_values, sizeof(*u->templates)) ||
	    array__make_room(&u->values, &u->values_room, e.n_values, sizeof(*u->values)))
		return -ENOMEM;
	u->shapes[u->n_shapes++] = (struct unpacked_shape){ .event = e, .first_value = u->n_templates };
	for (size_t i = 0; i < e.n_values; i++) {
		struct value *v = &u->templates[u->n_templates++];
		unsigned type = *at++;

		*v = (struct value){ .type = type & (VALUE_HAS_UNIT - 1), .truncated = type & VALUE_IS_TRUNCATED };
		v->n_children = (uint32_t)get_uint(&at);
		if (type & VALUE_HAS_KEY)
			v->key = get_text(&at);
		if (type & VALUE_HAS_UNIT)
			v->unit = get_text(&at);
	}
	u->at = at;
	return 0;
}

static int get_thread(struct unpacker *u)
{
	struct event *t;
	size_t size;

	if (array__make_room(&u->threads, &u->threads_room, u->n_threads + 1, sizeof(*u->threads)))
		return -ENOMEM;
	t = &u->threads[u->n_threads++];
	*t = (struct event){ .pid = (uint32_t)get_uint(&u->at) };
	t->tid = (uint32_t)get_uint(&u->at);
	size = *u->at++;
	memcpy(t->comm, u->at, size);
	u->at += size;
	return 0;
}

static void get_value(const uint8_t **from, struct value *v)
{
	switch (v->type) {
	case VALUE_INT: v->i = unfold(get_uint(from)); break;
	case VALUE_UINT:
	case VALUE_BOOL: v->u = get_uint(from); break;
	case VALUE_DOUBLE: v->u = get_double(from); break;
	case VALUE_STRING:
	case VALUE_JSON:
		v->size = (uint32_t)get_uint(from);
		v->s = (const char *)*from;
		*from += v->size;
		break;
	default: break;
	}
}

static void get_number(struct unpacker *u, struct event *e)
{
	uint64_t number;

	if (!number_of(e, &number))
		return;
	number = get_uint(&u->at);
	if (e->kind == EVENT_ENTER || e->kind == EVENT_EXIT)
		e->frame = number;
	else if (e->kind == EVENT_ASYNC || e->kind == EVENT_LOST)
		e->id = number;
	else
		e->address = number;
}

int unpacker__next(struct unpacker *u, struct event *ret)
{
	const struct unpacked_shape *shape;
	uint64_t n;
	int err;

	if (u->at == u->end)
		return 0;
	n = get_uint(&u->at);
	err = n ? 0 : get_shape(u);
	if (err)
		return err;
	shape = &u->shapes[n ? n - 1 : u->n_shapes - 1];
	*ret = shape->event;
	n = get_uint(&u->at);
	err = n ? 0 : get_thread(u);
	if (err)
		return err;
	n = n ? n - 1 : u->n_threads - 1;
	ret->pid = u->threads[n].pid;
	ret->tid = u->threads[n].tid;
	memcpy(ret->comm, u->threads[n].comm, sizeof(ret->comm));
	u->ts += (uint64_t)unfold(get_uint(&u->at));
	ret->ts = u->ts;
	get_number(u, ret);
	if (ret->n_values)
		memcpy(u->values, u->templates + shape->first_value, ret->n_values * sizeof(*u->values));
	for (size_t i = 0; i < ret->n_values; i++)
		get_value(&u->at, &u->values[i]);
	ret->values = ret->n_values ? u->values : NULL;
	return 1;
}
