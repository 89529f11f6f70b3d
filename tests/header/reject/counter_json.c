/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): attribute `j` is not a number */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	char j[8];
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, VIZ_JSON(j));
#endif
