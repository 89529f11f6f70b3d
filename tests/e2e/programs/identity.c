// SPDX-License-Identifier: BSD-2-Clause
/* Who is who: identity MODE [N]. Each object's snapshots carry its own number, and so does its name. */
#include "viztrace.h"
#include "step.h"

#include <stdbool.h>
#include <stdint.h>

struct item {
	struct viz_object viz;
	int64_t number;
	int64_t step;
};
VIZ_PROBE_OBJECT(item, number, step);

struct other {
	struct viz_object viz;
	int64_t count;
};
VIZ_PROBE_OBJECT(other, count);

struct gauge {
	struct viz_counter viz;
	int64_t value;
};
VIZ_PROBE_COUNTER(gauge, value);

struct outer {
	struct item first; /* at the same address as the whole */
	struct gauge gauge;
	struct other second;
};

static void item_init(struct item *p, int64_t number, const char *name)
{
	p->number = number;
	p->step = 0;
	VIZ_PROBE_INIT(p, item, name);
}

/* Freed without DESTROY, its memory is another object's. */
static void run_reused(long n)
{
	static union { struct item item; struct other other; } place;
	static const char *const names[] = { "a", "b" };

	(void)n;
	for (int i = 0; i < 10; i++) {
		item_init(&place.item, i, names[i % 2]);
		VIZ_PROBE_SET(&place.item, step, 1);
		VIZ_PROBE_SET(&place.item, step, 2);
		memset(&place, 0xaa, sizeof(place));
	}
	VIZ_PROBE_INIT(&place.other, other, NULL);
	VIZ_PROBE_SET(&place.other, count, 5);
	memset(&place, 0, sizeof(place));
	/* Not an object any more: nothing of it may be reported. */
	VIZ_PROBE_SET(&place.item, step, 3);
	VIZ_PROBE_LOG(&place.item);
}

/* INIT over a living object. */
static void run_again(long n)
{
	static struct item item;

	(void)n;
	for (int i = 0; i < 5; i++) {
		item_init(&item, i, "again");
		VIZ_PROBE_SET(&item, step, 1);
	}
	VIZ_PROBE_DESTROY(&item);
	VIZ_PROBE_SET(&item, step, 2);
	VIZ_PROBE_LOG(&item);
	VIZ_PROBE_DESTROY(&item);
}

static void run_twins(long n)
{
	static struct gauge a, b, c;

	(void)n;
	VIZ_PROBE_INIT(&a, gauge, "twin");
	VIZ_PROBE_INIT(&b, gauge, "twin");
	for (int i = 0; i < 20; i++) {
		VIZ_PROBE_SET(&a, value, i);
		VIZ_PROBE_SET(&b, value, 100 + i);
	}
	VIZ_PROBE_DESTROY(&a);
	VIZ_PROBE_INIT(&c, gauge, "twin");
	for (int i = 0; i < 20; i++) {
		VIZ_PROBE_SET(&b, value, 200 + i);
		VIZ_PROBE_SET(&c, value, 300 + i);
	}
}

static void run_nested(long n)
{
	static struct outer o;

	(void)n;
	item_init(&o.first, 1, "first");
	VIZ_PROBE_INIT(&o.gauge, gauge, "gauge");
	VIZ_PROBE_INIT(&o.second, other, "second");
	for (int i = 0; i < 10; i++) {
		VIZ_PROBE_SET(&o.first, step, i);
		VIZ_PROBE_SET(&o.gauge, value, 100 + i);
		VIZ_PROBE_SET(&o.second, count, 200 + i);
	}
	VIZ_PROBE_DESTROY(&o.second);
	VIZ_PROBE_DESTROY(&o.first);
}

static void run_copies(long n)
{
	static struct item original, copy;

	(void)n;
	item_init(&original, 1, "original");
	VIZ_PROBE_SET(&original, step, 1);
	copy = original;
	copy.number = 2;
	VIZ_PROBE_SET(&copy, step, 2);
	VIZ_PROBE_LOG(&copy);
	VIZ_PROBE_DESTROY(&copy);
	VIZ_PROBE_SET(&original, step, 3);
	VIZ_PROBE_INIT(&copy, item, "copy");
	VIZ_PROBE_SET(&copy, step, 4);
	VIZ_PROBE_DESTROY(&original);
	VIZ_PROBE_DESTROY(&copy);
}

