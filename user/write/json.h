/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: values in, JSON text out, in a buffer that grows. It owns commas, escapes and the notation of
 * numbers; it must not know what the text is for. That every container is closed and every key has its value
 * is up to the caller.
 *
 *	json__object(j);
 *	JSON__KEY(j, "depth");
 *	json__int(j, 3);
 *	json__object_end(j);		{"depth":3}
 *
 * Nothing returns an error: the first one is kept in `error`, and nothing is appended from then on.
 */
#ifndef VIZTRACE_JSON_H
#define VIZTRACE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *data; /* not NUL-terminated */
	size_t size, capacity;
	int error;  /* 0 or -ENOMEM */
	bool comma; /* the next key or value needs one before it */
};

void json__init(struct json *j);
void json__free(struct json *j);

/* Forget the text and the error, keep the buffer. */
void json__clear(struct json *j);

void json__object(struct json *j);
void json__object_end(struct json *j);
void json__list(struct json *j);
void json__list_end(struct json *j);

/* A key that needs escaping, and one that does not as it is our own. */
void json__key(struct json *j, const char *key, size_t size);
#define JSON__KEY(j, literal) json__raw_key(j, "\"" literal "\":", sizeof("\"" literal "\":") - 1)
void json__raw_key(struct json *j, const char *text, size_t size);

void json__int(struct json *j, int64_t value);
void json__uint(struct json *j, uint64_t value);
void json__bool(struct json *j, bool value);
void json__null(struct json *j);

/* Nanoseconds as microseconds: 1234567 is 1234.567. */
void json__us(struct json *j, uint64_t ns);

/* Always with a fraction or an exponent, at most 17 digits; reads back as the same bits. What is not
 * finite is a string: "NaN", "Infinity", "-Infinity". */
void json__double(struct json *j, double value);

/* Any bytes; always valid UTF-8 in the text. */
void json__string(struct json *j, const char *s, size_t size);

/* A string in pieces. Each is made valid by itself, so do not split a character. */
void json__string_begin(struct json *j);
void json__piece(struct json *j, const char *s, size_t size);
void json__piece_uint(struct json *j, uint64_t value);
void json__piece_hex(struct json *j, uint64_t value); /* 0x7f00 */
void json__string_end(struct json *j);

/* Text that is JSON already: a value, or members of the object. */
void json__raw(struct json *j, const char *text, size_t size);
#define JSON__RAW(j, literal) json__raw(j, literal, sizeof(literal) - 1)

/* Go on in a new line, after the comma if there is one to come. */
void json__line(struct json *j);

#endif
