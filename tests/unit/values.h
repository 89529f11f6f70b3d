/* SPDX-License-Identifier: BSD-2-Clause */
/* Values with a key, for what takes them. */
#ifndef VIZTRACE_TEST_VALUES_H
#define VIZTRACE_TEST_VALUES_H

#include "common/event.h"

static inline struct value integer(const char *key, int64_t i)
{
	return (struct value){ .key = key, .type = VALUE_INT, .i = i };
}

static inline struct value natural(const char *key, uint64_t u)
{
	return (struct value){ .key = key, .type = VALUE_UINT, .u = u };
}

static inline struct value real(const char *key, double d)
{
	return (struct value){ .key = key, .type = VALUE_DOUBLE, .d = d };
}

static inline struct value words(const char *key, const char *s)
{
	return (struct value){ .key = key, .type = VALUE_STRING, .s = s, .size = (uint32_t)__builtin_strlen(s) };
}

#endif
