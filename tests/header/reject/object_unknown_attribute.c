/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: nobody */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	int other;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, nobody);
#endif
