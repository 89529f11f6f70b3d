/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_MEMBER: attribute `r` is a reference, which cannot be reported */
#include "viztrace.hpp"

static int elsewhere;

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	int r = elsewhere;
	VIZ_MEMBER(r);
#else
	int &r = elsewhere;
	VIZ_MEMBER(r);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
