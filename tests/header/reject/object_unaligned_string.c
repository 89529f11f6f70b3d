/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `s` is a char * that is not aligned */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	const char *s;
} __attribute__((packed));
#ifdef GOOD
VIZ_PROBE_OBJECT(o, n);
#else
VIZ_PROBE_OBJECT(o, n, s);
#endif
