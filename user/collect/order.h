/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order: records of several ring buffers in, the same records sorted by time out, once it is known that none can
 * come that is older. Holds copies in between.
 */
#ifndef VIZTRACE_ORDER_H
#define VIZTRACE_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct order;

int order__new(struct order **ret);
void order__free(struct order *o);

/* 0 or -ENOMEM. */
int order__add(struct order *o, uint64_t ts, const void *record, size_t size);

/* Of the records that it holds. */
size_t order__bytes(const struct order *o);

/* Pass all records with a time below `until` on, oldest first, those of one time in the order of adding. Stops at the
 * first error of `cb`, which is returned; records from there on are dropped, unless it is -ECANCELED. */
int order__drain(struct order *o, uint64_t until, int (*cb)(void *ctx, const void *record, size_t size), void *ctx);

#endif
