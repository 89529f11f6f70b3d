/* SPDX-License-Identifier: BSD-2-Clause */
/* expect gcc: aggregate value used where an integer was expected */
/* expect clang: operand of type 'struct pair' */
/* expect c++: VIZ_ARG: an argument is a number, a string or a pointer */
#include "viztrace.h"

struct pair {
	int a, b;
};

void use(struct pair p);
void use(struct pair p)
{
#ifdef GOOD
	VIZ_PROBE_INSTANT("i", p.a, VIZ_ARG("b", p.b));
#else
	VIZ_PROBE_INSTANT("i", p);
#endif
}
