/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: bit-field */
/* expect clang++: bit-field */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	int b : 3;

#else
	int b : 3;
	VIZ_MEMBER(b);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
