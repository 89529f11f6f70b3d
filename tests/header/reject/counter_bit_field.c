/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: bit-field */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
	int b : 3;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_COUNTER(c, n, b);
#endif
