/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: has no member named 'n' */
/* expect clang++: no member named 'n' in 'outer' */
#include "viztrace.hpp"

class outer : public viz::counter<outer> {
public:
	template <class T> class thing : public viz::counter<thing<T>> {
#ifdef GOOD
		VIZ_TEMPLATE(thing);
#endif

	public:
		VIZ_ATTR(T, n);
	};
	VIZ_ATTR(int, a);
};

void use();
void use()
{
	outer::thing<int> t;
	t.n = 1;
}
