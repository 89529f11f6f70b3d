// SPDX-License-Identifier: BSD-2-Clause
/* Built with and without probes: what does each macro evaluate? Prints the numbers of evaluations. */
#include "viztrace.h"
#include "step.h"

struct thing {
	struct viz_counter viz;
	int a, b;
};
VIZ_PROBE_COUNTER(thing, a, b);

static struct thing thing;
static int objects, values, names;

static struct thing *object(void)
{
	objects++;
	return &thing;
}

static int value(void)
{
	return ++values;
}

static const char *name(void)
{
	names++;
	return "name";
}

static void all(void)
{
	VIZ_PROBE_SET(object(), a, value());
	VIZ_PROBE_CHANGED(object(), b);
	VIZ_PROBE_LOG(object());
	VIZ_PROBE_VALUE(name(), name(), value());
	VIZ_PROBE_INSTANT(name());
	VIZ_PROBE_ENTER(name());
	VIZ_PROBE_EXIT(name());
	{
		VIZ_PROBE_SCOPE(name());
		VIZ_PROBE_TRIGGERLOG(object(), both);
	}
}

int main(void)
{
	VIZ_PROBE_INIT(&thing, thing, NULL);
	step("ready");
	all();
	printf("%d objects, %d values, %d names, a is %d\n", objects, values, names, thing.a);
	VIZ_PROBE_DESTROY(&thing);
	return 0;
}
