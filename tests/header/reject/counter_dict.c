/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): attribute `d` is not a number */
#include "viztrace.h"

struct inner {
	int x;
};
VIZ_PROBE_DICT(inner, x);

struct c {
	struct viz_counter viz;
	int n;
	struct inner d;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, VIZ_DICT(d, inner));
#endif
