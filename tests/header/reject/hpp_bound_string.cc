/* SPDX-License-Identifier: BSD-2-Clause */
/* expect g++: std::string& */
/* expect clang++: viz::attribute<std::string, viz__tag_s> */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
	VIZ_ATTR(int, n);
	VIZ_ATTR(std::string, s);
};

void use(thing &t, const thing &fixed);
void use(thing &t, const thing &fixed)
{
	(void)t;
	(void)fixed;
#ifdef GOOD
	const std::string &r = t.s;
	(void)r;
#else
	std::string &r = t.s;
	(void)r;
#endif
}
