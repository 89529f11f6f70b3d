/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: a string, vector or pointer that is not aligned: the class is packed */
#include "viztrace.hpp"

class thing : public viz::object<thing> {
public:
	char first = 0;
	VIZ_MEMBER(first);
#ifdef GOOD
	int s = 3;
#else
	const char *s = "text";
#endif
	VIZ_MEMBER(s);
} __attribute__((packed));

void use();
void use()
{
	thing t;
	t.first = 1;
}
