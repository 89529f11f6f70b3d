/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: the name of attribute `forty_characters_are_one_more_than_allowed_` is longer than VIZ_NAME_MAX */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
#ifdef GOOD
	VIZ_ATTR(int, forty_characters_are_one_more_than_);
#else
	VIZ_ATTR(int, forty_characters_are_one_more_than_allowed_);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
