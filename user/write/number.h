/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * number: a number in, its decimal digits out. Knows how the readers of a trace read numbers, nothing else of
 * JSON.
 */
#ifndef VIZTRACE_NUMBER_H
#define VIZTRACE_NUMBER_H

#include <stdint.h>

#define NUMBER_UINT_MAX 20 /* characters of the longest */
#define NUMBER_DOUBLE_MAX 40

/* Both write at `p` without a NUL and return the end. */
char *number__uint(char *p, uint64_t value);

/* `value` must be finite. At most 17 digits that every correct reader turns into the same bits, always
 * with a fraction or an exponent: 3.0, 0.25, 1e300, 3.7687560355167916e-4. */
char *number__double(char *p, double value);

#endif
