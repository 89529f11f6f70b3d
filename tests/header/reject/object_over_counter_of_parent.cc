/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(child): its member `viz` must be a struct viz_object */
#include "viztrace.h"

struct parent {
	struct viz_counter viz;
	int n;
};
VIZ_PROBE_COUNTER(parent, n);

struct child {
	struct parent viz;
	int m;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(child, viz.n, m);
#else
VIZ_PROBE_OBJECT(child, viz.n, m);
#endif
