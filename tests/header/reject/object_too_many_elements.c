/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `b` has more than 65535 elements */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	signed char b[65536];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, b);
#endif
