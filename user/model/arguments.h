/* SPDX-License-Identifier: BSD-2-Clause */
/* arguments: what an open slice was given, and what it will end with. Says nothing to anybody. */
#ifndef VIZTRACE_ARGUMENTS_H
#define VIZTRACE_ARGUMENTS_H

#include "../common/copied.h"

/* Of a slice that has some; of others there is none. */
struct arguments {
	struct copied begun, result;
};

/* What it began with. None of them: *ret stays NULL. 0 or -ENOMEM. */
int arguments__begin(struct arguments **ret, const struct value *values, size_t n);

/* What it will end with, in the place of what was said before; *a may be NULL until then. 0 or -ENOMEM. */
int arguments__result(struct arguments **a, const struct value *values, size_t n);

/* In bytes; takes NULL, as the next one. */
size_t arguments__size(const struct arguments *a);
void arguments__free(struct arguments *a);

/* Room for what is told where a slice ends. All zeros is none. */
struct ending {
	struct value *values;
	size_t n, room;
	char *text;
	size_t text_room;
};

/* The slice's result, and then `values`; a key that is there already, or in its beginning, is "KEY (end)" instead. 0,
 * and they are there until the next call; -ENOMEM. */
int ending__make(struct ending *e, const struct arguments *a, const struct value *values, size_t n);
void ending__clear(struct ending *e);

#endif
