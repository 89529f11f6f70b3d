/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters, methods and objects of which all figures are known, but for the times. */
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct queue {
	struct viz_counter viz;
	int depth;
	double load;
	bool full;
	int64_t big;
};
VIZ_PROBE_COUNTER(queue, depth, load, full, big);

struct conn {
	struct viz_object viz;
	int state;
};
VIZ_PROBE_OBJECT(conn, state);

static struct queue queue;
static struct conn before, conns[20], leaks[3];

static void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

static void parse(int n)
{
	VIZ_PROBE_METHOD();
	spin(100 * n);
}

static void handle(int n)
{
	VIZ_PROBE_METHOD();
	parse(n);
	spin(50);
	if (n % 5 == 4)
		handle(n - 1);
	parse(1);
}

static void *work(void *arg)
{
	for (int i = 0; i < 50; i++) {
		parse(i);
		VIZ_PROBE_VALUE("served", "jobs", i + 1);
	}
	return arg;
}

int main(void)
{
	pthread_t other;

	VIZ_PROBE_INIT(&before, conn, "listener");
	step("ready");
	pthread_create(&other, NULL, work, NULL);
	VIZ_PROBE_INIT(&queue, queue, NULL);
	for (int i = 0; i < 200; i++) {
		queue.load = i / 7.0;
		queue.full = i % 3 == 0;
		queue.big = INT64_MAX - i;
		VIZ_PROBE_SET(&queue, depth, (i * 37) % 101 - 20);
		handle(i);
	}
	for (int i = 0; i < 20; i++) {
		VIZ_PROBE_INIT(&conns[i], conn, NULL);
		VIZ_PROBE_SET(&conns[i], state, i);
		spin(1000 * i);
		VIZ_PROBE_DESTROY(&conns[i]);
	}
	for (int i = 0; i < 3; i++)
		VIZ_PROBE_INIT(&leaks[i], conn, "leak");
	VIZ_PROBE_SET(&before, state, 1);
	pthread_join(other, NULL);
	VIZ_PROBE_DESTROY(&queue);
	spin(100000);
	VIZ_PROBE_SET(&before, state, 2);
	return 0;
}
