/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_*: the id is neither an integer nor a pointer */
#include "viztrace.h"

struct o {
	struct viz_object viz;
	int n;
	const int fixed;
	unsigned bit : 1;
	const char *s;
};
VIZ_PROBE_OBJECT(o, n, fixed, s);

struct other {
	struct viz_object viz;
	int n;
};
VIZ_PROBE_OBJECT(other, n);

struct plain {
	struct viz_object viz;
	int n;
};

void use(struct o *o, struct other *other, struct plain *plain, void *untyped);
void use(struct o *o, struct other *other, struct plain *plain, void *untyped)
{
	(void)o;
	(void)other;
	(void)plain;
	(void)untyped;
#ifdef GOOD
	VIZ_PROBE_BEGIN("x", o->n);
#else
	VIZ_PROBE_BEGIN("x", 0.5 * o->n);
#endif
}
