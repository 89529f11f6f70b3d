/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See json.h. This is the hot path of the tool: no printf for integers, strings in runs of 8 bytes. The
 * notation of doubles is a matter of its own, in number.c.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "number.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void json__init(struct json *j)
{
	*j = (struct json){ 0 };
}

void json__free(struct json *j)
{
	if (!j)
		return;
	free(j->data);
	json__init(j);
}

void json__clear(struct json *j)
{
	j->size = 0;
	j->error = 0;
	j->comma = false;
}

static bool grow(struct json *j, size_t size)
{
	size_t capacity = j->capacity ? j->capacity : 1024;
	char *data;

	if (j->error)
		return false;
	if (size > SIZE_MAX / 4 || j->size > SIZE_MAX / 4) {
		j->error = -ENOMEM;
		return false;
	}
	while (capacity - j->size < size)
		capacity *= 2;
	data = realloc(j->data, capacity);
	if (!data) {
		j->error = -ENOMEM;
		return false;
	}
	j->data = data;
	j->capacity = capacity;
	return true;
}

/* Room for `size` bytes at the end of the text, or NULL. */
static inline char *reserve(struct json *j, size_t size)
{
	if (__builtin_expect(j->error || j->capacity - j->size < size, 0) && !grow(j, size))
		return NULL;
	return j->data + j->size;
}

static inline void commit(struct json *j, const char *end)
{
	j->size = (size_t)(end - j->data);
}

/* Most pieces are short: a call of memcpy would take longer than these moves, two that may overlap. */
static inline char *copy(char *to, const char *from, size_t size)
{
	uint64_t first, last;
	uint32_t first_half, last_half;

	if (size > 16) {
		memcpy(to, from, size);
	} else if (size >= 8) {
		memcpy(&first, from, 8);
		memcpy(&last, from + size - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + size - 8, &last, 8);
	} else if (size >= 4) {
		memcpy(&first_half, from, 4);
		memcpy(&last_half, from + size - 4, 4);
		memcpy(to, &first_half, 4);
		memcpy(to + size - 4, &last_half, 4);
	} else if (size) {
		to[0] = from[0];
		to[size / 2] = from[size / 2];
		to[size - 1] = from[size - 1];
	}
	return to + size;
}

/* A comma if one is due, then `text`; `comma` tells if another is due after it. */
static inline void append(struct json *j, const char *text, size_t size, bool comma)
{
	char *p = reserve(j, size + 1);

	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	commit(j, copy(p, text, size));
	j->comma = comma;
}

/* The same for what must not have a comma before it. */
static inline void append_end(struct json *j, char c, bool comma)
{
	char *p = reserve(j, 1);

	if (!p)
		return;
	*p++ = c;
	commit(j, p);
	j->comma = comma;
}

void json__object(struct json *j)
{
	append(j, "{", 1, false);
}

void json__object_end(struct json *j)
{
	append_end(j, '}', true);
}

void json__list(struct json *j)
{
	append(j, "[", 1, false);
}

void json__list_end(struct json *j)
{
	append_end(j, ']', true);
}

void json__raw_key(struct json *j, const char *text, size_t size)
{
	append(j, text, size, false);
}

void json__raw(struct json *j, const char *text, size_t size)
{
	append(j, text, size, true);
}

void json__null(struct json *j)
{
	append(j, "null", 4, true);
}

void json__bool(struct json *j, bool value)
{
	if (value)
		append(j, "true", 4, true);
	else
		append(j, "false", 5, true);
}

void json__line(struct json *j)
{
	append(j, "\n", 1, false);
}

void json__uint(struct json *j, uint64_t value)
{
	char *p = reserve(j, NUMBER_UINT_MAX + 1);

	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	commit(j, number__uint(p, value));
	j->comma = true;
}

void json__int(struct json *j, int64_t value)
{
	char *p = reserve(j, NUMBER_UINT_MAX + 2);

	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	if (value < 0)
		*p++ = '-';
	commit(j, number__uint(p, value < 0 ? 0 - (uint64_t)value : (uint64_t)value));
	j->comma = true;
}

void json__us(struct json *j, uint64_t ns)
{
	char *p = reserve(j, NUMBER_UINT_MAX + 5);
	unsigned int fraction = (unsigned int)(ns % 1000);

	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	p = number__uint(p, ns / 1000);
	*p++ = '.';
	*p++ = (char)('0' + fraction / 100);
	*p++ = (char)('0' + fraction / 10 % 10);
	*p++ = (char)('0' + fraction % 10);
	commit(j, p);
	j->comma = true;
}

void json__double(struct json *j, double value)
{
	char *p;

	if (!__builtin_isfinite(value)) {
		if (__builtin_isnan(value))
			JSON__RAW(j, "\"NaN\"");
		else if (value > 0)
			JSON__RAW(j, "\"Infinity\"");
		else
			JSON__RAW(j, "\"-Infinity\"");
		return;
	}
	p = reserve(j, NUMBER_DOUBLE_MAX + 1);
	if (!p)
		return;
	if (j->comma)
		*p++ = ',';
	commit(j, number__double(p, value));
	j->comma = true;
}

