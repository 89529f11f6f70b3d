/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR_ENUM: attribute `n` has a type that cannot be reported */
#include "viztrace.hpp"

VIZ_PROBE_ENUM(states, "idle", "busy");
class c : public viz::object<c> {
public:
#ifdef GOOD
	VIZ_ATTR_ENUM(int, n, states);
#else
	VIZ_ATTR_ENUM(double, n, states);
#endif
};
