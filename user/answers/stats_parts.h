/* SPDX-License-Identifier: BSD-2-Clause */
/* stats_parts: what stats.c and stats_methods.c, which are one, have in common. Nobody else includes this. */
#ifndef VIZTRACE_STATS_PARTS_H
#define VIZTRACE_STATS_PARTS_H

#include "../common/hash.h"
#include "stats.h"

/* Room for one more of `n` of that size, in the list to which `list` points. 0 or -ENOMEM. */
int stats__room(void *list, size_t n, size_t size);

struct stats_limits stats__limits(const struct stats *s, const char *name, const char *attribute);
void stats__reached(const struct stats *s, struct where at, const char *name, const char *attribute, double value,
		    struct stats_limits *limits);

/* Most are not. */
static inline bool stats__is_waited_for(const struct stats_limits *limits, double value)
{
	return __builtin_expect(value >= limits->high || value <= limits->low, 0);
}

int stats__slice_begin(void *writer, struct where at, const char *name, const struct value *values, size_t n_values);
int stats__slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values);
int stats__slice_before(void *writer, struct where at, uint64_t since, const char *name);
int stats__async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
		       size_t n_values);
int stats__async_end(void *writer, struct where at, const struct trace_async *slice);
void stats__free_methods(struct stats *s);

#endif
