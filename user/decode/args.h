/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * args: the bytes of struct rec_args in, the name of a slice or an instant and its arguments as values out. A part of
 * decode.
 */
#ifndef VIZTRACE_ARGS_H
#define VIZTRACE_ARGS_H

#include "../../bpf/record.h"
#include "values.h"

#define ARGS_POINTER_TEXT 24 /* "0x" and 16 digits */

/* What values point to. */
struct args {
	char names[NAME_BYTES];
	char numbered[ARGS_MAX][8]; /* for those without a name */
	char pointers[ARGS_MAX][ARGS_POINTER_TEXT];
};

struct args_text {
	const char *text;
	size_t size; /* with its NUL; 0: unreadable */
	bool truncated;
};

/* Adds to `to`. name->truncated: some text of the record was cut; afterwards whether it is this one. 0, -EINVAL or
 * -ENOMEM. The values are good until the next call. */
int args__read(struct args *a, struct values *to, struct decode_stats *stats, const uint8_t *bytes, size_t size,
	       struct args_text *name);

#endif
