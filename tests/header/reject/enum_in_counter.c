/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ENUM: values of a counter have no names */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, VIZ_ENUM(n, "a", "b"));
#endif
