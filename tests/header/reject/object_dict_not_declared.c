/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: inner */
#include "viztrace.h"

struct inner {
	int x;
};

struct o {
	struct viz_object viz;
	int n;
	struct inner d;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, VIZ_DICT(d, inner));
#endif
