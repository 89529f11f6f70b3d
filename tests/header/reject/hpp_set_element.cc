/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_PROBE_SET: this is of a VIZ_ATTR, which reports by itself: assign to it */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
	VIZ_ATTR(int[2], n);
	int m[2];
	VIZ_MEMBER(m);
};

void use();
void use()
{
	thing t;
#ifdef GOOD
	VIZ_PROBE_SET(&t, m[1], 1);
	t.n[1] = 1;
#else
	VIZ_PROBE_SET(&t, n[1], 1);
#endif
}
