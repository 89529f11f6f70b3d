/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apart: work on bytes that others made up, by a process that can be spared. It has no rights but what is open, little
 * memory and little time; what becomes of it is no more than an error here. Only what it has written comes back, of
 * which nothing is to be believed either.
 */
#ifndef VIZTRACE_APART_H
#define VIZTRACE_APART_H

#include <stddef.h>

#define APART_MEMORY (1ull << 30) /* bytes of address space, besides what is there already */
#define APART_SECONDS 10          /* of processor time, and on the clock */

/*
 * `work` runs in a child, and writes to `out`. What it returned (0 or -errno); or -ELIBBAD: it was ended, by what it
 * did or as it took too much; or -EAGAIN: there is no child to be had here. If that is 0, *ret_out is what it has
 * written, to be read from its beginning, and closed.
 */
int apart__call(int (*work)(void *ctx, int out), void *ctx, int *ret_out);

#endif
