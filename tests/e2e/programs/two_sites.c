/* SPDX-License-Identifier: BSD-2-Clause */
/* With ThinLTO, stubs of its own that share their semaphores with those of whatever it is linked with. */
#include "viztrace.h"

void two_sites(long n);
void two_sites(long n)
{
	VIZ_PROBE_VALUE("library", "m", n);
}
