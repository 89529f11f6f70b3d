/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR_JSON: attribute `j` has a type that cannot be reported */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR_JSON(std::string, j);
#else
	VIZ_ATTR_JSON(int, j);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
