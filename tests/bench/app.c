// SPDX-License-Identifier: BSD-2-Clause
/*
 * The program that is measured: workloads in loops, told on stdin what to do.
 *
 *	run WORKLOAD THREADS OPS	->	CPU-NS WALL-NS		(CPU time: sum over the threads)
 *	on WORKLOAD			->	0 or 1			is a tracer there?
 *
 * Built once for each way to trace (-DEMIT="emit_*.h"), each time with the same loops around it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include EMIT

#define THREADS_MAX 16
#define LOOPED static __attribute__((noinline, aligned(64)))

/* The barrier keeps the compiler from leaving out all writes but the last one. */
#define LOOP(name, statement) \
	LOOPED void loop_##name(struct work *w, long ops) \
	{ \
		for (long i = 0; i < ops; i++) { \
			statement; \
			__asm__ volatile("" : : "r"(w) : "memory"); \
		} \
	}

LOOPED void method(long i)
{
	EMIT_METHOD();
	__asm__ volatile("" : : "r"(i) : "memory");
}

LOOPED void arguments(long i, double share)
{
	EMIT_ARGUMENTS(i, share);
	__asm__ volatile("" : : "r"(i), "m"(share) : "memory");
}

LOOP(counter1, EMIT_COUNTER(w, c1, 1, i))
LOOP(counter4, EMIT_COUNTER(w, c4, 4, i))
LOOP(counter8, EMIT_COUNTER(w, c8, 8, i))
LOOP(counter32, EMIT_COUNTER(w, c32, 32, i))
LOOP(object, EMIT_OBJECT(w, object, i))
LOOP(method, method(i))
LOOP(method_args, arguments(i, 0.5))
LOOP(excluded, EMIT_COUNTER(w, excluded, 4, i))
LOOP(silent, EMIT_COUNTER(w, silent, 4, i))
LOOP(filtered, EMIT_COUNTER(w, filtered, 4, i))

static const struct workload {
	const char *name;
	void (*loop)(struct work *w, long ops);
} workloads[] = {
	{ "counter1", loop_counter1 },       { "counter4", loop_counter4 }, { "counter8", loop_counter8 },
	{ "counter32", loop_counter32 },     { "object", loop_object },     { "method", loop_method },
	{ "excluded", loop_excluded },       { "silent", loop_silent },     { "filtered", loop_filtered },
	{ "method_args", loop_method_args },
};

struct thread {
	pthread_t id;
	struct work *work;
	const struct workload *workload;
	long ops;
	uint64_t cpu, begin, end;
};

static struct work works[THREADS_MAX];
static pthread_barrier_t barrier;

static uint64_t ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	uint64_t cpu;

	pthread_barrier_wait(&barrier);
	t->begin = ns(CLOCK_MONOTONIC);
	cpu = ns(CLOCK_THREAD_CPUTIME_ID);
	t->workload->loop(t->work, t->ops);
	t->cpu = ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	t->end = ns(CLOCK_MONOTONIC);
	return NULL;
}

static void run(const struct workload *workload, int n, long ops)
{
	struct thread threads[THREADS_MAX];
	uint64_t cpu = 0, begin = UINT64_MAX, end = 0;

	pthread_barrier_init(&barrier, NULL, (unsigned)n);
	for (int i = 0; i < n; i++) {
		threads[i] = (struct thread){ .work = &works[i], .workload = workload, .ops = ops };
		if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]))
			abort();
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i].id, NULL);
		cpu += threads[i].cpu;
		begin = threads[i].begin < begin ? threads[i].begin : begin;
		end = threads[i].end > end ? threads[i].end : end;
	}
	pthread_barrier_destroy(&barrier);
	printf("%llu %llu\n", (unsigned long long)cpu, (unsigned long long)(end - begin));
}

static void prepare(struct work *w)
{
	VIZ_PROBE_INIT(&w->c1, counter1, NULL);
	VIZ_PROBE_INIT(&w->c4, counter4, NULL);
	VIZ_PROBE_INIT(&w->c8, counter8, NULL);
	VIZ_PROBE_INIT(&w->c32, counter32, NULL);
	VIZ_PROBE_INIT(&w->object, object, NULL);
	VIZ_PROBE_INIT(&w->excluded, counter4, "excluded", (exclude_attributes, "a0"));
	VIZ_PROBE_INIT(&w->silent, counter4, "silent", (trigger_on_change, false));
	VIZ_PROBE_INIT(&w->filtered, counter4, "filtered");
	for (int i = 0; i < 32; i++)
		(&w->c32.a0)[i] = i * 1000003L;
	w->object.owner = "a string of 24 bytes....";
	w->object.state = "running well";
}

static const struct workload *find(const char *name)
{
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		if (!strcmp(workloads[i].name, name))
			return &workloads[i];
	return NULL;
}

int main(void)
{
	char line[128], name[32];

	for (int i = 0; i < THREADS_MAX; i++)
		prepare(&works[i]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		const struct workload *w;
		int threads;
		long ops;

		if (sscanf(line, "run %31s %d %ld", name, &threads, &ops) == 3 && (w = find(name)) && threads > 0 &&
		    threads <= THREADS_MAX)
			run(w, threads, ops);
		else if (sscanf(line, "on %31s", name) == 1)
			printf("%d\n", !strncmp(name, "method", 6) ? EMIT_METHOD_ON() : EMIT_ON());
		else
			puts("what?");
	}
	return 0;
}
