/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_AT: `of` is not a plain pointer */
#include "viztrace.h"

struct item { int n; };
struct o {
	struct viz_object viz;
	struct item of[1];
	struct item *at;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(at, n));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, n));
#endif
