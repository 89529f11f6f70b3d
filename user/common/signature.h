/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signature: the words and brackets of a C++ signature. Ranges of text in, what is in them out; a type's
 * canonical notation. Must not know what a name is made of: that is pretty.c.
 */
#ifndef VIZTRACE_SIGNATURE_H
#define VIZTRACE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#define SIGNATURE_BINDINGS 32

struct piece {
	const char *s;
	size_t n;
};

/* T = int */
struct binding {
	struct piece key, value;
	bool is_used; /* it was put somewhere in place of its key */
};

/* " [with T = int; U = char]" of gcc, " [T = int, U = char]" of clang. */
struct bindings {
	struct binding list[SIGNATURE_BINDINGS];
	size_t n;
	bool of_gcc; /* which leaves the keys in the signature; clang has the values there */
};

/* What is written; `full` if it did not fit. */
struct notation {
	char *data;
	size_t size, room;
	bool full;
};

bool piece__is(struct piece p, const char *text);
bool piece__starts(struct piece p, const char *text);
bool piece__is_word(char c);
struct piece piece__from(struct piece p, size_t from);
struct piece piece__trim(struct piece p);

/* Where the bracket or quotation at `i` ends: the position behind it; p.n if it does not. i + 1 for anything else. */
size_t piece__skip(struct piece p, size_t i);

/* Up to `separator` outside of brackets, and without it; *rest is what is behind it (n == 0: nothing). */
struct piece piece__split(struct piece *rest, char separator);

/* Take the bindings off the end of a signature. */
void bindings__take(struct bindings *b, struct piece *signature);

/* As it is. */
void notation__raw(struct notation *o, struct piece p);

/* A type or value, the same whatever compiler wrote it. Keys of gcc's bindings become their values; b may be NULL. */
void notation__type(struct notation *o, struct piece p, struct bindings *b);

/* Is this what one leaves away, as a container's allocator? */
bool piece__is_default(struct piece p);

#endif
