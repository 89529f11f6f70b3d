/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: the name of attribute `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is longer than VIZ_NAME_MAX */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	int aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa);
#endif
