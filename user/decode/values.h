/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values: the bytes of a snapshot in, values out, as the layout of the class says. A part of decode, which has checked
 * where in the record they are.
 */
#ifndef VIZTRACE_VALUES_H
#define VIZTRACE_VALUES_H

#include <stdlib.h>
#include <string.h>

#define VIZ_PROBE_DISABLE /* the types, no probes */
#include "viztrace.h"
#include "classes.h"
#include "decode.h"

#define LOAD(T, p) \
	__extension__({ \
		T load_value; \
		memcpy(&load_value, p, sizeof(load_value)); \
		load_value; \
	})

/* Room for those of one event, used again for the next. */
struct values {
	struct value *list;
	size_t n, room;
};

/* A snapshot while it is taken apart. Positions count from the span's start. */
struct reader {
	struct values *values;
	struct classes *classes;
	struct decode_stats *stats;
	const uint8_t *record; /* all of it */
	const uint8_t *span;
	uint64_t readable; /* bytes of the span that are there */
	uint32_t texts, n_texts;
	uint32_t next_text;            /* texts come in the order of their words, as a rule */
	uint32_t nodes;                /* made so far, also those thrown away */
	uint64_t span_left, text_left; /* bytes that may still be shown of the span, and of texts */
};

/* The pointer is good until the next node. NULL: no memory. */
static inline struct value *values__add(struct values *to, const char *key, enum value_type type)
{
	struct value *v;

	if (__builtin_expect(to->n == to->room, 0)) {
		struct value *more = realloc(to->list, 2 * to->room * sizeof(*more));

		if (!more)
			return NULL;
		to->list = more;
		to->room *= 2;
	}
	v = &to->list[to->n++];
	*v = (struct value){ .key = key, .type = type };
	return v;
}

/* Are `size` bytes at `pos` in what could be read? */
static inline bool reader__can_read(const struct reader *r, int64_t pos, uint64_t size)
{
	return pos >= 0 && size <= r->readable && (uint64_t)pos <= r->readable - size;
}

static inline void reader__unreadable(struct reader *r, struct value *v)
{
	v->type = VALUE_UNREADABLE;
	r->stats->unreadable++;
}

#define NUMBER(T, value_type, field) \
	if (!reader__can_read(r, pos, sizeof(T))) \
		break; \
	v->type = value_type; \
	v->field = LOAD(T, r->span + pos); \
	return

static inline void reader__number(struct reader *r, struct value *v, unsigned type, int64_t pos)
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
		if (!reader__can_read(r, pos, 1))
			break;
		v->type = VALUE_BOOL;
		v->u = r->span[pos] != 0;
		return;
	}
	reader__unreadable(r, v);
}

/* How much it may show at most: so many bytes of a span and of a whole record, twice. */
void reader__bound(struct reader *r, uint64_t span_size, uint64_t record_size);

/* An attribute of the object itself: all its values. One that is too large becomes a single unreadable one. 0 or
 * -ENOMEM. */
int reader__attribute(struct reader *r, struct layout *layout, struct layout_attr *a, int64_t pos);

#endif
