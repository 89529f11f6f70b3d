// SPDX-License-Identifier: BSD-2-Clause
/* wire: see wire.h. */
#include "wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define FIELD_MAX ((1u << 29) - 1)

int wire__varint(const char **at, const char *end, uint64_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;

	for (unsigned shift = 0; p < end; shift += 7) {
		uint64_t bits = (unsigned char)*p & 0x7f;

		if (shift > 63 || (shift == 63 && bits > 1))
			return -EINVAL;
		value |= bits << shift;
		if (!(*p++ & 0x80)) {
			*at = p;
			*ret = value;
			return 0;
		}
	}
	return -EAGAIN;
}

static int take_bytes(struct wire *w, size_t size)
{
	if (size > (size_t)(w->end - w->at))
		return -EINVAL;
	w->data = w->at;
	w->size = size;
	w->at += size;
	return 1;
}

int wire__next(struct wire *w)
{
	uint64_t tag, number = 0;
	uint32_t half;
	int got;

	if (w->at == w->end)
		return 0;
	if (wire__varint(&w->at, w->end, &tag) || !(tag >> 3) || tag >> 3 > FIELD_MAX)
		return -EINVAL;
	w->field = (uint32_t)(tag >> 3);
	w->type = (enum wire_type)(tag & 7);
	switch (w->type) {
	case WIRE_VARINT: return wire__varint(&w->at, w->end, &w->number) ? -EINVAL : 1;
	case WIRE_LENGTH:
		if (wire__varint(&w->at, w->end, &number) || number > SIZE_MAX)
			return -EINVAL;
		return take_bytes(w, number);
	case WIRE_FIXED64:
		got = take_bytes(w, sizeof(number));
		if (got > 0)
			memcpy(&number, w->data, sizeof(number));
		w->number = le64toh(number);
		return got;
	case WIRE_FIXED32:
		got = take_bytes(w, sizeof(half));
		if (got > 0)
			memcpy(&half, w->data, sizeof(half));
		w->number = got > 0 ? le32toh(half) : 0;
		return got;
	}
	return -EINVAL;
}

double wire__double(const struct wire *w)
{
	double value;

	memcpy(&value, &w->number, sizeof(value));
	return value;
}
