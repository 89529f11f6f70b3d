/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): attributes are more than VIZ_SPAN_MAX bytes apart */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	char far_away[5000];
	int last;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, last);
#endif
