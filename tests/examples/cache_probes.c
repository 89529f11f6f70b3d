/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probes of cache.rs, as functions that any language with C's ABI can call. The macros are C's, so they need a file
 * like this one; the struct is here too, and the other language gets a pointer to it.
 */
#include <stdlib.h>
#include <viztrace.h>

struct cache { struct viz_counter viz; int64_t entries, hits; double ratio; };
VIZ_PROBE_COUNTER(cache, entries, hits, ratio);

struct cache *cache_new(const char *name);
void cache_set(struct cache *c, int64_t entries, int64_t hits, double ratio);
void cache_free(struct cache *c);
void slice_enter(const char *name);
void slice_exit(const char *name);

/* `name` has to live as long as the cache. NULL: no memory. */
struct cache *cache_new(const char *name)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (c)
		VIZ_PROBE_INIT(c, cache, name);
	return c;
}

void cache_set(struct cache *c, int64_t entries, int64_t hits, double ratio)
{
	c->entries = entries;
	c->hits = hits;
	VIZ_PROBE_SET(c, ratio, ratio);
}

void cache_free(struct cache *c)
{
	VIZ_PROBE_DESTROY(c);
	free(c);
}

void slice_enter(const char *name)
{
	VIZ_PROBE_ENTER(name);
}

void slice_exit(const char *name)
{
	VIZ_PROBE_EXIT(name);
}
