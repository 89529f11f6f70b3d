/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` has a type that cannot be reported; what can: */
#include "viztrace.hpp"

#include <array>

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(std::array<int, 2>, v);
#else
	VIZ_ATTR(std::array<std::string, 2>, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
