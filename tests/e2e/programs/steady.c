// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that runs until it is told to stop: steady [--fast] [--still]
 *
 * One thread does a bit of everything all the time; --fast: without a pause, --still: not at all. The other takes
 * commands on stdin and answers with lines, of which the last one is "ok":
 *   semaphores   the sum of all
 *   ticks N      wait until the first thread has done that many more rounds
 *   work N       N rounds of probes; a checksum that has to be the same with and without a tracer
 *   name NAME    the second thread is called that from here on
 *   quit
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

struct gauge {
	struct viz_counter viz;
	int64_t ticks;
	double half;
};
VIZ_PROBE_COUNTER(gauge, ticks, half);

struct machine {
	struct viz_object viz;
	int64_t round;
	const char *state;
	int list[3];
};
VIZ_PROBE_OBJECT(machine, round, state, list);

struct sum {
	struct viz_counter viz;
	uint64_t value;
};
VIZ_PROBE_COUNTER(sum, value);

static struct gauge gauge;
static struct machine machine = { .state = "new" };
static struct sum sum;
static bool fast, still;
static volatile int stop;
static volatile int64_t ticks;

static void tick(int64_t i)
{
	VIZ_PROBE_METHOD();
	gauge.half = (double)i / 2;
	VIZ_PROBE_SET(&gauge, ticks, i);
	machine.round = i;
	machine.list[i % 3] = (int)i;
	VIZ_PROBE_SET(&machine, state, i % 2 ? "odd" : "even");
	VIZ_PROBE_VALUE("value", "i", i);
	if (i % 10 == 0)
		VIZ_PROBE_INSTANT("tenth");
}

static void *run(void *arg)
{
	pthread_setname_np(pthread_self(), "ticker");
	for (int64_t i = 1; !stop; i++) {
		tick(i);
		ticks = i;
		if (!fast)
			usleep(200);
	}
	return arg;
}

static uint64_t mix(uint64_t x)
{
	VIZ_PROBE_METHOD();
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	return x ^ x >> 29;
}

static uint64_t work(long n)
{
	uint64_t x = 1;
	double d = 1;

	for (long i = 0; i < n; i++) {
		x = mix(x + (uint64_t)i);
		VIZ_PROBE_SET(&sum, value, x);
		d = d * 1.0000001 + (double)(x & 7);
		VIZ_PROBE_VALUE("d", "d", d);
	}
	return x ^ (uint64_t)d;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	const char *line = "";

	for (int i = 1; i < argc; i++) {
		fast |= !strcmp(argv[i], "--fast");
		still |= !strcmp(argv[i], "--still");
	}
	VIZ_PROBE_INIT(&gauge, gauge, "gauge");
	VIZ_PROBE_INIT(&machine, machine, NULL);
	VIZ_PROBE_INIT(&sum, sum, NULL);
	if (!still && pthread_create(&thread, NULL, run, NULL))
		return 1;
	for (line = step("ready"); strcmp(line, "quit"); line = step("ok")) {
		if (!strcmp(line, "semaphores"))
			printf("%d\n", step_semaphores());
		else if (!strncmp(line, "ticks ", 6))
			for (int64_t end = ticks + atol(line + 6); ticks < end;)
				usleep(1000);
		else if (!strncmp(line, "work ", 5))
			printf("%llu\n", (unsigned long long)work(atol(line + 5)));
		else if (!strncmp(line, "name ", 5) && !still)
			pthread_setname_np(thread, line + 5);
	}
	stop = 1;
	if (!still)
		pthread_join(thread, NULL);
	return 0;
}
