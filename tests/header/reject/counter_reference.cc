/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_COUNTER(o): attribute `n` is a reference: what it refers to is not in the object */
#include "viztrace.h"

extern int elsewhere;

struct o {
	struct viz_counter viz;
#ifdef GOOD
	int n = elsewhere;
#else
	int &n = elsewhere;
#endif
};
VIZ_PROBE_COUNTER(o, n);
