/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: viz::object: more than VIZ_STRINGS_MAX strings */
#include "viztrace.hpp"

#define EIGHT(n) \
	VIZ_ATTR(std::string, a##n); \
	VIZ_ATTR(std::string, b##n); \
	VIZ_ATTR(std::string, c##n); \
	VIZ_ATTR(std::string, d##n); \
	VIZ_ATTR(std::string, e##n); \
	VIZ_ATTR(std::string, f##n); \
	VIZ_ATTR(std::string, g##n); \
	VIZ_ATTR(const char *, h##n)

class thing : public viz::object<thing> {
public:
	EIGHT(1);
	EIGHT(2);
	EIGHT(3);
	EIGHT(4);
#ifdef GOOD

#else
	VIZ_ATTR(std::string, one_more);
#endif
	VIZ_ATTR(int, other);
};

void use();
void use()
{
	thing t;
	t.other = 1;
}
