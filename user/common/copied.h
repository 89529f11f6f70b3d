/* SPDX-License-Identifier: BSD-2-Clause */
/* copied: values and events with all that they point to, in memory of one's own. */
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

/* The copy of an event, `at` bytes from the beginning of a block of memory of its own, which the caller has to free;
 * what it points to is in there, too. Without the keys of a class, which are for the filter. NULL: no memory. */
void *copied__event(const struct event *e, size_t at);

#endif
