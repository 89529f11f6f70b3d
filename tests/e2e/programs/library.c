// SPDX-License-Identifier: BSD-2-Clause
/* A shared library with probes of its own. */
#include "viztrace.h"

struct cache {
	struct viz_counter viz;
	int hits;
};
VIZ_PROBE_COUNTER(cache, hits);

static struct cache cache;

void library_use(int n);

void library_use(int n)
{
	VIZ_PROBE_METHOD();
	if (!cache.hits)
		VIZ_PROBE_INIT(&cache, cache, "library's cache");
	for (int i = 0; i < n; i++)
		VIZ_PROBE_SET(&cache, hits, cache.hits + 1);
}
