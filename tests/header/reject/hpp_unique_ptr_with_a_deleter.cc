/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` has a type that cannot be reported; what can: */
#include "viztrace.hpp"

#include <memory>

typedef std::unique_ptr<int, void (*)(int *)> held;

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	held v{ nullptr, nullptr };
#else
	VIZ_ATTR(held, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
