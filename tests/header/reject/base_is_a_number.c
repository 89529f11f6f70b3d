/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): its member `viz` must be a struct viz_object */
#include "viztrace.h"

struct o {
#ifdef GOOD
	struct viz_object viz;
#else
	long viz;
#endif
	int n;
};
VIZ_PROBE_OBJECT(o, n);
