/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` has a type that cannot be reported; what can: numbers, enums, */
#include "viztrace.hpp"

#include <memory>

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(std::vector<char>, v);
	VIZ_ATTR(char[9], w) = "text";
#else
	VIZ_ATTR(std::unique_ptr<std::string>, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
