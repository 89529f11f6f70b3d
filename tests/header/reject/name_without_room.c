/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz_name */
#include "viztrace.h"

struct o {
	struct viz_object viz;
#ifdef GOOD
	char viz_name[8];
#endif
	int n;
};
VIZ_PROBE_OBJECT(o, n);

void use(struct o *o);
void use(struct o *o)
{
	VIZ_PROBE_NAME(o, "n");
}
