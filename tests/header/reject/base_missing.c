/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz */
#include "viztrace.h"

struct o {
#ifdef GOOD
	struct viz_object viz;
#endif
	int n;
};
VIZ_PROBE_OBJECT(o, n);
