/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(c): the unit of attribute `n` is longer than VIZ_NAME_MAX */
#include "viztrace.h"

struct c {
	struct viz_counter viz;
	int n;
};
#ifdef GOOD
VIZ_PROBE_COUNTER(c, VIZ_UNIT(n, "123456789012345678901234567890123456789"));
#else
VIZ_PROBE_COUNTER(c, VIZ_UNIT(n, "1234567890123456789012345678901234567890"));
#endif
