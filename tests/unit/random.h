/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that are the same in every run (xorshift64), so that a failure can be had again. */
#ifndef VIZTRACE_TEST_RANDOM_H
#define VIZTRACE_TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The same from one state for all tests of a file. */
static inline uint64_t any(void)
{
	static uint64_t state = 88172645463325252u;

	return next_random(&state);
}

#endif
