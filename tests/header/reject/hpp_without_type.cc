/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR(n): it takes a type and a name */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, n);
#else
	VIZ_ATTR(n);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
