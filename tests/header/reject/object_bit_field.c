/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: bit-field */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	unsigned b : 3;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, b);
#endif
