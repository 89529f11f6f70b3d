/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One of two programs that signal each other through named pipes: `partner NAME IN OUT TURNS first|second`. Each says
 * which turn it is before it hands it over, and when it got it back.
 */
#include <fcntl.h>
#include <unistd.h>

#include "viztrace.h"
#include "step.h"

struct turns {
	struct viz_counter viz;
	int given, taken;
};
VIZ_PROBE_COUNTER(turns, given, taken);

struct game {
	struct viz_object viz;
	int turn;
};
VIZ_PROBE_OBJECT(game, turn);

static void take(struct turns *t, int in, int turn)
{
	char c;

	if (read(in, &c, 1) != 1)
		exit(1);
	VIZ_PROBE_SET(t, taken, turn);
	VIZ_PROBE_INSTANT("taken");
}

static void give(struct turns *t, int out, int turn)
{
	VIZ_PROBE_SET(t, given, turn);
	VIZ_PROBE_INSTANT("given");
	if (write(out, "x", 1) != 1)
		exit(1);
}

int main(int argc, char **argv)
{
	int first = argc == 6 && !strcmp(argv[5], "first"), in, out;
	static struct turns turns;
	static struct game game;

	if (argc != 6)
		return 2;
	step("ready");
	/* Each waits for the other. */
	out = first ? open(argv[3], O_WRONLY) : -1;
	in = open(argv[2], O_RDONLY);
	out = first ? out : open(argv[3], O_WRONLY);
	VIZ_PROBE_INIT(&turns, turns, argv[1]);
	VIZ_PROBE_INIT(&game, game, NULL);
	for (int i = 0; i < atoi(argv[4]); i++) {
		VIZ_PROBE_SCOPE("turn");
		if (first)
			give(&turns, out, i);
		take(&turns, in, i);
		VIZ_PROBE_SET(&game, turn, i);
		if (!first)
			give(&turns, out, i);
	}
	VIZ_PROBE_DESTROY(&game);
	step("done");
	return 0;
}
