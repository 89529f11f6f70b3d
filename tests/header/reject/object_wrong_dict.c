/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attribute `d` has a type that cannot be reported */
#include "viztrace.h"

struct inner {
	int x;
};
struct another {
	int x;
};
VIZ_PROBE_DICT(another, x);

struct o {
	struct viz_object viz;
	int n;
	struct inner d;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, VIZ_DICT(d, another));
#endif
