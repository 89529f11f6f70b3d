// SPDX-License-Identifier: BSD-2-Clause
/*
 * Code that a tracer must not change: signals MODE N. Prints a checksum after "ready".
 *   alarm    a handler that uses probes itself runs every millisecond
 *   redzone  leaf functions with locals below the stack pointer around probes
 *   regs     many live values, also vector registers, over each probe
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <unistd.h>

struct sum {
	struct viz_counter viz;
	uint64_t value;
	int n;
};
VIZ_PROBE_COUNTER(sum, value, n);

static struct sum main_sum, handler_sum;
static volatile sig_atomic_t alarms;
static volatile bool errno_changed;

static void on_alarm(int number)
{
	(void)number;
	VIZ_PROBE_METHOD();
	alarms++;
	VIZ_PROBE_SET(&handler_sum, n, handler_sum.n + 1);
	VIZ_PROBE_VALUE("alarms", "n", (int)alarms);
	VIZ_PROBE_INSTANT("alarm");
}

__attribute__((noinline)) static uint64_t one(uint64_t x, int i)
{
	VIZ_PROBE_METHOD();
	errno = 42;
	x = x * 6364136223846793005ULL + (uint64_t)i;
	VIZ_PROBE_SET(&main_sum, value, x);
	if (errno != 42)
		errno_changed = true;
	return x;
}

static uint64_t run_alarm(long n)
{
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	uint64_t x = 1;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (long i = 0; i < n || alarms < 50; i++) {
		uint64_t next = one(x, (int)i);

		if (i < n)
			x = next;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("%d alarms\n", (int)alarms);
	return x + errno_changed;
}

/* Leaf but for the probe: -O2 keeps a[] in the red zone if it takes the probe for no call. */
__attribute__((noinline)) static uint64_t leaf(uint64_t seed)
{
	volatile uint64_t a[12];

	for (int i = 0; i < 12; i++)
		a[i] = seed * (uint64_t)(i + 3);
	VIZ_PROBE_CHANGED(&main_sum, n);
	for (int i = 0; i < 12; i++)
		seed ^= a[i] << i;
	return seed;
}

static uint64_t run_redzone(long n)
{
	uint64_t x = 1;

	for (long i = 0; i < n; i++)
		x = leaf(x + (uint64_t)i);
	return x;
}

typedef double v4 __attribute__((vector_size(32)));

static uint64_t run_regs(long n)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
	double p = 1, q = 2, r = 3;
	v4 v = { 1, 2, 3, 4 };

	for (long i = 0; i < n; i++) {
		a += b ^ (uint64_t)i;
		VIZ_PROBE_CHANGED(&main_sum, value);
		b = b * 31 + c;
		p = p * 0.5 + q;
		VIZ_PROBE_VALUE("q", "q", q);
		c ^= d << 7;
		q = q * 0.25 + r;
		v = v * 0.5 + p;
		VIZ_PROBE_INSTANT("i");
		d += e * f;
		r += v[i & 3] * 1e-3;
		VIZ_PROBE_ENTER("slice");
		e = (e << 1) ^ a;
		f += (uint64_t)q;
		VIZ_PROBE_EXIT("slice");
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ (uint64_t)(p * 1e9) ^ (uint64_t)(q * 1e9) ^ (uint64_t)(r * 1e9);
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 1000;
	uint64_t x;

	if (argc < 2)
		return 2;
	VIZ_PROBE_INIT(&main_sum, sum, "main");
	VIZ_PROBE_INIT(&handler_sum, sum, "handler");
	step("ready");
	x = !strcmp(argv[1], "alarm") ? run_alarm(n) : !strcmp(argv[1], "redzone") ? run_redzone(n) : run_regs(n);
	printf("checksum %llu\n", (unsigned long long)x);
	return 0;
}
