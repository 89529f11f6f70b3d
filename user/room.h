/* SPDX-License-Identifier: BSD-2-Clause */
/* room: what is forgotten when the budget of memory is spent, in each stage that knows of it. */
#ifndef VIZTRACE_ROOM_H
#define VIZTRACE_ROOM_H

#include "collect/collect.h"
#include "common/budget.h"
#include "decode/filter.h"
#include "model/model.h"
#include "recorder.h"

struct room {
	struct budgets budgets;
	uint64_t made;      /* how often */
	uint64_t hidden_at; /* `made` when all hidden objects were forgotten last */
};

/* `memory` bytes for all. */
void room__limit(struct room *r, uint64_t memory);

/* The oldest objects are forgotten, also in the kernel, which introduces them anew if they go on. 0 or -errno, of the
 * recorder. */
int room__make(struct room *r, struct model *m, struct filter *f, struct collector *c, struct recorder *rec,
	       uint64_t ts);

#endif
