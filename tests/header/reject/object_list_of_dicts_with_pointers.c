/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `d` is a list of dicts with char * in them */
#include "viztrace.h"

struct inner {
	const char *s;
};
VIZ_PROBE_DICT(inner, s);

struct o {
	struct viz_object viz;
	int n;
	struct inner d[2];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, VIZ_DICT(d, inner));
#endif
