/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `s` is a char * beyond the first 480 bytes */
#include "viztrace.h"

struct d {
	char before[480];
	const char *s;
};
#ifdef GOOD
VIZ_PROBE_DICT(d, before);
#else
VIZ_PROBE_DICT(d, before, s);
#endif
