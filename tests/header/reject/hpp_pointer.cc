/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `p` is a pointer, which is not followed but for a char * */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(const char *, p);
#else
	VIZ_ATTR(int *, p);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
