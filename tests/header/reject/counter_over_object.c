/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(o): its member `viz` must be a struct viz_counter */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_COUNTER(o, n);
#endif