/* Must the byte be looked at? Control characters, what JSON escapes, and all that is not ASCII. DEL as
 * well: Perfetto takes it for a control character in the file's head. */
static inline bool is_special(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

/* Is none of eight bytes special? */
static inline bool are_plain(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	uint64_t quote = x ^ (ones * '"'), backslash = x ^ (ones * '\\');

	/* The classic test for a zero byte: what it gets wrong lies above a byte that it got right. One more than DEL
	 * has the highest bit. */
	return !((x | ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
		  (x + ones)) &
		 highs);
}

/* The end of the run that can be copied as it is. */
static const char *plain_run(const char *s, const char *end)
{
	uint32_t first, last;
	uint64_t x;

	while (end - s >= 8) {
		memcpy(&x, s, 8);
		if (!are_plain(x))
			break;
		s += 8;
	}
	/* Four to seven as eight, some of them twice. */
	if (end - s < 8 && end - s >= 4) {
		memcpy(&first, s, 4);
		memcpy(&last, end - 4, 4);
		if (are_plain((uint64_t)first << 32 | last))
			return end;
	}
	while (s < end && !is_special((unsigned char)*s))
		s++;
	return s;
}

/* One special character at `s`; how many bytes it took. */
static size_t put_special(struct json *j, const char *s, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *u = (const unsigned char *)s;
	size_t length = 1, bad = 0;
	char *p = reserve(j, 6);

	if (!p)
		return size;
	if (u[0] >= 0x80) {
		length = utf8__length(u, size, &bad);
		memcpy(p, length ? s : REPLACEMENT, length ? length : 3);
		p += length ? length : 3;
		commit(j, p);
		return length ? length : bad;
	}
	switch (u[0]) {
	case '\0':
		/* A name would end there in Perfetto. */
		memcpy(p, REPLACEMENT, 3);
		p += 3;
		break;
	case '"':
	case '\\':
		*p++ = '\\';
		*p++ = s[0];
		break;
	case '\n':
		*p++ = '\\';
		*p++ = 'n';
		break;
	case '\r':
		*p++ = '\\';
		*p++ = 'r';
		break;
	case '\t':
		*p++ = '\\';
		*p++ = 't';
		break;
	default:
		memcpy(p, "\\u00", 4);
		p[4] = hex[u[0] >> 4];
		p[5] = hex[u[0] & 15];
		p += 6;
	}
	commit(j, p);
	return 1;
}

void json__string_begin(struct json *j)
{
	append(j, "\"", 1, false);
}

void json__piece(struct json *j, const char *s, size_t size)
{
	const char *end = s + size, *run;
	char *p;

	if (!size)
		return;
	for (;;) {
		run = plain_run(s, end);
		p = reserve(j, (size_t)(run - s));
		if (!p)
			return;
		commit(j, copy(p, s, (size_t)(run - s)));
		if (run == end)
			return;
		s = run + put_special(j, run, (size_t)(end - run));
	}
}

void json__piece_uint(struct json *j, uint64_t value)
{
	char *p = reserve(j, NUMBER_UINT_MAX);

	if (p)
		commit(j, number__uint(p, value));
}

void json__piece_hex(struct json *j, uint64_t value)
{
	char *p = reserve(j, 18);
	int shift = value ? (63 - __builtin_clzll(value)) & ~3 : 0;

	if (!p)
		return;
	*p++ = '0';
	*p++ = 'x';
	for (; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[value >> shift & 15];
	commit(j, p);
}

void json__string_end(struct json *j)
{
	char *p = reserve(j, 6);

	if (!p)
		return;
	/* Perfetto of 2025 takes every quote after a backslash for an escaped one and never finds the
	 * string's end. */
	if (p[-1] == '\\') {
		memcpy(p - 1, "u005c", 5);
		p += 4;
	}
	*p++ = '"';
	commit(j, p);
	j->comma = true;
}

/* A string of which each byte can stay as it is, as in most; with `end` behind it. False: it is none. */
static inline bool put_plain(struct json *j, const char *s, size_t size, char end)
{
	char *p;

	if (plain_run(s, s + size) != s + size)
		return false;
	p = reserve(j, size + 4);
	if (!p)
		return true;
	if (j->comma)
		*p++ = ',';
	*p++ = '"';
	p = copy(p, s, size);
	*p++ = '"';
	if (end)
		*p++ = end;
	commit(j, p);
	j->comma = !end;
	return true;
}

void json__string(struct json *j, const char *s, size_t size)
{
	if (put_plain(j, s, size, '\0'))
		return;
	json__string_begin(j);
	json__piece(j, s, size);
	json__string_end(j);
}

void json__key(struct json *j, const char *key, size_t size)
{
	if (put_plain(j, key, size, ':'))
		return;
	json__string_begin(j);
	json__piece(j, key, size);
	json__string_end(j);
	append_end(j, ':', false);
}
