/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->name` is not a number */
#include "viztrace.h"

struct item { int n; char name[4]; };
#ifdef GOOD
VIZ_PROBE_COUNTER_OF(o, struct item, n);
#else
VIZ_PROBE_COUNTER_OF(o, struct item, name);
#endif
