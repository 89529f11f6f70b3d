/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: too_many_attributes */
#include "viztrace.h"

struct c {
	struct viz_object viz;
	int n;
};
#define EIGHT "a", "b", "c", "d", "e", "f", "g", "h"
#define ALL EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, "a", "b", "c", "d", "e", "f", "g"
#ifdef GOOD
VIZ_PROBE_OBJECT(c, VIZ_ENUM(n, ALL));
#else
VIZ_PROBE_OBJECT(c, VIZ_ENUM(n, ALL, "one more"));
#endif
