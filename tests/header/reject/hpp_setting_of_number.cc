/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz::include_attributes, viz::exclude_attributes: what is in there are names of attributes */
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
	t.config(viz::include_attributes("n"));
#else
	t.config(viz::include_attributes(1));
#endif
}
