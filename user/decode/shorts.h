/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shorts: events in, in the order of their time; out, in the same order, all but slices that were too short. Between
 * filter and model.
 *
 * A slice's beginning is held back, with all that comes after it, until it ended or has been open for long enough. So
 * events are passed on later by as much as the shortest slice is long, and as many of them are in memory. What a slice
 * will end with is no end, and is left out with its slice.
 */
#ifndef VIZTRACE_SHORTS_H
#define VIZTRACE_SHORTS_H

#include "filter.h"

struct shorts;

/* Slices of less than `min` ns are left out; 0: none is, and nothing is held back. */
int shorts__new(struct shorts **ret, uint64_t min);
void shorts__free(struct shorts *s);

/* Calls `next` for what need not wait any more. Returns what it returned, or -ENOMEM. */
int shorts__feed(struct shorts *s, const struct event *e, filter_next next, void *ctx);

/* The same, now that all events before `ts` have been fed. UINT64_MAX: what is open stays, however short. */
int shorts__pass(struct shorts *s, uint64_t ts, filter_next next, void *ctx);

uint64_t shorts__filtered(const struct shorts *s, enum probe probe);

#endif
