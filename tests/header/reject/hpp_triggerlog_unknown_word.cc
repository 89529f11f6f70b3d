/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: 'later' is not a member of 'viz' */
/* expect clang++: no member named 'later' in namespace 'viz' */
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
	viz::triggerlog l(t, viz::after);
#else
	viz::triggerlog l(t, viz::later);
#endif
}
