/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: an attribute in a class that is not C itself */
#include "viztrace.hpp"

class first : public viz::counter<first> {
public:
	VIZ_ATTR(int, n);
};

#ifdef GOOD
class second : public viz::counter<second> {
#else
class second : public viz::counter<first> {
#endif
public:
	VIZ_ATTR(int, m);
};

void use();
void use()
{
	second s;
	s.m = 2;
}
