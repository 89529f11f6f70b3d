/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `n` has more than one VIZ_UNIT or VIZ_ENUM */
#include "viztrace.h"

struct c {
	struct viz_object viz;
	int n;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(c, VIZ_ENUM(n, "a", "b"));
#else
VIZ_PROBE_OBJECT(c, VIZ_UNIT(VIZ_ENUM(n, "a", "b"), "m"));
#endif
