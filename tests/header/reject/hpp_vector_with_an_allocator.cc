/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: VIZ_ATTR: attribute `v` has a type that cannot be reported; what can: */
#include "viztrace.hpp"

struct allocator : std::allocator<int> {
	explicit allocator(int a) : arena(a) {}
	template <class> struct rebind {
		typedef allocator other;
	};
	int arena;
};
typedef std::vector<int, allocator> in_an_arena;

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	in_an_arena v{ allocator(3) };
#else
	VIZ_ATTR(in_an_arena, v);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
