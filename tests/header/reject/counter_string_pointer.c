/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): attribute `s` is not a number */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	const char *s;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, s);
#endif
