/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->name` is not a number */
#include "viztrace.h"

struct item { const char *name; int n; };
struct o {
	struct viz_counter viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(o, VIZ_AT(of, n));
#else
VIZ_PROBE_COUNTER(o, VIZ_AT(of, name));
#endif
