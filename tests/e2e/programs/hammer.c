// SPDX-License-Identifier: BSD-2-Clause
/* Threads that write their own counters as fast as they can: hammer THREADS WRITES [--wait] [--shared]
 * Prints the ns that one write took, on average, as seen by the threads. */
#define _GNU_SOURCE
#include "viztrace.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct load {
	struct viz_counter viz;
	int64_t a, b;
	int c;
	double d;
};
VIZ_PROBE_COUNTER(load, a, b, c, d);

static struct load loads[64];
static long writes;
static pthread_barrier_t barrier;

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void *work(void *arg)
{
	struct load *l = arg;
	double *cost = malloc(sizeof(*cost)), start;

	pthread_barrier_wait(&barrier);
	start = seconds(CLOCK_THREAD_CPUTIME_ID);
	for (long i = 0; i < writes; i++)
		VIZ_PROBE_SET(l, a, i);
	*cost = (seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9 / (double)writes;
	return cost;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[1]) : 1;
	pthread_t ids[64];
	static char names[64][16];
	double sum = 0;

	if (argc < 3 || threads < 1 || threads > 64) {
		fprintf(stderr, "usage: hammer THREADS WRITES [--wait]\n");
		return 2;
	}
	writes = atol(argv[2]);
	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++) {
		snprintf(names[i], sizeof(names[i]), "load %d", i);
		VIZ_PROBE_INIT(&loads[i], load, names[i]);
	}
	if (argc > 3 && !strcmp(argv[3], "--wait")) {
		for (int i = 0; i < 30000 && !(viz_set_semaphore && viz_instant_semaphore); i++)
			usleep(1000);
		usleep(20000);
	}
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, work, &loads[i]);
	for (int i = 0; i < threads; i++) {
		void *cost;

		pthread_join(ids[i], &cost);
		sum += *(double *)cost;
		free(cost);
	}
	printf("%.1f\n", sum / threads);
	return 0;
}
