/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->names` is a list of char *, which is not followed */
#include "viztrace.h"

struct item { const char *names[2], *name; };
struct o {
	struct viz_object viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, name));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, names));
#endif
