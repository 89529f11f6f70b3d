/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` is not a number; a viz::counter takes numbers only */
#include "viztrace.hpp"

#include <memory>

class thing : public viz::counter<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(std::unique_ptr<int>, v);
#else
	VIZ_ATTR(std::vector<int>, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
