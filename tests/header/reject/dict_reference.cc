/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_DICT(o): attribute `n` is a reference: what it refers to is not in the object */
#include "viztrace.h"

extern int elsewhere;

struct o {
#ifdef GOOD
	int n = elsewhere;
#else
	int &n = elsewhere;
#endif
};
VIZ_PROBE_DICT(o, n);
