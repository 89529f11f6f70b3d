/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `p` has a type that cannot be reported */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	int *p;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, p);
#endif
