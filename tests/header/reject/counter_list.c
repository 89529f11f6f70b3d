/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): attribute `l` is not a number */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	int l[3];
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, l);
#endif
