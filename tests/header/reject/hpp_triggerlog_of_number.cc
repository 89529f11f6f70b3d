/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz::triggerlog: this is not an object */
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
	viz::triggerlog l(t);
#else
	viz::triggerlog l(t.n);
#endif
}
