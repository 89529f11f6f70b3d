// SPDX-License-Identifier: BSD-2-Clause
/* A shared library with probes of its own. */
#include "viztrace.h"
#include "step.h"

#include <stdbool.h>

struct cache {
	struct viz_counter viz;
	int hits;
};
VIZ_PROBE_COUNTER(cache, hits);

struct place {
	int row, column;
};
VIZ_PROBE_DICT(place, row, column);

struct shelf {
	struct viz_object viz;
	struct place at;
};
VIZ_PROBE_OBJECT(shelf, VIZ_DICT(at, place));

static struct cache cache;
static struct shelf shelf;

void library_use(int n);
void library_put(int row);
int library_semaphores(void);

__attribute__((constructor)) static void begin(void)
{
	VIZ_PROBE_INSTANT("library's constructor");
}

void library_use(int n)
{
	VIZ_PROBE_METHOD();
	if (!cache.hits)
		VIZ_PROBE_INIT(&cache, cache, "library's cache");
	for (int i = 0; i < n; i++)
		VIZ_PROBE_SET(&cache, hits, cache.hits + 1);
}

void library_put(int row)
{
	VIZ_PROBE_INIT(&shelf, shelf, "library's shelf");
	shelf.at = (struct place){ row, row + 1 };
	VIZ_PROBE_CHANGED(&shelf, at);
	VIZ_PROBE_DESTROY(&shelf);
}

int library_semaphores(void)
{
	return step_semaphores();
}
