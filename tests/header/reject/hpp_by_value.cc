/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: viz::attribute<int, thing::viz__tag_n */
/* expect clang++: viz::attribute<int, thing::viz__tag_n */
#include "viztrace.hpp"

template <class T> void take(T)
{
}

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
	take(t.n.get());
#else
	take(t.n);
#endif
}
