/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(child): its member `viz` must be a struct viz_object */
#include "viztrace.h"

struct parent {
	int n;
	struct viz_object viz;
};
VIZ_PROBE_OBJECT(parent, n);

struct child {
	struct parent viz;
	int m;
};
#ifndef GOOD
VIZ_PROBE_OBJECT(child, m);
#endif
