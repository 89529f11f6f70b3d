/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `other` is one more than VIZ_ATTRS_MAX */
#include "viztrace.hpp"

#define EIGHT(n) \
	VIZ_ATTR(int, a##n); \
	VIZ_ATTR(int, b##n); \
	VIZ_ATTR(int, c##n); \
	VIZ_ATTR(int, d##n); \
	VIZ_ATTR(int, e##n); \
	VIZ_ATTR(int, f##n); \
	VIZ_ATTR(int, g##n); \
	VIZ_ATTR(int, h##n)

class thing : public viz::object<thing> {
public:
	EIGHT(1);
	EIGHT(2);
	EIGHT(3);
	EIGHT(4);
	EIGHT(5);
	EIGHT(6);
	EIGHT(7);
#ifdef GOOD
	VIZ_ATTR(int, eighth);
#else
	EIGHT(8);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
