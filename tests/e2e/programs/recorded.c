// SPDX-License-Identifier: BSD-2-Clause
/*
 * Steps by a number that test_recorder.py computes as well: recorded MICROSECONDS [STEPS [BUG]]. Each does one thing, and then
 * says its number, so that what all is like after each of them is known. At SIGUSR1 it has the BUG. STEPS 0: without end.
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <signal.h>
#include <unistd.h>

#define OBJECTS 6
#define COUNTERS 3
#define IDS 4
#define DEPTH 8

struct thing {
	struct viz_object viz;
	long a;
	char text[16];
};
VIZ_PROBE_OBJECT(thing, a, text);

struct gauge {
	struct viz_counter viz;
	long n;
	double half;
};
VIZ_PROBE_COUNTER(gauge, n, half);

struct conn {
	struct viz_object viz;
	char state[16];
	int retries;
};
VIZ_PROBE_OBJECT(conn, state, retries);

static struct thing things[OBJECTS];
static struct gauge gauges[COUNTERS];
static int alive[OBJECTS], open_ids[IDS], depth;
static const char *const thing_names[OBJECTS] = { "o0", "o1", "o2", "o3", "o4", "o5" };
static const char *const gauge_names[COUNTERS] = { "c0", "c1", "c2" };
static const char *const slice_names[DEPTH] = { "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7" };

static void write_thing(unsigned k, long i)
{
	if (!alive[k]) {
		things[k] = (struct thing){ .a = -1 };
		VIZ_PROBE_INIT(&things[k], thing, thing_names[k]);
		alive[k] = 1;
		return;
	}
	snprintf(things[k].text, sizeof(things[k].text), "text %ld", i);
	VIZ_PROBE_SET(&things[k], a, i);
}

static void write_gauge(unsigned k, long i)
{
	gauges[k].half = (double)i / 2;
	VIZ_PROBE_SET(&gauges[k], n, i);
}

static void end_thing(unsigned k)
{
	if (alive[k])
		VIZ_PROBE_DESTROY(&things[k]);
	alive[k] = 0;
}

static void move_slice(int enter)
{
	if (enter && depth < DEPTH)
		VIZ_PROBE_ENTER(slice_names[depth++]);
	else if (!enter && depth)
		VIZ_PROBE_EXIT(slice_names[--depth]);
}

static void move_async(unsigned k)
{
	if (open_ids[k])
		VIZ_PROBE_END("request", k);
	else
		VIZ_PROBE_BEGIN("request", k);
	open_ids[k] ^= 1;
}

static void one(unsigned r, long i)
{
	switch (r % 8) {
	case 0:
	case 1: write_thing(r / 8 % OBJECTS, i); break;
	case 2: end_thing(r / 8 % OBJECTS); break;
	case 3: write_gauge(r / 8 % COUNTERS, i); break;
	case 4: VIZ_PROBE_VALUE("queue", "depth", i % 100); break;
	case 5:
	case 6: move_slice(r % 8 == 5); break;
	default: move_async(r / 8 % IDS);
	}
}

static volatile sig_atomic_t bug;
static int has_had;

static void on_signal(int number)
{
	(void)number;
	bug = 1;
}

static void have(const char *what)
{
	bug = 0;
	has_had = 1;
	if (!strcmp(what, "value"))
		VIZ_PROBE_VALUE("bug", "level", 5000);
	else if (!strcmp(what, "instant"))
		VIZ_PROBE_INSTANT("out of memory");
	else if (!strcmp(what, "segv"))
		raise(SIGSEGV);
	else if (!strcmp(what, "state")) {
		static struct conn conn = { .state = "open" };

		VIZ_PROBE_INIT(&conn, conn, "db");
		VIZ_PROBE_SET(&conn, retries, 1);
		strcpy(conn.state, "broken");
		VIZ_PROBE_SET(&conn, retries, 5);
		VIZ_PROBE_DESTROY(&conn);
	} else if (!strcmp(what, "slice")) {
		VIZ_PROBE_BEGIN("slow", 99);
		usleep(60000);
		VIZ_PROBE_END("slow", 99);
	}
}

int main(int argc, char **argv)
{
	useconds_t pause = argc > 1 ? (useconds_t)atoi(argv[1]) : 100;
	long steps = argc > 2 ? atol(argv[2]) : 0;
	unsigned state = 1;

	signal(SIGUSR1, on_signal);
	step("ready");
	for (int k = 0; k < COUNTERS; k++)
		VIZ_PROBE_INIT(&gauges[k], gauge, gauge_names[k]);
	for (long i = 1; !steps || i <= steps; i++) {
		state = state * 1103515245 + 12345;
		one(state >> 16, i);
		VIZ_PROBE_VALUE("step", "n", i);
		if (argc > 3 && !strcmp(argv[3], "silence") && !has_had)
			VIZ_PROBE_INSTANT("heartbeat");
		if (bug && argc > 3)
			have(argv[3]);
		if (pause)
			usleep(pause);
	}
	for (const char *said = "done"; !strcmp(step(said), "semaphores"); said = "ok")
		printf("%d\n", step_semaphores());
	return 0;
}
