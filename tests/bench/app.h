/* SPDX-License-Identifier: BSD-2-Clause */
/* What the measured program writes to: counters of several sizes, an object with strings. */
#ifndef BENCH_APP_H
#define BENCH_APP_H

#include "viztrace.h"

struct counter1 {
	struct viz_counter viz;
	int64_t a0;
};
VIZ_PROBE_COUNTER(counter1, a0);

struct counter4 {
	struct viz_counter viz;
	int64_t a0, a1, a2, a3;
};
VIZ_PROBE_COUNTER(counter4, a0, a1, a2, a3);

struct counter8 {
	struct viz_counter viz;
	int64_t a0, a1, a2, a3, a4, a5, a6, a7;
};
VIZ_PROBE_COUNTER(counter8, a0, a1, a2, a3, a4, a5, a6, a7);

struct counter32 {
	struct viz_counter viz;
	int64_t a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15;
	int64_t a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31;
};
VIZ_PROBE_COUNTER(counter32, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19,
		  a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31);

struct object {
	struct viz_object viz;
	int64_t n;
	const char *owner, *state;
};
VIZ_PROBE_OBJECT(object, n, owner, state);

/* One for each thread, on cache lines of its own. */
struct work {
	struct counter1 c1;
	struct counter4 c4, excluded, silent, filtered;
	struct counter8 c8;
	struct counter32 c32;
	struct object object;
} __attribute__((aligned(256)));

#endif
