/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: discards qualifiers */
/* expect clang++: no viable overloaded '=' */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
	VIZ_ATTR(int, n);
	VIZ_ATTR(std::string, s);
};

void use(thing &t, const thing &fixed);
void use(thing &t, const thing &fixed)
{
	(void)t;
	(void)fixed;
#ifdef GOOD
	t.n = 1;
#else
	fixed.n = 1;
#endif
}
