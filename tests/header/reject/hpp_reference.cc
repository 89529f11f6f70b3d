/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `n` is a reference, which cannot be reported */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, n);
#else
	VIZ_ATTR(int &, n);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
