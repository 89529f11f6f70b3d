/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attribute `of->text` is larger than VIZ_SPAN_MAX */
#include "viztrace.h"

struct item { char text[VIZ_SPAN_MAX + 1], less[VIZ_SPAN_MAX]; };
struct o {
	struct viz_object viz;
	struct item *of;
};
#ifdef GOOD
VIZ_PROBE_OBJECT(o, VIZ_AT(of, less));
#else
VIZ_PROBE_OBJECT(o, VIZ_AT(of, text));
#endif
