/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` has a type that cannot be reported; what can: */
#include "viztrace.hpp"

#include <memory>

struct pair {
	int a, b;
};

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	std::unique_ptr<pair> v;
#else
	VIZ_ATTR(std::unique_ptr<pair>, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
