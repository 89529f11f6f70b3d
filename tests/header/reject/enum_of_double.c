/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(c): VIZ_ENUM: attribute `d` is not an integer */
#include "viztrace.h"

struct c {
	struct viz_object viz;
	int n;
	double d;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(c, VIZ_ENUM(n, "a", "b"), d);
#else
VIZ_PROBE_OBJECT(c, n, VIZ_ENUM(d, "a", "b"));
#endif
