/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `s` is not a number; a viz::counter takes numbers only */
#include "viztrace.hpp"

class thing : public viz::counter<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(char, s);
#else
	VIZ_ATTR(std::string, s);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
