/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: values of a viz::counter have no names */
#include "viztrace.hpp"

VIZ_PROBE_ENUM(states, "idle", "busy");
#ifdef GOOD
class c : public viz::object<c> {
#else
class c : public viz::counter<c> {
#endif
public:
	VIZ_ATTR_ENUM(int, n, states);
};

void use();
void use()
{
	c one;
	one.n = 1;
}
