/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_DICT(o): `of->n` is behind a pointer: VIZ_AT is for counters and objects */
#include "viztrace.h"

struct item { int n; };
struct o {
	int own;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_DICT(o, own);
#else
VIZ_PROBE_DICT(o, VIZ_AT(of, n));
#endif
