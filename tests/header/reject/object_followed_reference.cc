/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->n` is a reference */
#include "viztrace.h"

struct item { int &n; int m; };
struct o {
	viz_object viz;
	item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, m));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, n));
#endif
