/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: protobuf's bytes in, fields out, one at a time. The way back from proto.h. The bytes may be anybody's: nothing
 * is read beyond their end. It must not know what a field is for.
 */
#ifndef VIZTRACE_WIRE_H
#define VIZTRACE_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT, WIRE_FIXED64, WIRE_LENGTH, WIRE_FIXED32 = 5 };

/* A message, and the field of it that was found last. */
struct wire {
	const char *at, *end;
	uint32_t field;
	enum wire_type type;
	uint64_t number;  /* VARINT, FIXED64, FIXED32 */
	const char *data; /* LENGTH: where it is, and `size` bytes */
	size_t size;
};

static inline struct wire wire__of(const char *data, size_t size)
{
	return (struct wire){ .at = data, .end = size ? data + size : data };
}

/* 1: there is a field. 0: the end. -EINVAL: these are no fields. */
int wire__next(struct wire *w);

double wire__double(const struct wire *w);

/* `*at` is past it then. 0; -EAGAIN: it does not end before `end`; -EINVAL: it has more than 64 bits. */
int wire__varint(const char **at, const char *end, uint64_t *ret);

#endif
