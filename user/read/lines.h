/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: a file of text, packed by gzip or not, line by line. zlib tells which it is, and unpacks it. Memory: one line,
 * of LINES_MAX at most.
 */
#ifndef VIZTRACE_LINES_H
#define VIZTRACE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MAX (64u << 20) /* bytes */

struct lines;

/* `fd` is closed by lines__free() if 0 is returned; else -errno. */
int lines__new(struct lines **ret, int fd);
void lines__free(struct lines *l);

/*
 * 1: *ret is the next line, without its end, NUL-terminated, until the next call; *ret_size is its length. 0: there is
 * none. -errno: it cannot be read; -EILSEQ: it is packed, but not as gzip does that; -E2BIG: it is longer than
 * LINES_MAX.
 */
int lines__next(struct lines *l, char **ret, size_t *ret_size);

/* Of the line that was returned last, from 1 on. */
uint64_t lines__number(const struct lines *l);

/* Did what is packed end in the middle? To be asked when there are no more lines. */
bool lines__are_cut(const struct lines *l);

#endif
