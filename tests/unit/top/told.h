/* SPDX-License-Identifier: BSD-2-Clause */
/* A live sink, and what the model would tell it. */
#ifndef VIZTRACE_TEST_TOLD_H
#define VIZTRACE_TEST_TOLD_H

#include <criterion/criterion.h>

#include "top/live.h"
#include "../values.h"

static struct live *live;

static inline void begin_live(void)
{
	cr_assert_eq(format_live.begin((void **)&live, NULL, NULL), 0);
}

static inline void end_live(void)
{
	format_live.free(live);
}

static inline struct where at(uint64_t ts)
{
	return (struct where){ .ts = ts, .pid = 7, .tid = 8 };
}

static inline void sample(uint64_t serial, const char *name, struct value value)
{
	struct trace_counter counter = { .serial = serial, .name = name };

	cr_assert_eq(format_live.ops->counter(live, at(0), &counter, &value, 1), 0);
}

static inline void call(const char *name, uint64_t ts, uint64_t duration)
{
	cr_assert_eq(format_live.ops->slice_begin(live, at(ts), name, NULL, 0), 0);
	cr_assert_eq(format_live.ops->slice_end(live, at(ts + duration), name, NULL, 0), 0);
}

static inline void snapshot(uint64_t life, const char *name, const char *tag, const struct value *values, size_t n)
{
	struct trace_object object = { .life = life, .name = name, .tag = tag };

	cr_assert_eq(format_live.ops->object_snapshot(live, at(0), &object, values, n), 0);
}

#endif
