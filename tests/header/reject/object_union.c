/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `s` has a type that cannot be reported */
#include "viztrace.h"

union both {
	int x;
	float f;
};

struct o {
	struct viz_object viz;
	int n;
	union both s;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, s);
#endif
