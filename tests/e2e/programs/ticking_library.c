/* SPDX-License-Identifier: BSD-2-Clause */
/* To be loaded by ticking.c, and by an interpreter. */
#include "viztrace.h"
#include "step.h"

long *lib_counts; /* calls, and those while somebody listened; its own data is never written to */

static __attribute__((constructor)) void begin(void)
{
	lib_counts = calloc(2, sizeof(*lib_counts));
}

void lib_run(int n);
void lib_run(int n)
{
	for (; n; n--) {
		lib_counts[0]++;
		lib_counts[1] += *(volatile unsigned short *)&viz_value_semaphore != 0;
		VIZ_PROBE_VALUE("library", "n", lib_counts[0]);
	}
}

int lib_semaphores(void);
int lib_semaphores(void)
{
	return step_semaphores() + *(volatile unsigned short *)&viz_batch_semaphore;
}

void *lib_semaphore(void);
void *lib_semaphore(void)
{
	return &viz_value_semaphore;
}
