// SPDX-License-Identifier: BSD-2-Clause
/* Slices and all ways out of them: methods MODE */
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>

static jmp_buf back;

#define NOINLINE __attribute__((noinline))

static NOINLINE int fib(int n)
{
	VIZ_PROBE_METHOD();
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static NOINLINE int early(int n)
{
	VIZ_PROBE_METHOD();
	if (n == 0)
		return 0;
	{
		VIZ_PROBE_SCOPE("inner");
		if (n == 1)
			return 1;
		if (n == 2)
			goto out;
	}
	for (int i = 0; i < 3; i++) {
		VIZ_PROBE_SCOPE("loop");
		if (i == 0)
			continue;
		if (i == 1)
			break;
	}
out:
	return 2;
}

static NOINLINE void deep(int n)
{
	VIZ_PROBE_METHOD();
	if (n == 0)
		longjmp(back, 1);
	deep(n - 1);
	__asm__ volatile(""); /* no tail call */
}

static NOINLINE void jumper(void)
{
	VIZ_PROBE_METHOD();
	if (!setjmp(back))
		deep(3);
	VIZ_PROBE_SCOPE("after the jump");
}

static NOINLINE void opens(void)
{
	VIZ_PROBE_ENTER("request");
	VIZ_PROBE_ENTER("parse");
}

static NOINLINE void closes(void)
{
	VIZ_PROBE_EXIT("parse");
	VIZ_PROBE_EXIT("request");
}

static void run_plain(void)
{
	fib(4);
	for (int i = 0; i < 4; i++)
		early(i);
	opens();
	closes();
}

static void run_longjmp(void)
{
	for (int i = 0; i < 3; i++)
		jumper();
	VIZ_PROBE_SCOPE("last");
}

static NOINLINE void leaves(void)
{
	VIZ_PROBE_METHOD();
	longjmp(back, 1);
}

static NOINLINE void leaves_args(int n)
{
	VIZ_PROBE_METHOD(n);
	longjmp(back, 1);
}

/* Each time from the same frame. */
static void run_again(void)
{
	for (volatile int i = 0; i < 500; i++)
		if (!setjmp(back))
			leaves();
	{
		VIZ_PROBE_SCOPE("between");
	}
	for (volatile int i = 0; i < 500; i++)
		if (!setjmp(back))
			leaves_args(7);
	VIZ_PROBE_SCOPE("last");
}

static int n_inlined;

/* Counts the calls that are in the frame of their caller. */
static int down(int n, const void *frame)
{
	VIZ_PROBE_METHOD();
	n_inlined += frame == __builtin_frame_address(0);
	return n < 2 ? n : down(n - 1, __builtin_frame_address(0)) + down(n - 2, __builtin_frame_address(0));
}

static void run_inlined(void)
{
	down(6, NULL);
	printf("inlined %d\n", n_inlined);
}

/* More than is open is closed, and the other way round. */
static void run_unmatched(void)
{
	VIZ_PROBE_EXIT("never entered");
	VIZ_PROBE_ENTER("a");
	VIZ_PROBE_ENTER("b");
	VIZ_PROBE_EXIT("a"); /* ends b as well */
	VIZ_PROBE_EXIT("b");
	VIZ_PROBE_ENTER("never left");
}

static void *thread(void *arg)
{
	for (int i = 0; i < 20; i++)
		fib(5);
	return arg;
}

static void run_threads(void)
{
	pthread_t ids[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&ids[i], NULL, thread, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
}

/* The tracer comes while all this is open. */
static void middle(bool ready)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_ENTER("open");
	if (ready)
		step("ready");
	fib(2);
	VIZ_PROBE_EXIT("open");
}

/* It goes while this is open. */
static NOINLINE void leave_open(void)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_ENTER("inside");
	step("inside");
	VIZ_PROBE_EXIT("inside");
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "plain", run_plain }, { "longjmp", run_longjmp }, { "unmatched", run_unmatched }, { "threads", run_threads },
		{ "leave", leave_open }, { "again", run_again }, { "inlined", run_inlined },
	};

	if (argc > 1 && !strcmp(argv[1], "middle")) {
		middle(true);
		middle(false);
		return 0;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], modes[i].name))
			continue;
		step("ready");
		modes[i].run();
		return 0;
	}
	return 2;
}
