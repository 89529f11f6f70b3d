/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: nobody */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	int other;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, nobody);
#endif
