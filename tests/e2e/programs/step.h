/* SPDX-License-Identifier: BSD-2-Clause */
/* How a test leads a program: it says a word and waits for a line. When the test is gone, so is the program. */
#ifndef STEP_H
#define STEP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char step_line[256];

/* "word" to the test; what it answers. */
static inline const char *step(const char *word)
{
	puts(word);
	fflush(stdout);
	if (!fgets(step_line, sizeof(step_line), stdin))
		exit(99);
	step_line[strcspn(step_line, "\n")] = 0;
	return step_line;
}

#ifndef VIZ_PROBE_DISABLE
/* How many tracers all probes together believe in. */
static inline int step_semaphores(void)
{
	int up = 0;

#ifdef VIZ_PROBE_BEGIN /* not in the first version of the header */
	up += *(volatile unsigned short *)&viz_async_semaphore;
#endif
	return up + *(volatile unsigned short *)&viz_init_semaphore + *(volatile unsigned short *)&viz_destroy_semaphore +
	       *(volatile unsigned short *)&viz_set_semaphore + *(volatile unsigned short *)&viz_log_semaphore +
	       *(volatile unsigned short *)&viz_enter_semaphore + *(volatile unsigned short *)&viz_exit_semaphore +
	       *(volatile unsigned short *)&viz_value_semaphore + *(volatile unsigned short *)&viz_instant_semaphore;
}
#endif

#endif
