/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: m */
#include "viztrace.h"

struct item { int n; };
#ifdef GOOD
VIZ_PROBE_OBJECT_OF(o, struct item, n);
#else
VIZ_PROBE_OBJECT_OF(o, struct item, m);
#endif
