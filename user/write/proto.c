// SPDX-License-Identifier: BSD-2-Clause
/* proto: see proto.h. */
#include "proto.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

enum wire { FIXED64 = 1, LENGTH };

void proto__free(struct proto *p)
{
	if (!p)
		return;
	free(p->data);
	*p = (struct proto){ 0 };
}

void proto__clear(struct proto *p)
{
	p->size = 0;
	p->error = 0;
}

char *proto__reserve(struct proto *p, size_t size)
{
	size_t capacity = p->capacity ? p->capacity : 1024;
	char *data;

	if (p->error)
		return NULL;
	if (p->capacity - p->size >= size)
		return p->data + p->size;
	if (size > SIZE_MAX / 4 || p->size > SIZE_MAX / 4) {
		p->error = -ENOMEM;
		return NULL;
	}
	while (capacity - p->size < size)
		capacity *= 2;
	data = realloc(p->data, capacity);
	if (!data) {
		p->error = -ENOMEM;
		return NULL;
	}
	p->data = data;
	p->capacity = capacity;
	return p->data + p->size;
}

static inline char *put_tag(char *to, uint32_t field, enum wire wire)
{
	return proto__put_varint(to, (uint64_t)field << 3 | wire);
}

void proto__fixed(struct proto *p, uint32_t field, uint64_t value)
{
	char *to = proto__reserve(p, PROTO_VARINT_MAX + sizeof(value));

	if (!to)
		return;
	value = htole64(value);
	to = put_tag(to, field, FIXED64);
	memcpy(to, &value, sizeof(value));
	p->size = (size_t)(to + sizeof(value) - p->data);
}

void proto__double(struct proto *p, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	proto__fixed(p, field, bits);
}

void proto__raw(struct proto *p, const void *data, size_t size)
{
	char *to = size ? proto__reserve(p, size) : NULL;

	if (!to)
		return;
	memcpy(to, data, size);
	p->size += size;
}

void proto__bytes(struct proto *p, uint32_t field, const void *data, size_t size)
{
	char *to = proto__reserve(p, 2 * PROTO_VARINT_MAX);

	if (!to)
		return;
	p->size = (size_t)(proto__put_varint(put_tag(to, field, LENGTH), size) - p->data);
	proto__raw(p, data, size);
}

/* How many bytes from here on can stay as they are. */
static size_t valid_run(const char *s, size_t size)
{
	size_t bad, length, n = 0;

	while (n < size && s[n]) {
		length = (unsigned char)s[n] < 0x80 ? 1 : utf8__length((const unsigned char *)s + n, size - n, &bad);
		if (!length)
			break;
		n += length;
	}
	return n;
}

void proto__piece(struct proto *p, const char *s, size_t size)
{
	size_t run = valid_run(s, size), bad;

	for (;;) {
		proto__raw(p, s, run);
		s += run;
		size -= run;
		if (!size)
			break;
		bad = 1;
		if (*s)
			utf8__length((const unsigned char *)s, size, &bad);
		proto__raw(p, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		s += bad;
		size -= bad;
		run = valid_run(s, size);
	}
}

void proto__string(struct proto *p, uint32_t field, const char *s, size_t size)
{
	size_t begun;

	if (valid_run(s, size) == size) {
		proto__bytes(p, field, s, size);
		return;
	}
	begun = proto__begin(p, field);
	proto__piece(p, s, size);
	proto__end(p, begun);
}

/* Most messages are shorter than 128 bytes: there is room for one byte of length. */
size_t proto__begin(struct proto *p, uint32_t field)
{
	char *to = proto__reserve(p, PROTO_VARINT_MAX + 1);

	if (to)
		p->size = (size_t)(put_tag(to, field, LENGTH) + 1 - p->data);
	return p->size;
}

void proto__end(struct proto *p, size_t begun)
{
	char length[PROTO_VARINT_MAX];
	size_t size, more;

	if (p->error)
		return;
	size = p->size - begun;
	more = (size_t)(proto__put_varint(length, size) - length) - 1;
	if (more) {
		if (!proto__reserve(p, more))
			return;
		memmove(p->data + begun + more, p->data + begun, size);
		p->size += more;
	}
	memcpy(p->data + begun - 1, length, more + 1);
}
