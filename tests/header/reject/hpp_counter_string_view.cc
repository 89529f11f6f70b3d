/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` is not a number; a viz::counter takes numbers only */
/* options: -std=c++17 */
#include "viztrace.hpp"

class thing : public viz::counter<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(std::optional<int>, v);
#else
	VIZ_ATTR(std::string_view, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
