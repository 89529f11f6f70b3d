/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: name */
#include "viztrace.h"

void use(const char *name, int n);
void use(const char *name, int n)
{
#ifdef GOOD
	VIZ_PROBE_METHOD(name, VIZ_ARG("n", n));
#else
	VIZ_PROBE_METHOD(VIZ_ARG(name, n));
#endif
}
