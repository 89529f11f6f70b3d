/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `m` has a type that cannot be reported */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	int m[2][3];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, m);
#endif
