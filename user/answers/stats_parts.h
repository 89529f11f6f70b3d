/* SPDX-License-Identifier: BSD-2-Clause */
/* stats_parts: what stats.c and stats_methods.c, which are one, have in common. Nobody else includes this. */
#ifndef VIZTRACE_STATS_PARTS_H
#define VIZTRACE_STATS_PARTS_H

#include "../common/hash.h"
#include "stats.h"

/* Room for one more of `n` of that size, in the list to which `list` points. 0 or -ENOMEM. */
int stats__room(void *list, size_t n, size_t size);

int stats__slice_begin(void *writer, struct where at, const char *name);
int stats__slice_end(void *writer, struct where at, const char *name);
int stats__slice_before(void *writer, struct where at, uint64_t since, const char *name);
void stats__free_methods(struct stats *s);

#endif
