/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scenarios.c and scenarios.cc do with their scenarios: a part of each of them, behind what it describes.
 *
 *     scenarios NAME|all [--wait] [--late]
 *
 *   --wait  first wait until a tracer is attached: at most 30 s, exit code 3 if none comes
 *   --late  make the objects and give them their initial values before that wait, so that the tracer comes in
 *           mid-life; implies --wait. The trace then holds what expected.json says without the N events.
 *
 * A scenario is two functions: make_x() makes what exists before the first event that expected.json has
 * (apart from N), x() does the rest. `all` runs them in the order of expected.json.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct scenario {
	const char *name;
	void (*make)(void);
	void (*run)(void);
};

#define SCENARIO(x) #x, make_##x, x

/* clang-format off */
static const struct scenario scenarios[] = {
	{ SCENARIO(counter_writes) },
	{ SCENARIO(counter_manual_log) },
	{ SCENARIO(counter_set_config) },
	{ SCENARIO(counter_include) },
	{ SCENARIO(counter_exclude) },
	{ SCENARIO(counter_private) },
	{ SCENARIO(object_lifecycle) },
	{ SCENARIO(object_two_instances) },
	{ SCENARIO(object_triggerlog) },
	{ SCENARIO(counter_triggerlog_with_trigger_on_change) },
	{ SCENARIO(tracer_none) },
};
/* clang-format on */

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* The tracer raises one semaphore after the other: all that the scenarios use have to be up. */
static bool wait_for_tracer(void)
{
	int ms;

	for (ms = 0; ms < 30000; ms++) {
		if (viz_init_semaphore && viz_destroy_semaphore && viz_set_semaphore && viz_log_semaphore) {
			sleep_ms(20);
			return true;
		}
		sleep_ms(1);
	}
	return false;
}

int main(int argc, char **argv)
{
	size_t first = 0, last = sizeof(scenarios) / sizeof(scenarios[0]), i;
	bool wait = false, late = false, known = false;
	int a;

	for (a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "--wait"))
			wait = true;
		else if (!strcmp(argv[a], "--late"))
			wait = late = true;
		else if (!strcmp(argv[a], "all"))
			known = true;
		else
			for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
				if (!strcmp(argv[a], scenarios[i].name)) {
					known = true;
					first = i;
					last = i + 1;
				}
	}
	if (!known) {
		fprintf(stderr, "usage: %s NAME|all [--wait] [--late]\nNAME is one of:\n", argv[0]);
		for (i = first; i < last; i++)
			fprintf(stderr, "  %s\n", scenarios[i].name);
		return 2;
	}
	if (late)
		for (i = first; i < last; i++)
			scenarios[i].make();
	if (wait && !wait_for_tracer()) {
		fprintf(stderr, "%s: no tracer came within 30 s\n", argv[0]);
		return 3;
	}
	for (i = first; i < last; i++) {
		if (!late)
			scenarios[i].make();
		scenarios[i].run();
	}
	return 0;
}
