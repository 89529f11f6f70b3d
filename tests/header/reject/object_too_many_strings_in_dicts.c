/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_OBJECT(o): more than VIZ_STRINGS_MAX char * */
#include "viztrace.h"

struct inner {
	const char *s[31];
};
VIZ_PROBE_DICT(inner, s);

struct o {
	struct viz_object viz;
	int n;
	struct inner d;
	const char *more[2];
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, VIZ_DICT(d, inner), more);
#endif
