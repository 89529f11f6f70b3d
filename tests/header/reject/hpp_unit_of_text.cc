/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR_UNIT: attribute `s` has a type that cannot be reported */
#include "viztrace.hpp"

class c : public viz::object<c> {
public:
	VIZ_ATTR_UNIT(int, n, "m");
#ifndef GOOD
	VIZ_ATTR_UNIT(std::string, s, "m");
#endif
};
