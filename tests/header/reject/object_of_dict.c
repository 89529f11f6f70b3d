/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_DICT_is_not_behind_a_pointer */
#include "viztrace.h"

struct limits { int soft; };
VIZ_PROBE_DICT(limits, soft);
struct item { struct limits limits; };
#ifdef GOOD
VIZ_PROBE_OBJECT_OF(o, struct item, limits.soft);
#else
VIZ_PROBE_OBJECT_OF(o, struct item, VIZ_DICT(limits, limits));
#endif
