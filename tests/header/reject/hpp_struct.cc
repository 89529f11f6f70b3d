/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `s` has a type that cannot be reported; what can: */
#include "viztrace.hpp"

struct pair {
	int a, b;
};
VIZ_PROBE_DICT(pair, a, b);

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR_DICT(pair, s);
#else
	VIZ_ATTR(pair, s);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
