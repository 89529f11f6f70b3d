/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->n` begins with a pointer that is not aligned */
#include "viztrace.h"

struct item { int n; };
struct o {
	struct viz_object viz;
	int n;
	struct item *of;
} __attribute__((packed));
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, n));
#endif
