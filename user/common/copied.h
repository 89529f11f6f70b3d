/* SPDX-License-Identifier: BSD-2-Clause */
/* copied: values with all that they point to, in memory of one's own. */
#ifndef VIZTRACE_COPIED_H
#define VIZTRACE_COPIED_H

#include "event.h"

/* All zeros is none. */
struct copied {
	struct value *values; /* what they point to is behind them */
	size_t n;
	size_t room; /* bytes */
};

/* The copy of these, in the place of those that were there. 0, or -ENOMEM: then there are none. */
int copied__set(struct copied *c, const struct value *values, size_t n);
void copied__clear(struct copied *c);

#endif