/* Many, that come and go in a few places. */
static void run_quick(long n)
{
	static char names[16][24];
	static struct item places[16];

	for (long i = 0; i < n; i++) {
		struct item *p = &places[i * 7 % 16];

		snprintf(names[i * 7 % 16], sizeof(names[0]), "item %ld", i);
		item_init(p, i, names[i * 7 % 16]);
		VIZ_PROBE_SET(p, step, 1);
		VIZ_PROBE_SET(p, step, 2);
		VIZ_PROBE_DESTROY(p);
	}
}

/* More at a time than the kernel's map holds. */
static struct item *crowd;
static char (*crowd_names)[24];

static void make_crowd(long n)
{
	crowd = calloc((size_t)n, sizeof(*crowd));
	crowd_names = calloc((size_t)n, sizeof(*crowd_names));
	for (long i = 0; i < n; i++) {
		snprintf(crowd_names[i], sizeof(*crowd_names), "item %ld", i);
		item_init(&crowd[i], i, crowd_names[i]);
	}
}

static void run_crowd(long n)
{
	for (int round = 1; round <= 2; round++)
		for (long i = 0; i < n; i++)
			VIZ_PROBE_SET(&crowd[i], step, round);
	for (long i = 0; i < n; i++)
		VIZ_PROBE_DESTROY(&crowd[i]);
}

/* Gone, and back at the same place in silence. */
static void run_silent(long n)
{
	static struct item item;

	(void)n;
	item_init(&item, 1, "one");
	VIZ_PROBE_SET(&item, step, 1);
	VIZ_PROBE_DESTROY(&item);
	item.number = 2;
	VIZ_PROBE_INIT(&item, item, "two", (enabled, false));
	VIZ_PROBE_SET(&item, step, 2);
	VIZ_PROBE_CONFIG(&item, enabled, true);
	VIZ_PROBE_SET(&item, step, 3);
	VIZ_PROBE_DESTROY(&item);
}

/* Each round under another name, in room of its own; `make` has named and made it. */
static struct named {
	struct viz_object viz;
	char viz_name[10];
	int64_t number, step;
} named;
VIZ_PROBE_OBJECT(named, number, step);
static struct named_gauge {
	struct viz_counter viz;
	char viz_name[10];
	int64_t number, step;
} named_gauge;
VIZ_PROBE_COUNTER(named_gauge, number, step);

static void make_named(long n)
{
	(void)n;
	VIZ_PROBE_NAME(&named, "o-%d", 0);
	VIZ_PROBE_INIT(&named, named, named.viz_name);
	VIZ_PROBE_NAME(&named_gauge, "c-%d", 0);
	VIZ_PROBE_INIT(&named_gauge, named_gauge, named_gauge.viz_name);
}

static void run_named(long n)
{
	for (int64_t i = 0; i < n; i++) {
		if (i) {
			VIZ_PROBE_NAME(&named, "o-%d", (int)i);
			VIZ_PROBE_NAME(&named_gauge, "c-%d%s", (int)i, i == n - 1 ? " is the last" : "");
		}
		named.number = named_gauge.number = i;
		for (int64_t s = 0; s < 20; s++) {
			VIZ_PROBE_SET(&named, step, s);
			VIZ_PROBE_SET(&named_gauge, step, s);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*make)(long), (*run)(long); } modes[] = {
		{ "reused", NULL, run_reused }, { "again", NULL, run_again }, { "twins", NULL, run_twins },
		{ "nested", NULL, run_nested }, { "copies", NULL, run_copies }, { "quick", NULL, run_quick },
		{ "crowd", make_crowd, run_crowd }, { "silent", NULL, run_silent },
		{ "named", make_named, run_named },
	};
	long n = argc > 2 ? atol(argv[2]) : 0;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], modes[i].name))
			continue;
		if (modes[i].make)
			modes[i].make(n);
		step("ready");
		modes[i].run(n);
		return 0;
	}
	return 2;
}
