/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `l` is not a number; a viz::counter takes numbers only */
#include "viztrace.hpp"

class thing : public viz::counter<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, l);
#else
	VIZ_ATTR(int[3], l);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
