/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: the tag is longer than VIZ_NAME_MAX */
#include "viztrace.h"

struct tttttttttttttttttttttttttttttttttttttttt {
	struct viz_object viz;
	int n;
};
#ifndef GOOD
VIZ_PROBE_OBJECT(tttttttttttttttttttttttttttttttttttttttt, n);
#endif
