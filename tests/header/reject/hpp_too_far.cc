/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: attributes are more than VIZ_SPAN_MAX bytes apart */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, n);
	char gap[3000];
#else
	VIZ_ATTR(int, n);
	char gap[5000];
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
