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

/* uint32, uint64, bool, enum; an int64 takes ten bytes if it is below 0. */
void proto__uint(struct proto *p, uint32_t field, uint64_t value);
void proto__int(struct proto *p, uint32_t field, int64_t value);

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
