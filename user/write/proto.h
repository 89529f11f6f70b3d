/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proto: fields in, protobuf's bytes out, in a buffer that grows. It owns tags, varints and lengths; it must not know
 * what a field is for. That every message that was begun is ended is up to the caller.
 *
 *	size_t packet = proto__begin(p, 1);
 *	proto__uint(p, 8, 300);
 *	proto__end(p, packet);		0a 03  40 ac 02
 *
 * Nothing returns an error: the first one is kept in `error`, and nothing is appended from then on.
 */
#ifndef VIZTRACE_PROTO_H
#define VIZTRACE_PROTO_H

#include <stddef.h>
#include <stdint.h>

struct proto {
	char *data;
	size_t size, capacity;
	int error; /* 0 or -ENOMEM */
};

/* All zeros is an empty one. */
void proto__free(struct proto *p);

/* Forget the bytes and the error, keep the buffer. */
void proto__clear(struct proto *p);

/* Room for `size` bytes at the end, or NULL. */
char *proto__reserve(struct proto *p, size_t size);

#define PROTO_VARINT_MAX 10 /* bytes */

static inline char *proto__put_varint(char *to, uint64_t value)
{
	while (value >= 0x80) {
		*to++ = (char)(value | 0x80);
		value >>= 7;
	}
	*to++ = (char)value;
	return to;
}

/* uint32, uint64, bool, enum; an int64 takes ten bytes if it is below 0. Most fields are of these: the compiler knows
 * their tags. */
static inline void proto__uint(struct proto *p, uint32_t field, uint64_t value)
{
	char *to;

	if (__builtin_expect(p->error || p->capacity - p->size < 2 * PROTO_VARINT_MAX, 0))
		to = proto__reserve(p, 2 * PROTO_VARINT_MAX);
	else
		to = p->data + p->size;
	if (to)
		p->size = (size_t)(proto__put_varint(proto__put_varint(to, (uint64_t)field << 3), value) - p->data);
}

static inline void proto__int(struct proto *p, uint32_t field, int64_t value)
{
	proto__uint(p, field, (uint64_t)value);
}

/* fixed64 */
void proto__fixed(struct proto *p, uint32_t field, uint64_t value);

void proto__double(struct proto *p, uint32_t field, double value);

/* Bytes, or a message that was made elsewhere. */
void proto__bytes(struct proto *p, uint32_t field, const void *data, size_t size);

/* Any bytes; always valid UTF-8 in the field, and no NUL: both are U+FFFD. */
void proto__string(struct proto *p, uint32_t field, const char *s, size_t size);

/* A part of a text that was begun as a message is. Each is made valid by itself, so do not split a character. */
void proto__piece(struct proto *p, const char *s, size_t size);

/* A message: what begin() returned is for end(), which puts its length before what was appended since. */
size_t proto__begin(struct proto *p, uint32_t field);
void proto__end(struct proto *p, size_t begun);

/* For what is none of the above: bytes as they are. */
void proto__raw(struct proto *p, const void *data, size_t size);

#endif
