/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: viz::attribute<int, thing::viz__tag_b */
/* expect clang++: viz::attribute<int, viz__tag_b> */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, b);
#else
	VIZ_ATTR(int, b) : 3;
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
