/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz__first_VIZ_TEMPLATE_of_this_class */
#include "viztrace.hpp"

template <class T> class thing : public viz::counter<thing<T>> {
#ifdef GOOD
	VIZ_TEMPLATE(thing);
#endif

public:
	VIZ_ATTR(T, n);
};

void use();
void use()
{
	thing<int> t;
	t.n = 1;
}
