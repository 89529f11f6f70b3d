/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_NAME: the struct's viz_name is no char[N] */
#include "viztrace.h"

#ifdef GOOD
#define NAME viz_name[8]
#else
#define NAME *viz_name
#endif
struct o {
	struct viz_object viz;
	char NAME;
	int n;
};
VIZ_PROBE_OBJECT(o, n);

void use(struct o *o);
void use(struct o *o)
{
	VIZ_PROBE_NAME(o, "n");
}
