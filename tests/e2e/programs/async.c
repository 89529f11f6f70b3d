// SPDX-License-Identifier: BSD-2-Clause
/* What is of no thread: async MODE. */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
	int number;
	void (*handle)(struct request *);
};

static void *run_request(void *argument)
{
	struct request *r = argument;

	r->handle(r);
	return NULL;
}

static void on_another_thread(struct request *r, void (*handle)(struct request *))
{
	pthread_t thread;

	r->handle = handle;
	if (pthread_create(&thread, NULL, run_request, r) || pthread_join(thread, NULL))
		exit(1);
}

static void fetch_and_reply(struct request *r)
{
	VIZ_PROBE_BEGIN("fetch", r->number);
	VIZ_PROBE_END("fetch", r->number);
	VIZ_PROBE_END("request", r->number);
}

/* Two that are open at a time, each with a part, and ending on other threads. */
static void move(void)
{
	struct request one = { .number = 1 }, two = { .number = -2 };

	VIZ_PROBE_BEGIN("request", one.number);
	VIZ_PROBE_BEGIN("request", two.number);
	on_another_thread(&one, fetch_and_reply);
	on_another_thread(&two, fetch_and_reply);
}

/* One id, again and again: inside of itself, side by side, one after the other. */
static void same_id(void)
{
	static struct request r;

	for (int i = 0; i < 2; i++) {
		VIZ_PROBE_BEGIN("request", &r);
		VIZ_PROBE_BEGIN("request", &r);
		VIZ_PROBE_END("request", &r);
		VIZ_PROBE_END("request", &r);
	}
	VIZ_PROBE_BEGIN("left", &r);
	VIZ_PROBE_BEGIN("right", &r);
	VIZ_PROBE_END("left", &r);
	VIZ_PROBE_END("right", &r);
}

static void unmatched(void)
{
	VIZ_PROBE_END("nobody's", 1);
	VIZ_PROBE_BEGIN("open", 1);
	VIZ_PROBE_END("another", 1);
	VIZ_PROBE_FLOW_IN(1);
	VIZ_PROBE_BEGIN("open inside", 1);
}

/* The same ids in two processes, of which one ends in the middle. */
static void two_processes(void)
{
	pid_t child;

	VIZ_PROBE_BEGIN("parent's", 7);
	child = fork();
	if (!child) {
		VIZ_PROBE_BEGIN("child's", 7);
		VIZ_PROBE_FLOW_IN(7);
		VIZ_PROBE_END("parent's", 7);
		_exit(0);
	}
	if (waitpid(child, NULL, 0) != child)
		exit(1);
	{
		VIZ_PROBE_SCOPE("after");
		VIZ_PROBE_FLOW_OUT(7);
	}
	VIZ_PROBE_END("parent's", 7);
}

static void take(struct request *r)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_FLOW_IN(r);
	{
		VIZ_PROBE_SCOPE("take further");
		VIZ_PROBE_FLOW_OUT(r);
	}
}

static void finish(struct request *r)
{
	VIZ_PROBE_FLOW_IN(r); /* in no slice */
}

static void flows(void)
{
	struct request r = { 0 };

	{
		VIZ_PROBE_SCOPE("put");
		VIZ_PROBE_FLOW_OUT(&r);
	}
	on_another_thread(&r, take);
	on_another_thread(&r, finish);
	VIZ_PROBE_FLOW_OUT(5); /* nobody takes it */
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} modes[] = {
		{ "move", move },	    { "same_id", same_id }, { "unmatched", unmatched },
		{ "two_processes", two_processes }, { "flows", flows },
	};

	step("ready");
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			modes[i].run();
	return 0;
}
