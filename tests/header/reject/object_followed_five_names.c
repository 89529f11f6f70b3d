/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_AT_takes_two_to_four_names */
#include "viztrace.h"

struct item { struct item *next; int n; };
struct o {
	struct viz_object viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, next, next, n));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, next, next, next, n));
#endif
