/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(c): its member `viz` must be a struct viz_object */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, n);
#else
VIZ_PROBE_OBJECT(c, n);
#endif
