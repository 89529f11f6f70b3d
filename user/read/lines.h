/* SPDX-License-Identifier: BSD-2-Clause */
/* lines: a stream of text, line by line. Memory: one line, of STREAM_MAX at most. */
#ifndef VIZTRACE_LINES_H
#define VIZTRACE_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "stream.h"

struct lines {
	struct stream *from;
	uint64_t number; /* of the line that was returned last, from 1 on */
	bool is_ended;   /* so is that line; else the file was cut there */
};

/*
 * 1: *ret is the next line, without its end, NUL-terminated, until the next call; *ret_size is its length. 0: there is
 * none. -errno: see stream__more(); -E2BIG: it is longer than STREAM_MAX.
 */
int lines__next(struct lines *l, char **ret, size_t *ret_size);

#endif
