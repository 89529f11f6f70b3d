// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs all leaves (torture.h) in 8 threads, and in a signal handler that interrupts them, until it is told to stop.
 * Prints what was found changed; exit code 1 if anything was.
 */
#define _GNU_SOURCE
#define VIZ_PROBE_DISABLE /* probes are in the leaves only */
#include "torture.h"
#include "step.h"

#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define LEAVES_MAX 32
#define ROUNDS 20 /* of all leaves, between two pauses */
#define SIGNALS_US 100
/* Four times as long as the rounds took, and more: on a machine of few processors, the tool has to get on, too. */
#define PAUSE_US(took) (500 + 4 * (took))

/* Of the inline variant: where its nop is. */
extern const char torture_site[] __attribute__((weak));

static struct context contexts[2 * THREADS];
static pthread_t threads[THREADS];
static unsigned long changed[LEAVES_MAX], other, calls, signals, interrupted;
static volatile bool stop;
static __thread struct context *in_handler;
static __thread volatile bool in_leaf;

static void count(unsigned long *counter, unsigned long n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void run_leaves(struct context *context, uint64_t seed)
{
	for (unsigned i = 0; i < n_leaves; i++) {
		if (leaves[i].run(context, seed + i))
			count(&changed[i], 1);
	}
}

static void on_signal(int number)
{
	int error = errno;

	(void)number;
	count(&signals, 1);
	if (in_leaf)
		count(&interrupted, 1);
	errno = 43;
	run_leaves(in_handler, signals);
	if (errno != 43)
		count(&other, 1);
	errno = error;
}

static void *work(void *arg)
{
	static const int roundings[] = { FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST };
	struct context *context = arg;
	int rounding = roundings[(context - contexts) / 2 % 4];
	uint64_t seed = (uint64_t)(context - contexts) << 48;
	sigset_t usr1;

	in_handler = context + 1;
	fesetround(rounding);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	while (!stop) {
		long start = microseconds();

		errno = 42;
		in_leaf = true;
		for (int i = 0; i < ROUNDS; i++, seed += n_leaves)
			run_leaves(context, seed);
		in_leaf = false;
		if (errno != 42 || fegetround() != rounding)
			count(&other, 1);
		count(&calls, ROUNDS * n_leaves);
		usleep((useconds_t)PAUSE_US(microseconds() - start));
	}
	return NULL;
}

static void *signal_all(void *arg)
{
	(void)arg;
	for (unsigned i = 0; !stop; i++) {
		pthread_kill(threads[i % THREADS], SIGUSR1);
		usleep(SIGNALS_US);
	}
	return NULL;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t signaller;
	unsigned long wrong;
	sigset_t usr1;

	(void)!nice(10);
	sigaction(SIGUSR1, &action, NULL);
	/* A thread takes signals when it is ready for them. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	for (int i = 0; i < 2 * THREADS; i++)
		snprintf(contexts[i].name, sizeof(contexts[i].name), i % 2 ? "handler %d" : "thread %d", i / 2);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &contexts[2 * i]);
	pthread_create(&signaller, NULL, signal_all, NULL);
	printf("site %p\n", (const void *)torture_site);
	step("ready");
	stop = true;
	pthread_join(signaller, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wrong = other;
	if (other)
		printf("changed %lu times: errno or the rounding mode\n", other);
	for (unsigned i = 0; i < n_leaves; i++) {
		wrong += changed[i];
		if (changed[i])
			printf("changed %lu times: locals around %s\n", changed[i], leaves[i].macro);
	}
	printf("%lu calls, %lu signals, %lu in a leaf, %lu wrong\n", calls, signals, interrupted, wrong);
	return wrong ? 1 : 0;
}
