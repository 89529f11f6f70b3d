/* SPDX-License-Identifier: BSD-2-Clause */
/* As little as a user may have: one counter, of which the linker must keep all that its probe needs. */
#include "viztrace.h"

struct only_counter {
	struct viz_counter viz;
	int n;
};
VIZ_PROBE_COUNTER(only_counter, n);

int main(void)
{
	static struct only_counter c;

	VIZ_PROBE_SET(&c, n, 1);
	return c.n == 1 ? 0 : 1;
}
