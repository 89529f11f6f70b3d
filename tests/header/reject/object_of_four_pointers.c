/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_AT_takes_two_or_three_names_here */
#include "viztrace.h"

struct item { struct item *next; int n; };
#ifdef GOOD
VIZ_PROBE_OBJECT_OF(o, struct item, VIZ_AT(next, next, n));
#else
VIZ_PROBE_OBJECT_OF(o, struct item, VIZ_AT(next, next, next, n));
#endif
