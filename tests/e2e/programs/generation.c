// SPDX-License-Identifier: BSD-2-Clause
/* Executes what it is given, in turn: generation [PROGRAM...]. Built twice, with other classes at the same addresses. */
#include "viztrace.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#ifdef SECOND
#define TAG bag
#define A weight
#define B height
#define KEY out
#define KEY_VALUE 6
#else
#define TAG box
#define A length
#define B width
#define KEY in
#define KEY_VALUE 5
#endif

struct TAG {
	struct viz_object viz;
	int64_t A, B;
};
VIZ_PROBE_OBJECT(TAG, A, B);

#ifdef COUNTER
struct count {
	struct viz_counter viz;
	int KEY;
};
VIZ_PROBE_COUNTER(count, KEY);

static struct count count;
#endif

static struct TAG thing = { .A = 1, .B = 2 };

int main(int argc, char **argv)
{
	(void)argc;
	printf("%p\n", (void *)&thing);
	fflush(stdout);
	VIZ_PROBE_INIT(&thing, TAG, "thing");
	VIZ_PROBE_SET(&thing, A, 3);
#ifdef COUNTER
	VIZ_PROBE_INIT(&count, count, "count");
	VIZ_PROBE_SET(&count, KEY, KEY_VALUE);
#endif
	if (argv[1])
		execv(argv[1], argv + 1);
	return 0;
}
