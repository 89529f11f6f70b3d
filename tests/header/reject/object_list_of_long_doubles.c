/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `d` has a type that cannot be reported */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	long double d[2];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, d);
#endif
