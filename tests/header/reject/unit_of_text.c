/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(c): VIZ_UNIT: attribute `s` is not a number */
#include "viztrace.h"

struct c {
	struct viz_object viz;
	int n;
	char s[8];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(c, VIZ_UNIT(n, "m"), s);
#else
VIZ_PROBE_OBJECT(c, n, VIZ_UNIT(s, "m"));
#endif
