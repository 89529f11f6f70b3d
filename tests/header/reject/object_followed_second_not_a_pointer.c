/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_AT: `of->parts` is not a plain pointer */
#include "viztrace.h"

struct part { int n; };
struct item { struct part parts[2]; struct part *first; };
struct o {
	struct viz_object viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, first, n));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, parts, n));
#endif
