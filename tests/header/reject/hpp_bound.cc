/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: cannot bind non-const lvalue reference of type 'int&' */
/* expect clang++: viz::attribute<int, viz__tag_n> */
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
	const int &r = t.n;
	(void)r;
#else
	int &r = t.n;
	(void)r;
#endif
}
