/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR_JSON: attribute `v` has a type that cannot be reported; what can: */
/* options: -std=c++17 */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR_JSON(std::string_view, v);
#else
	VIZ_ATTR_JSON(std::vector<char>, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
