/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): attribute `p` is not a number */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	int *p;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, p);
#endif
