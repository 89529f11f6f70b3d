/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thin: events in, in the order of their time; out, in the same order, fewer reports of each object. Between filter and
 * shorts.
 *
 * What is held back is the last one of each object only. It is passed on when it is due (with that time: it is what the
 * object was then), or when the object, its process or the trace ends, so that the last value is never missing.
 */
#ifndef VIZTRACE_THIN_H
#define VIZTRACE_THIN_H

#include "filter.h"

struct thin;

/* Of each object the first report and each `every`-th after it, or one in `period` ns at most. 0: all. */
int thin__new(struct thin **ret, uint64_t every, uint64_t period);
void thin__free(struct thin *t);

/* Calls `next` for what is to be seen. Returns what it returned, or -ENOMEM. */
int thin__feed(struct thin *t, const struct event *e, filter_next next, void *ctx);

/* The same, now that all events before `ts` have been fed. UINT64_MAX: there are no more. */
int thin__pass(struct thin *t, uint64_t ts, filter_next next, void *ctx);

uint64_t thin__filtered(const struct thin *t, enum probe probe);

#endif
