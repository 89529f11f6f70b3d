/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->limits` has a type that cannot be reported (at) */
#include "viztrace.h"

struct limits { int soft; };
struct item { struct limits limits; };
struct o {
	struct viz_object viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, limits.soft));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, limits));
#endif
