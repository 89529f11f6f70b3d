/* SPDX-License-Identifier: BSD-2-Clause */
/* attributes: the values of a report, compared and left out by attribute. A part of the filter. */
#ifndef VIZTRACE_ATTRIBUTES_H
#define VIZTRACE_ATTRIBUTES_H

#include "../common/event.h"

/* Of all values, and of which attributes they are. */
uint64_t attributes__hash(const struct event *e);

/* Room for the values of an event of which some are left out. All zeros is none yet. */
struct attributes_room {
	struct value *values; /* to be freed */
	size_t room;
};

/* The event with those attributes only that are allowed. 0 or -ENOMEM. */
int attributes__restrict(struct attributes_room *r, struct event *e, uint64_t allowed);

#endif
