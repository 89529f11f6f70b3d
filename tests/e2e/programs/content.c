// SPDX-License-Identifier: BSD-2-Clause
/* What a trace has to get right to the last microsecond: content MODE [N]. */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <stdbool.h>
#include <unistd.h>

struct conn {
	struct viz_object viz;
	int state;
	const char *peer;
};
VIZ_PROBE_OBJECT(conn, state, peer);

struct pool {
	struct viz_counter viz;
	int open, idle;
};
VIZ_PROBE_COUNTER(pool, open, idle);

/* One object after the other at one address, each with a name of its own. */
static void run_same_address(long n)
{
	static char names[3][8];

	for (int i = 0; i < 3; i++) {
		static struct conn conn;

		conn.state = 0;
		sprintf(names[i], "conn-%d", i);
		VIZ_PROBE_INIT(&conn, conn, names[i]);
		VIZ_PROBE_SET(&conn, state, 1);
		VIZ_PROBE_SET(&conn, state, 2);
		VIZ_PROBE_DESTROY(&conn);
	}
	(void)n;
}

/* A counter that is destroyed, made again, and reports less, while another one stays. */
static void run_counter_ends(long n)
{
	static struct pool lasting, brief;

	VIZ_PROBE_INIT(&lasting, pool, "lasting");
	VIZ_PROBE_SET(&lasting, open, 1);
	VIZ_PROBE_INIT(&brief, pool, "short-lived");
	brief.idle = 7;
	for (int i = 1; i <= 5; i++)
		VIZ_PROBE_SET(&brief, open, i);
	VIZ_PROBE_DESTROY(&brief);
	VIZ_PROBE_INIT(&brief, pool, "short-lived");
	VIZ_PROBE_SET(&brief, open, 9);
	VIZ_PROBE_CONFIG(&brief, exclude_attributes, "idle");
	VIZ_PROBE_SET(&brief, open, 11);
	VIZ_PROBE_SET(&lasting, open, 2);
	(void)n;
}

/* Names that every object of JavaScript has already. */
static void run_names(long n)
{
	static const char *const names[] = { "__proto__", "constructor", "toString", "hasOwnProperty", "valueOf" };
	static struct conn conns[sizeof(names) / sizeof(names[0])];
	static struct pool pools[sizeof(names) / sizeof(names[0])];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		VIZ_PROBE_ENTER(names[i]);
		VIZ_PROBE_INSTANT(names[i]);
		VIZ_PROBE_INIT(&conns[i], conn, names[i]);
		VIZ_PROBE_SET(&conns[i], state, (int)i);
		VIZ_PROBE_INIT(&pools[i], pool, names[i]);
		VIZ_PROBE_SET(&pools[i], open, (int)i);
		VIZ_PROBE_VALUE(names[i], names[i], i);
		VIZ_PROBE_EXIT(names[i]);
	}
	(void)n;
}

static const struct {
	const char *name;
	void (*run)(long n);
} modes[] = {
	{ "same_address", run_same_address },
	{ "counter_ends", run_counter_ends },
	{ "names", run_names },
};

int main(int argc, char **argv)
{
	step("ready");
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && !strcmp(argv[1], modes[i].name))
			modes[i].run(argc > 2 ? atol(argv[2]) : 0);
	puts("done");
	return 0;
}
