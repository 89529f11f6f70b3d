/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz__states_line */
#include "viztrace.hpp"

#ifdef GOOD
VIZ_PROBE_ENUM(states, "idle", "busy");
#endif
class c : public viz::object<c> {
public:
	VIZ_ATTR_ENUM(int, n, states);
};
