/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: C has no VIZ_ATTR and no VIZ_MEMBER */
#include "viztrace.hpp"

class thing : public viz::counter<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, n);
#endif
};

void use();
void use()
{
	thing t;
}
