/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: more than VIZ_ARGS_MAX arguments */
#include "viztrace.h"

#ifdef GOOD
#define NINE 1, 2, 3, 4, 5, 6, 7, 8
#else
#define NINE 1, 2, 3, 4, 5, 6, 7, 8, 9
#endif

void use(void);
void use(void)
{
	VIZ_PROBE_SCOPE("s", NINE);
}
