// SPDX-License-Identifier: BSD-2-Clause
/* Linked with library.c as a shared library. */
#include "viztrace.h"

void library_use(int n);

int main(void)
{
	VIZ_PROBE_INSTANT("main");
	library_use(10);
	return 3;
}
