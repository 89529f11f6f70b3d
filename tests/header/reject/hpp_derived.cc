/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: an attribute in a class that is not C itself */
#include "viztrace.hpp"

class thing : public viz::counter<thing> {
public:
	VIZ_ATTR(int, n);
};

class more : public thing {
public:
#ifdef GOOD
	int m;
#else
	VIZ_ATTR(int, m);
#endif
};

void use();
void use()
{
	more m;
	m.n = 1;
	m.m = 2;
}
