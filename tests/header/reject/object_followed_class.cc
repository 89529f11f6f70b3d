/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_AT: `of` is not a plain pointer */
#include "viztrace.h"

struct item { int n; };
struct shared { item *p; void *count; item *operator->() const { return p; } item &operator*() const { return *p; } };
struct o {
	viz_object viz;
	shared of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of.p, n));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, n));
#endif
