/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): more than VIZ_STRINGS_MAX char * */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	const char *list[33];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, list);
#endif
