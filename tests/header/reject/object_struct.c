/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `s` has a type that cannot be reported */
#include "viztrace.h"

struct inner {
	int x;
};

struct o {
	struct viz_object viz;
	int n;
	struct inner s;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, s);
#endif
